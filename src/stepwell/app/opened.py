"""A step without a transaction that has begun: statement by statement, and named whoever keeps one waiting."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from stepwell.core.actions import Failed, Ok
from stepwell.core.errors import Fault, StepError
from stepwell.core.events import Blocked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from stepwell.app.context import Context
    from stepwell.app.gate import Gate
    from stepwell.core.actions import Outcome, Wants
    from stepwell.core.migration import Version
    from stepwell.ports import Connection

FIRST_LOOK = 1.0  # seconds that a statement runs before it is asked whom it waits for
NEXT_LOOK = 2.0


class OpenStep:
    """A step without a transaction that has begun: its task, and the gate at which its statements wait."""

    def __init__(
        self, gate: Gate, task: asyncio.Task[None], finished: Callable[[], Ok], clock: Callable[[], float]
    ) -> None:
        self._gate, self._task, self._finished, self._clock = gate, task, finished, clock
        self.interrupted = False

    async def next(self) -> Outcome:
        """What it wants next, or that it has ended."""
        wants: Wants | None = await self._gate.wait(self._task)
        if wants is not None:
            return wants
        await self._task
        self._gate.must_be_whole()
        return self._finished()

    async def execute(self, version: str, cancel: Callable[[], Awaitable[None]]) -> Outcome:
        """Run the statement that it wants to run.

        A cancellation stops the statement. What became of that is waited for and told, since it may have been done; the
        interruption itself is told with the next action that goes on.
        """
        began = self._clock()
        try:
            error = await self._gate.execute()
        except asyncio.CancelledError:
            self.interrupted = True
            with suppress(Exception):  # where it can't be stopped, it runs to its end
                await cancel()
            if (error := await self._gate.ran()) is not None:
                hint = error.fault.hint if isinstance(error, StepError) else None
                return Failed(Fault("interrupted", code="interrupted", version=version, hint=hint))
        else:
            if error is not None:
                raise error
        return Ok((self._clock() - began) * 1000)

    async def resume(self) -> Outcome:
        """Let it go on to its next statement."""
        if self.interrupted:
            raise asyncio.CancelledError
        self._gate.resume()
        return await self.next()

    async def stop(self) -> None:
        """End it where it is."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def watched(context: Context, connection: Connection, version: Version) -> AsyncIterator[None]:
    """While a statement runs, tell whom it waits for."""
    watching = asyncio.create_task(_watch(context, connection, version))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _watch(context: Context, connection: Connection, version: Version) -> None:
    began, told, pause = context.clock(), None, FIRST_LOOK
    with suppress(Exception):  # it helps people, and nothing depends on it
        while True:
            await asyncio.sleep(pause)
            found = await connection.obstacle()
            if found is not None and found != told:
                context.emit(Blocked(version, found, context.clock() - began))
            told, pause = found, NEXT_LOOK

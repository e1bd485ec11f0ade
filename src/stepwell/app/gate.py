"""Where a step outside a transaction and the run machine meet: before each statement the step waits to be let through.

The step runs as a task; `wait` gives what it wants or that it has ended, `execute` and `resume` let it go on.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.core.actions import Wants
from stepwell.core.errors import FailureKind, Fault
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class _Word(Enum):
    RUN = auto()
    GO_ON = auto()


class Gate:
    """A rendezvous for one step: one side is its task, the other the drive loop."""

    def __init__(self) -> None:
        self._wants: asyncio.Queue[Wants] = asyncio.Queue()
        self._words: asyncio.Queue[_Word] = asyncio.Queue()
        self._ran: asyncio.Future[BaseException | None] | None = None  # of the statement at hand
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._index = 0
        self.lent = False  # the driver's own connection is in the author's hands
        self._spoiled: EngineError | None = None  # a cancellation made one side miss a word of the other

    async def through(
        self, digest: str, execute: Callable[[], Awaitable[T]], *, answers: bool, bound: bool = False
    ) -> T | None:
        """The side of the step: ask, run when told to, wait until it is written down.

        A statement that was done by a former run is skipped and gives None; one whose answer the step needs can't be.
        Statements of several tasks of the step come one after the other.
        """
        self._must_not_be_lent()
        async with self._turn:
            return await self._one(Wants(self._index, digest, bound), execute, answers=answers)

    async def beside(self, execute: Callable[[], Awaitable[T]]) -> T:
        """Run what is not written down, between two statements and never within the transaction of one."""
        self._must_not_be_lent()
        async with self._turn:
            return await execute()

    def _must_not_be_lent(self) -> None:
        """Whoever has the connection of the driver would wait here for himself."""
        if self.lent:
            raise EngineError(
                Fault(
                    "the driver's own connection is lent at this time",
                    code="misuse",
                    hint="use 'database' after the block of database.driver(), not inside",
                )
            )

    async def _one(self, wants: Wants, execute: Callable[[], Awaitable[T]], *, answers: bool) -> T | None:
        self.must_be_whole()
        self._ran = asyncio.get_running_loop().create_future()
        self._wants.put_nowait(wants)
        self._index += 1
        if await self._word() is _Word.GO_ON:
            if answers:
                raise _answer_unknown(self._index)
            return None
        try:
            result = await execute()
        except EngineError as error:
            self._tell(error)
            await self._word()
            raise
        except asyncio.CancelledError:  # by the migration; an interruption of the run stops the loop instead
            self._tell(
                _cancelled(self._index, "while it ran, so nobody knows whether it was done", FailureKind.LOST)
            )
            raise
        except BaseException as error:  # whatever it is, the loop waits for it
            self._tell(error)
            raise
        self._tell(None)
        await self._word()
        return result

    def _tell(self, error: BaseException | None) -> None:
        """Say what became of the statement."""
        if self._ran is not None and not self._ran.done():
            self._ran.set_result(error)

    async def _word(self) -> _Word:
        """What the loop says. Who is cancelled meanwhile takes no word after it, and keeps the loop from waiting."""
        try:
            return await self._words.get()
        except BaseException:
            self._spoiled = _cancelled(self._index, "while that waited to be written down", FailureKind.STEP)
            self._tell(self._spoiled)
            raise

    async def wait(self, task: asyncio.Task[None]) -> Wants | None:
        """The side of the loop: what the step wants next, or None when it has ended."""
        self._task = task
        wanted = asyncio.ensure_future(self._wants.get())
        try:
            await asyncio.wait({wanted, task}, return_when=asyncio.FIRST_COMPLETED)
            return wanted.result() if wanted.done() and self._spoiled is None else None
        finally:
            wanted.cancel()

    def must_be_whole(self) -> None:
        """Raises where a statement was cancelled before the loop and the step had agreed on it."""
        if self._spoiled is not None:
            raise self._spoiled

    async def execute(self) -> BaseException | None:
        """Let the step run its statement, and give its failure if it failed."""
        self._words.put_nowait(_Word.RUN)
        return await self.ran()

    async def ran(self) -> BaseException | None:
        """Wait for the statement that runs, and give its failure if it failed; or for the end of its step."""
        assert self._ran is not None  # noqa: S101 - something was wanted
        assert self._task is not None  # noqa: S101 - by somebody
        ends: set[asyncio.Future[Any]] = {self._ran, self._task}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self._tell(_cancelled(self._index, "and ended without a word", FailureKind.LOST))
        return self._ran.result()

    def resume(self) -> None:
        """Let the step go on."""
        self._words.put_nowait(_Word.GO_ON)


def _cancelled(number: int, when: str, kind: FailureKind) -> EngineError:
    return EngineError(
        Fault(
            f"the migration cancelled its statement {number} {when}",
            code="cancelled",
            hint="await every task that the migration starts, and let statement_timeout limit a statement",
        ),
        kind,
    )


def _answer_unknown(number: int) -> EngineError:
    return EngineError(
        Fault(
            f"statement {number} was done by a former run, and its answer, which the migration needs, is not known",
            code="answer_unknown",
            hint="finish the migration by hand and say 'stepwell mark', or undo by hand what was done of it and say "
            "'stepwell unmark'",
        )
    )

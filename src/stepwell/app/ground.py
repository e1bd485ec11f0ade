"""A scratch database that goes up along the migrations, one at a time; one that is spoilt is made anew."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, TypeVar

from stepwell.app.replay import knowing, scratch_of
from stepwell.app.runs import run_wish
from stepwell.core.errors import ConnectionFailedError, FailureKind, Fault, StepError, StepwellError
from stepwell.core.migration import Direction
from stepwell.core.proof import Failure
from stepwell.core.settings import Atomic
from stepwell.core.wish import Wish
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.app.context import Context
    from stepwell.core.migration import Migration
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.ports import Connection

T = TypeVar("T")
BASE = Wish(Direction.DOWN, target="base")


class Ground:
    """A scratch database on which the first `height` migrations of `order` stand.

    Each is in a transaction of its own, and each run in a session of its own, as it would be in production. What only
    looks on (snapshots, rows) has one session for all of it, which is a multiple faster. With `clean`, all is rolled
    back as far as that goes before it is dropped: roles, say, outlive their database.
    """

    def __init__(self, context: Context, order: tuple[Migration, ...], *, clean: bool = False) -> None:
        self._context, self.order, self._clean = context, order, clean
        self.height = 0
        self.report: RunReport | None = None  # of the last run that did not fail
        self._used = False
        self._stack = AsyncExitStack()
        self._place: Context | None = None
        self._beside: Connection | None = None
        self._seen: Snapshot | None = None  # nothing has run since

    async def place(self) -> Context:
        """The database, made when it is first asked for. Raises `UsageError` where there is no place for one."""
        if self._place is None:
            self._place = await self._stack.enter_async_context(scratch_of(self._context))
        return self._place

    async def close(self) -> None:
        """Drop the database; the next one that is asked for is empty."""
        try:
            if self._clean and self._used:
                with suppress(StepwellError):
                    await self._run("down", BASE, len(self.order))
            await self._leave_beside()
        finally:
            self._place, self._seen, self.height, self._used = None, None, 0, False
            await self._stack.aclose()

    async def ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """Ask the database beside the runs. A session that a migration has ended is replaced once."""
        try:
            return await question(await self._looking())
        except EngineError as error:
            if error.kind is not FailureKind.LOST:
                raise
        await self._leave_beside()
        return await question(await self._looking())

    async def snapshot(self) -> Snapshot:
        """The structure that it has now; asked for once, where nothing has run since."""
        if self._seen is None:
            self._seen = await self.ask(lambda connection: connection.snapshot())
        return self._seen

    async def halfway(self) -> Snapshot | None:
        """The structure that a failure has left; None where it can't be asked for any more."""
        try:
            return await self.snapshot()
        except StepwellError:
            return None

    async def rise(self, height: int) -> Migration | None:
        """Go up to a height, from an empty database where it is too high; gives the migration that fails."""
        if self.height > height:
            await self.close()
        if self.height < height and await self.up("up", height - 1) is not None:
            # One by one tells which; what stands is passed over.
            for index, migration in enumerate(self.order[:height]):
                if await self.up("up", index) is not None:
                    return migration
        self.height = height
        return None

    async def up(self, part: str, index: int) -> Failure | None:
        """Apply a migration and what is missing of those before it."""
        wish = Wish(Direction.UP, target=self.order[index].version.text, atomic=Atomic.MIGRATION)
        return await self._run(part, wish, index + 1)

    async def down(self, part: str, index: int) -> Failure | None:
        """Revert a migration, which is the last one."""
        return await self._run(part, Wish(Direction.DOWN, steps=1), index + 1)

    async def _run(self, part: str, wish: Wish, files: int) -> Failure | None:
        """Do it, with no more files than can be concerned. Raises what is no fault of the migration."""
        self._used, self._seen = True, None
        try:
            self.report = await run_wish(knowing(await self.place(), self.order[:files]), wish)
        except StepError as error:
            return Failure(part, error.fault)
        except ConnectionFailedError as error:
            if error.refusal.passes:
                raise
            return _failed(part, error)
        except StepwellError as error:
            return _failed(part, error)
        return None

    async def _looking(self) -> Connection:
        if self._beside is None:
            self._beside = await (await self.place()).connect(False)
        return self._beside

    async def _leave_beside(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            await beside.close()


def _failed(part: str, error: StepwellError) -> Failure:
    return Failure(part, Fault(error.message, code="failed", place=error.place, hint=error.hint))

"""How the history is corrected on purpose: decide, show, write under the lock; anew where it has changed meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from stepwell.app.connecting import connected, introduced
from stepwell.app.fingerprint import leave
from stepwell.app.gather import gather
from stepwell.app.shelf import Shelf
from stepwell.app.unchanged import write_under
from stepwell.core.actions import Busy, LogEvent, LogLine
from stepwell.core.errors import ContradictionError, LockTimeoutError, locked
from stepwell.core.events import Waiting
from stepwell.core.migration import Direction
from stepwell.core.run import FIRST_POLL
from stepwell.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from stepwell.app.context import Context
    from stepwell.core.history import History
    from stepwell.core.migration import Migration
    from stepwell.core.plan import Situation
    from stepwell.ports import Batch, Connection

T = TypeVar("T")
R = TypeVar("R")
MOST_DECISIONS = 100  # how often it is decided anew before something is told to be wrong


class Decided(NamedTuple, Generic[R]):
    """What is to be said, and written; nothing is written where nothing is to be changed."""

    report: R
    write: Callable[[], Awaitable[None]] | None = None


class Correction:
    """One correction of the history. Its rows of the log have a batch of their own."""

    def __init__(self, context: Context, *, dry_run: bool) -> None:
        self.context, self.dry_run = context, dry_run
        self.shelf = Shelf(context)
        self.batch = context.new_batch()

    async def corrected(
        self,
        decide: Callable[[Connection, Situation, History], Decided[R]],
        read: Callable[[Connection], Awaitable[History]] | None = None,
    ) -> R:
        """Decide, and write it under the lock; anew where the history has become another one meanwhile."""
        connection = await connected(self.context, self.shelf, read_only=self.dry_run)
        async with introduced(self.context, connection):
            for _ in range(MOST_DECISIONS):
                history = await (connection.read() if read is None else read(connection))
                decided = decide(connection, gather(self.shelf, history, whole=True).situation, history)
                if self.dry_run or decided.write is None:
                    return decided.report
                if await written(self.context, connection, history, decided.write):
                    await leave(self.context, connection, self.batch, Direction.UP)
                    return decided.report
        raise ContradictionError(
            f"the history changed {MOST_DECISIONS} times while it was to be corrected",
            hint="something else writes into it: look who does",
        )


async def written(
    context: Context, connection: Connection, history: History, write: Callable[[], Awaitable[None]]
) -> bool:
    """Write under the lock, in one transaction; false where the history is not the one that was decided on.

    Raises `LockTimeoutError`.
    """
    await connection.check_rights(history)
    await _poll(context, connection.prepare)
    held = await _poll(context, lambda: connection.acquire(transactional=True))
    return await write_under(held, connection, history, write)


async def _poll(context: Context, attempt: Callable[[], Awaitable[T | Busy]]) -> T:
    waited, limit = 0.0, context.settings.lock_wait
    while isinstance(outcome := await attempt(), Busy):
        if waited >= limit:
            fault = locked(outcome.holder, limit)
            raise LockTimeoutError(fault.message, hint=fault.hint)
        context.emit(Waiting(outcome.holder, waited, limit))
        await asyncio.sleep(FIRST_POLL)
        waited += FIRST_POLL
    return outcome


async def mark_applied(
    connection: Connection, shelf: Shelf, migrations: Iterable[Migration], batch: Batch
) -> None:
    """Record migrations without running them, each with its line in the log."""
    for migration in migrations:
        kept = Kept(migration, shelf.checksum(migration))
        await connection.record(kept, LogLine(LogEvent.MARKED, migration.version, Direction.UP), batch)

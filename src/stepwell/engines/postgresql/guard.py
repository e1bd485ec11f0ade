"""Steps without a transaction behind a pooler: a second connection holds the lock, and a fence keeps a late runner out.

Behind a pooler in transaction mode no session is ours, so that the lock is that of a transaction which a connection
beside the working one, the guard, keeps open. It has a fate of its own: should it end while the runner is paused,
another runner takes over. So each transaction that writes marks or records first looks whether anybody else has.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from stepwell.core.errors import FailureKind, Fault, UsageError
from stepwell.engines.postgresql import bounds, lock
from stepwell.engines.postgresql.desk import PostgresDesk
from stepwell.engines.postgresql.evidence import subject_of
from stepwell.engines.postgresql.rows import pooled
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.engines.postgresql.channel import Channel, Row
    from stepwell.engines.postgresql.tables import PostgresNames
    from stepwell.engines.postgresql.target import Target
    from stepwell.journal import Send, T
    from stepwell.ports import Batch, BoundStatement

PROBE = 5.0  # seconds that a second connection may take beside the guard, before the pool counts as too small
OVERTAKES, PATIENCE = (
    3,
    1.0,
)  # how often, and after how many seconds each time, the working connection is tried
PINGS = 3  # to the guard within the time that it may idle

WARNING = (
    "a pooler stands between us and the database: steps without a transaction run under a guard, a second connection"
    " that holds the lock; give the address of the database itself as direct_url to do without"
)
NO_SESSION = (
    "steps without a transaction need a session of their own, and a pooler stands before the database"
)
DIRECT = "give the address of the database itself as direct_url; it is used for such steps"
TOO_SMALL = "the pool of that pooler is too small for a guard beside the connection that works"


class Guard:
    """The connection that holds the lock. Raises `EngineError`."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._channel: Channel | None = None
        self._pings: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self.end: int | None = None  # of the log, when the lock was taken and nobody else wrote any more

    async def see_end(self, names: PostgresNames) -> bool:
        """Look where the log ends; false while a runner that came late still writes."""
        channel = self._target.channel
        await channel.send(_begin(bounds.timeouts(self._target.settings)))
        ((free,),) = await channel.rows(lock.TRY_TRANSACTION, [lock.fence_of(names)])
        self.end = await log_end(channel, names)
        await channel.send("COMMIT")
        return bool(free)

    async def take(self) -> bool | None:
        """Try once. None: our own session turns out to be ours alone, so that no guard is needed."""
        channel = await self._open()
        taking = asyncio.ensure_future(self._take(channel))
        if await self._overtaken(taking):
            taking.cancel()
            await asyncio.wait({taking})
            await self.close()
            return None
        return await taking

    async def _overtaken(self, taking: asyncio.Future[bool]) -> bool:
        """Whether the working connection gets its answers while the guard still waits for a connection to the server.

        A pooler serves those who wait in their order. So whoever is served before has a connection that the pooler has
        not taken back: it gives out sessions, and has no more of them.
        """
        for _ in range(OVERTAKES):
            done, _ = await asyncio.wait({taking}, timeout=PATIENCE)
            if done:
                return False
            await self._target.channel.rows("SELECT 1")
        return not taking.done()

    async def _take(self, channel: Channel) -> bool:
        key = await self._target.key()
        await channel.send(_begin(bounds.timeouts(self._target.settings)))
        ((held,),) = await channel.rows(lock.plainly(lock.TRY_TRANSACTION, key))
        if not held:
            await channel.send("ROLLBACK")
            return False
        self._pings = asyncio.create_task(self._ping(channel))
        return True

    async def _open(self) -> Channel:
        if self._channel is None or self._channel.broken:
            self._channel = await self._target.second()
        return self._channel

    async def _ping(self, channel: Channel) -> None:
        """Stay at work as long as this process does: a guard that idles for too long is ended by the server."""
        idle = self._target.settings.idle_timeout
        with suppress(EngineError, psycopg.Error):
            while True:
                await asyncio.sleep(max(idle / PINGS, 0.2) if idle else 60.0)
                async with self._turn:
                    await channel.rows("SELECT 1")

    async def holds(self) -> bool:
        """Whether it still has the lock."""
        if self._channel is None or self._channel.broken:
            return False
        try:
            async with self._turn:
                return await lock.is_ours(self._channel, await self._target.key())
        except EngineError:
            return False

    async def obstacle(self) -> str | None:
        """Whom the statement waits for that is under this guard, in words."""
        if self._channel is None or self._channel.broken:
            return None
        async with self._turn:
            return await lock.blocker(self._channel, await self._target.key(), 0)

    async def give_back(self) -> None:
        """Give the lock back. Quiet. Whose answer nobody has read is closed: no ROLLBACK would get through."""
        if self._pings is not None:
            self._pings.cancel()
            await asyncio.gather(self._pings, return_exceptions=True)
            self._pings = None
        channel = self._channel
        if channel is None or channel.broken:
            return
        if channel.in_transaction:
            with suppress(EngineError):
                await channel.send("ROLLBACK")
        if channel.connection.info.transaction_status is not TransactionStatus.IDLE:
            await channel.connection.close()

    async def close(self) -> None:
        """End the connection."""
        await self.give_back()
        if self._channel is not None:
            with suppress(psycopg.Error):
                await self._channel.connection.close()
            self._channel = None


def _begin(limits: Mapping[str, str]) -> str:
    """BEGIN with its limits of time in one message: who is paused between two would hold what it takes for ever."""
    return f"BEGIN ISOLATION LEVEL READ COMMITTED; {bounds.set_all(limits, local=True)}"


async def log_end(channel: Channel, names: PostgresNames) -> int:
    """The last row of the log that was written under the lock."""
    ((end,),) = await channel.rows(names.select_journal_end)
    return int(end)


async def check(target: Target, guard: Guard, *, strict: bool) -> None:
    """See beforehand that a guard will do, and tell of it. Raises `UsageError` where it won't, or must not."""
    if strict:
        raise UsageError(f"{NO_SESSION} (--strict)", hint=DIRECT)
    if not await guard.take():
        return  # somebody is at work: it is looked again when the lock is ours; or no guard is needed
    try:
        if not await has_room(target, guard):
            raise UsageError(f"{NO_SESSION}, and {TOO_SMALL}", hint=DIRECT)
    finally:
        await guard.give_back()
    target.tell(WARNING)


async def has_room(target: Target, guard: Guard) -> bool:
    """Whether the working connection gets an answer while the guard, which has the lock, keeps its own."""
    asking = asyncio.ensure_future(target.channel.rows("SELECT 1"))
    done, _ = await asyncio.wait({asking}, timeout=PROBE)
    if done:
        asking.result()
        return True
    await guard.close()
    await asking
    return False


class GuardedDesk(PostgresDesk):
    """A desk that writes only as long as nobody else has written since the lock was taken."""

    def __init__(
        self, target: Target, names: PostgresNames, guard: Guard, limits: Mapping[str, str], **options: Any
    ) -> None:
        super().__init__(target.channel, names, check=self._must_be_guarded, bounded=True, **options)
        self._limits = {**bounds.timeouts(target.settings), **limits}
        self._target, self._guard, self._fence = target, guard, lock.fence_of(names)
        self._next: int | None = None
        self.fenced = False  # another runner may be at work

    async def _log_end(self) -> int:
        return await log_end(self._channel, self._names)

    async def _must_be_guarded(self) -> None:
        if self.fenced or not await self._guard.holds():
            raise self.lost()

    def lost(self) -> EngineError:
        """The error of a runner whose lock may be another's."""
        self.fenced = True
        return EngineError(
            Fault(
                "the lock was lost while this migration ran: its guard was ended, and another run may have begun",
                code="lock_lost",
                hint="run again; give direct_url, so that no guard is needed",
            ),
            FailureKind.LOST,
        )

    async def begin(self) -> None:
        """Open a transaction behind the fence."""
        await self._check()
        await self._channel.send(_begin(self._limits))
        if self._target.local_role is not None:
            await self._channel.send(self._target.local_role)
        ((free,),) = await self._channel.rows(lock.TRY_TRANSACTION, [self._fence])
        if not free or await self._log_end() != self._guard.end:
            await self.undo()
            raise self.lost()
        self._next = self._guard.end

    async def write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write, and see where the log ends now."""
        await super().write(lines, batch)
        self._next = await self._log_end()

    async def commit(self) -> None:
        """Let it stand."""
        await super().commit()
        self._guard.end = self._next

    async def write_apart(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Behind the fence too."""
        await self.begin()
        await self.write(lines, batch)
        await self.commit()

    async def alone(self, statement: BoundStatement, send: Send[T]) -> T:
        """Only what the server would refuse a second time, or what may run twice: a late runner may send it again."""
        if subject_of(statement.shown) is None or self._target.settings.role:
            raise pooled(statement)
        self._mark = f"{lock.orphan_mark(await self._target.key())} "
        return await super().alone(statement, send)

    async def _cleared(
        self, statement: BoundStatement, error: EngineError, before: Sequence[Row]
    ) -> EngineError:
        """Nothing is cleared here, where no limit of time can be set: the next run does it."""
        return error

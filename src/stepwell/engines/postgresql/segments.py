"""The segments of a run on PostgreSQL: the lock, the steps, their records, commit and abort. Loaded when one begins."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from stepwell.core.actions import Busy, Held
from stepwell.core.errors import ConnectionFailedError, FailureKind, Fault, Refusal
from stepwell.core.history import NO_MARK, HistoryMark
from stepwell.core.migration import Version
from stepwell.engines.postgresql import bounds, guard, lock
from stepwell.engines.postgresql.books import Books, write_log
from stepwell.engines.postgresql.desk import PostgresDesk
from stepwell.engines.postgresql.inspect import describe, lacking
from stepwell.engines.postgresql.leftovers import SESSION, Session, compare, unlock
from stepwell.engines.postgresql.named import named
from stepwell.engines.postgresql.rows import (
    DEFER_AGAIN,
    left_behind,
    lock_lost,
    not_committed,
    own_timeouts,
)
from stepwell.engines.postgresql.wire import PostgresWire
from stepwell.journal import StatementJournal
from stepwell.ports import EngineError, Origin, Sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.history import Record
    from stepwell.core.plan import Step
    from stepwell.engines.postgresql.channel import Cursor
    from stepwell.engines.postgresql.tables import PostgresNames
    from stepwell.engines.postgresql.target import Target
    from stepwell.ports import Batch, Kept, Wire

UNDEFINED_TABLE = "42P01"


class Segments:
    """The part of `stepwell.ports.Connection` that acts; see there for what each method promises."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transactional = True
        self._session_lock = False
        self._guard: guard.Guard | None = None  # holds the lock, where no session is ours
        self._guarded = False
        self._lost = False  # whether the guard was: another runner may be at work
        self._books = Books(target.channel)
        self._step: Step | None = None
        self._wire: PostgresWire | None = None
        self._desk: PostgresDesk | None = None  # of a step without a transaction, as is its journal
        self._journal: StatementJournal | None = None
        self._former_settings: dict[str, str] = {}  # what a lent session had is given back

    # --- the tool's own tables ---

    async def prepare(self) -> Busy | None:
        """Create or extend them, under the lock, in a transaction of their own: two round trips."""
        found = await self._target.describe()
        names = self._target.tables(found)
        self._transactional = True
        try:
            await self._target.channel.open_pipeline()
            await self._target.channel.send("BEGIN ISOLATION LEVEL READ COMMITTED")
            await self._bound()
            tried = await self._try(lock.TRY_TRANSACTION)
            described = await self._target.ask_description()
            if not await self._held(tried):
                await self.abort()
                return Busy(await lock.holder(self._target.channel, await self._target.key()))
            now = describe(await self._target.channel.fetch(described), self._target.settings.table)
            for statement in lacking(now, names, self._target.settings.trusted_owners):
                await self._target.channel.send(statement)
            await self._target.channel.send("COMMIT")
            await self._target.channel.close_pipeline()
        except BaseException:
            await self.abort()
            raise
        return None

    # --- segments ---

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Begin, try the lock, read the mark: one round trip where a pipeline can be used."""
        found = await self._target.describe()
        names = self._target.tables(found)
        self._transactional = transactional
        self._books = Books(self._target.channel)
        try:
            held, mark = await (self._begin(names) if transactional else self._hold(names))
            if held:
                return Held(mark)
            await self.abort()
            return Busy(await lock.holder(self._target.channel, await self._target.key()))
        except EngineError as error:
            if error.fault.sqlstate == UNDEFINED_TABLE:
                return Held(NO_MARK)
            await self.abort()
            raise

    async def _begin(self, names: PostgresNames) -> tuple[bool, HistoryMark]:
        """A transaction with the lock in it: one round trip."""
        await self._target.channel.open_pipeline()
        await self._target.channel.send("BEGIN ISOLATION LEVEL READ COMMITTED")
        await self._bound()
        tried = await self._try(lock.TRY_TRANSACTION)
        mark = await self._target.channel.send(names.select_mark)
        await self._books.start_clock()
        return await self._held(tried), await self._read_mark(mark)

    async def _hold(self, names: PostgresNames) -> tuple[bool, HistoryMark]:
        """The lock for a step without a transaction: on the very session that will work, or else by a guard."""
        held = None if await self._target.own_session() else await self._take_guard(names)
        self._books = Books(self._target.channel)
        self._guarded = held is not None
        if held is None:
            await self._bound()
            self._session_lock = True  # a cancellation may hide that it is
            held = self._session_lock = await self._held(await self._try(lock.TRY_SESSION))
            if held and not await self._no_orphan():
                await self._end_session()
                held = False
        mark = await self._target.channel.send(names.select_mark)
        return held, await self._read_mark(mark)

    async def _take_guard(self, names: PostgresNames) -> bool | None:
        """Take the lock by a guard; not while a statement of a runner that is gone still runs. None: none is needed."""
        self._guard = self._guard or guard.Guard(self._target)
        held = await self._guard.take()
        if not held:
            return held
        if not await guard.has_room(self._target, self._guard):
            raise EngineError(Fault(guard.TOO_SMALL, code="pooled", hint=guard.DIRECT))
        if await self._guard.see_end(names) and await self._no_orphan():
            return True
        await self._guard.give_back()
        return False

    async def _no_orphan(self) -> bool:
        """Whether no statement of a runner behind a pooler still runs that is gone, and has left the lock."""
        return await lock.orphan(self._target.channel, await self._target.key()) is None

    async def check_sessions(self, *, strict: bool) -> None:
        """See beforehand that steps without a transaction can run. Raises `UsageError` where they can't."""
        if not await self._target.own_session():
            self._guard = self._guard or guard.Guard(self._target)
            await guard.check(self._target, self._guard, strict=strict)

    async def _try(self, sql: str) -> Cursor:
        return await self._target.channel.send(sql, [await self._target.key()])

    async def _held(self, tried: Cursor) -> bool:
        ((held,),) = await self._target.channel.fetch(tried)
        return bool(held)

    async def _read_mark(self, cursor: Cursor) -> HistoryMark:
        (row,) = await self._target.channel.fetch(cursor)
        return HistoryMark.of(row)

    async def _bound(self, own: Mapping[str, str] | None = None) -> None:
        """Set the limits of time for this transaction, or outside of one for the session until the segment ends."""
        local = self._transactional or self._target.channel.in_transaction
        values = own or {**bounds.timeouts(self._target.settings), **self._target.keepalives}
        if not local:
            kept = {**values, **self._target.client_check}
            (former,) = await self._target.channel.rows(bounds.read_all(kept))
            self._former_settings = {
                **dict(zip(kept, map(str, former), strict=True)),
                **self._former_settings,
            }
        await self._target.channel.send(bounds.set_all(values, local=local))
        if local and self._target.local_role is not None:
            await self._target.channel.send(self._target.local_role)
        if own is None and self._target.client_check:
            await self._target.channel.send(bounds.check_client(local=local))

    async def begin_step(self, step: Step) -> Wire:
        """Set the timeouts that the migration asks for."""
        self._step = step
        own = bounds.in_words(own_timeouts(step))
        if own and not self._guarded:
            await self._bound(own)
        if not self._transactional:
            await self._open_desk(own)
        self._wire = PostgresWire(
            self._target.channel,
            holding=self._transactional,
            before_lending=self._write_before_lending if self._transactional else None,
            journal=self._journal,
            pooled=self._guarded,
        )
        return self._wire

    async def _open_desk(self, own: Mapping[str, str]) -> None:
        self._desk = self._desk_of(own, await self._target.names())
        self._journal = StatementJournal(self._desk)

    def _desk_of(self, own: Mapping[str, str], names: PostgresNames) -> PostgresDesk:
        target = self._target
        if self._guarded and self._guard is not None:
            return guard.GuardedDesk(target, names, self._guard, own, tell=target.tell)
        return PostgresDesk(
            target.channel, names, check=self._must_hold_lock, tell=target.tell, bounded=bool(own)
        )

    async def _write_before_lending(self) -> None:
        """Should the migration commit what is before it, its records go with it."""
        await self._books.write(await self._target.names())

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """Find what the step left behind; check deferred constraints, and let them be deferred again as declared."""
        await self._must_hold_lock()
        await self._refuse_leftovers(step)
        if wrote_data and self._transactional:
            origin = Origin(step.version.text, step.migration.place)
            await self._target.channel.send("SET CONSTRAINTS ALL IMMEDIATE", origin=origin)
            await self._target.channel.send(DEFER_AGAIN, origin=origin)
        watched = self._wire is not None and self._wire.before is not None
        if (own_timeouts(step) or watched) and not self._guarded:  # it may have reset everything
            await self._bound()
        await self._books.stop_clock(step.version)

    async def _must_hold_lock(self) -> None:
        """A migration can give the lock of the session away; that of a transaction stays until its end."""
        if self._session_lock and not await lock.is_ours(self._target.channel, await self._target.key()):
            self._session_lock = False
            raise lock_lost(self._step)

    async def _refuse_leftovers(self, step: Step) -> None:
        """Nothing may leak into the next step: what was set for the transaction is restored, the rest is an error."""
        wire, channel = self._wire, self._target.channel
        if wire is None or wire.before is None:
            return
        asked = await channel.send(SESSION)
        after = Session.of((await channel.fetch(asked))[0])
        left = compare(Session.of(await wire.first()), after, wire.local)
        for statement in left.restore:
            await channel.send(statement)
        # Locks of the transaction end with it, and can't be told from those of the session but by giving them back.
        locks = [key for key in left.locks if (await channel.rows(unlock(key)))[0][0]]
        if left.words or locks:
            if not self._transactional:
                for statement in left.undo:
                    await channel.send(statement)
            words = (*left.words, *(f"the advisory lock {key}" for key in locks))
            raise left_behind(words, step.version.text, step.migration.place)

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Write record and log row; in a transaction in lots, before its end."""
        self._books.record(kept, line, batch)
        await self._write_books()

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and log it; in a transaction in lots, before its end."""
        self._books.forget(record, line, batch)
        await self._write_books()

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Update a record in its place and log it."""
        await self._books.revise(await self._target.names(), record, kept, line, batch)
        await self._write_books()

    async def _write_books(self) -> None:
        names = await self._target.names()
        if self._transactional:
            if self._books.due:
                await self._books.write(names)
            return
        assert self._desk is not None  # noqa: S101 - a record comes after its step
        await self._desk.begin()
        await self._books.write(names)
        await self._desk.commit()

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines in one statement; within a step without a transaction by its journal."""
        if self._journal is not None:
            await self._journal.log(lines, batch)
        elif self._guarded:
            await self._desk_of({}, await self._target.names()).write_apart(lines, batch)
        else:
            await write_log(self._target.channel, await self._target.names(), lines, batch)

    async def commit(self) -> Sealed:
        """Write what is gathered, read the mark, commit: one round trip after the steps have been answered."""
        names = await self._target.names()
        if not self._transactional:
            seen = await self._read_mark(await self._target.channel.send(names.select_mark))
            await self._end_session()
            return Sealed(seen)
        await self._books.write(names)
        if (
            self._target.channel.unsettled
        ):  # what did not touch its rows must be found out while it can be undone
            await self._target.channel.sync()
        mark = await self._target.channel.send(names.select_mark)
        try:
            ended = await self._target.channel.send("COMMIT")
            await self._target.channel.close_pipeline()
        except EngineError as error:
            raise await self._unless_answered(error) from error
        if ended.statusmessage != "COMMIT":
            raise not_committed(ended.statusmessage)
        return Sealed(await self._read_mark(mark), self._books.elapsed_ms)

    async def _unless_answered(self, error: EngineError) -> EngineError:
        """What has no SQLSTATE is no answer of the server: the COMMIT may have been done."""
        if error.fault.sqlstate is not None or error.kind is FailureKind.LOST:
            return error
        await self._target.channel.connection.close()
        return EngineError(replace(error.fault, code="connection_lost"), FailureKind.LOST)

    async def abort(self) -> None:
        """End the segment; nothing of its transaction stands."""
        self._books = Books(self._target.channel)
        try:
            await self._target.channel.drop_pipeline()
            if self._target.channel.broken:
                await self._forget_session()
                return
            if self._target.channel.in_transaction:
                await self._target.channel.send("ROLLBACK")
            if not self._transactional:
                await self._end_session()
        except (psycopg.Error, EngineError):
            await self._target.channel.connection.close()

    async def _end_session(self) -> None:
        """Give the lock of the session back, and the settings of the session as they were."""
        if self._session_lock:
            await self._target.channel.rows(lock.UNLOCK_SESSION, [await self._target.key()])
        if self._former_settings:
            await self._target.channel.rows(bounds.set_all(self._former_settings, local=False))
        await self._forget_session()

    async def _forget_session(self) -> None:
        self._lost = self._lost or (isinstance(self._desk, guard.GuardedDesk) and self._desk.fenced)
        self._session_lock = self._guarded = False
        self._former_settings.clear()
        self._desk = self._journal = None
        if self._guard is not None:
            await self._guard.give_back()

    @property
    def guard(self) -> guard.Guard | None:
        """What holds the lock, where no session is ours."""
        return self._guard if self._guarded else None

    async def close(self) -> None:
        """End what is open beside the connection."""
        await self.abort()
        if self._guard is not None:
            await self._guard.close()

    async def recover(self) -> None:
        """On a new connection the lock is taken first: then the old transaction has ended."""
        broken = self._target.channel.broken
        if broken:
            await self._target.open()
        if broken or self._lost:
            await self._wait_for_old_transaction()
        self._lost = False

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says."""
        rows = await named(
            self._target.channel, (await self._target.names()).select_confirmed, {"batch": batch.id}
        )
        return frozenset(Version(row[0]) for row in rows)

    async def _wait_for_old_transaction(self) -> None:
        for _ in range(round(self._target.settings.lock_wait * 10) + 1):
            self._transactional = True
            if isinstance(await self.acquire(transactional=True), Held):
                await self.abort()
                return
            await asyncio.sleep(0.1)
        raise ConnectionFailedError("the old connection still holds the lock", refusal=Refusal.LOST)

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A read-only transaction of its own."""
        return self._read_only()

    @asynccontextmanager
    async def _read_only(self) -> AsyncIterator[Wire]:
        await self._target.channel.send("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        try:
            self._transactional = True
            await self._bound()
            yield PostgresWire(self._target.channel, holding=True)
        finally:
            await self.abort()

"""The segments of a run: the lock, the steps, their marks and records. Every statement stands as soon as it is done."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stepwell.core.actions import Busy, Held
from stepwell.core.errors import ConnectionFailedError, Fault, Refusal
from stepwell.core.history import NO_MARK, HistoryMark, TableShape
from stepwell.core.migration import Version
from stepwell.core.tables import delete_record, insert_record, record_values, update_record
from stepwell.engines.mysql import session, tables
from stepwell.engines.mysql.desk import MySQLDesk
from stepwell.engines.mysql.rights import DENIED, missing
from stepwell.engines.mysql.wire import MySQLWire
from stepwell.journal import StatementJournal
from stepwell.ports import EngineError, Sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.history import Record
    from stepwell.core.plan import Step
    from stepwell.engines.mysql.target import Target
    from stepwell.ports import Batch, Kept, Wire

NO_TABLE = "1146"
POLL = 0.1  # seconds


class Segments:
    """The part of `stepwell.ports.Connection` that acts; see there for what each method promises."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._locked = False
        self._begin_journal()

    def _begin_journal(self) -> None:
        target = self._target
        self._desk = MySQLDesk(target.channel, target.names, target.rules, target.own_tables, target.lock)
        self._journal = StatementJournal(self._desk)

    async def _execute(
        self, sql: str, values: Mapping[str, Any] | None = None, shown: str | None = None
    ) -> int:
        return await self._target.channel.execute(sql, values, shown=shown)

    # --- the lock ---

    async def _lock(self) -> bool:
        """Try once, on the session that works."""
        try:
            self._locked = await self._target.lock.take()
        except EngineError as error:
            if error.fault.sqlstate in DENIED:  # only the lock of a cluster needs any
                where = f"CREATE, SELECT, INSERT, UPDATE ON {tables.quote(self._target.server.database)}.*"
                raise missing(self._target, where, error) from error
            raise
        return self._locked

    async def _busy(self) -> Busy:
        return Busy(await self._target.lock.holder())

    async def _unlock(self) -> None:
        if self._locked:
            self._locked = False
            await self._target.lock.give_back()

    async def _must_hold_lock(self, step: Step) -> None:
        if not await self._target.lock.is_ours():
            raise EngineError(
                Fault(
                    "the lock was lost: the migration released it, or a proxy changed the connection",
                    code="lock_lost",
                    version=step.version.text,
                    place=step.migration.place,
                    hint="leave out RELEASE_ALL_LOCKS(), and connect to the server directly",
                )
            )

    # --- the tool's own tables ---

    async def prepare(self) -> Busy | None:
        """Create or extend them, under the lock; each statement commits by itself, and may be done already."""
        if not await self._lock():
            return await self._busy()
        try:
            await self._set_timeouts()
            for right, statement in await self._missing():
                await self._create(right, statement)
        finally:
            await self.abort()
        return None

    async def _missing(self) -> list[tuple[str, str]]:
        found, names = await self._target.describe(), self._target.names
        statements = []
        if found.shape is TableShape.ABSENT:
            statements.append(("CREATE", tables.create_history(names)))
        elif found.shape is TableShape.SEVEN:
            statements.append(("ALTER", tables.extend_history(names)))
        if not found.log_exists:
            statements.append(("CREATE", tables.create_log(names)))
        return statements

    async def _create(self, right: str, statement: str) -> None:
        try:
            await self._execute(statement)
        except EngineError as error:
            if error.fault.sqlstate in DENIED:
                where = f"{right} ON {tables.quote(self._target.server.database)}.*"
                raise missing(self._target, where, error) from error
            raise

    # --- segments ---

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Take the lock, read the mark. A transaction is for records alone: no step is in one."""
        if not await self._lock():
            return await self._busy()
        try:
            await self._target.remember()
            await self._set_timeouts()
            self._begin_journal()
            if transactional:
                await self._execute("BEGIN")
            return Held(await self._mark())
        except EngineError as error:
            if error.fault.sqlstate == NO_TABLE:
                return Held(NO_MARK)
            await self.abort()
            raise

    async def _mark(self) -> HistoryMark:
        (row,) = await self._target.channel.rows(self._target.names.select_mark)
        return HistoryMark.of(row)

    async def _set_timeouts(self, step: Step | None = None) -> None:
        traits = step.migration.traits if step is not None else None
        timeouts = session.timeouts_of(self._target.settings, traits)
        await self._execute(session.set_timeouts(timeouts, is_mariadb=self._target.server.is_mariadb))

    async def begin_step(self, step: Step) -> Wire:
        """Set the timeouts that the migration asks for.

        A proxy that gives each statement to any session is found here, before the first one.
        """
        await self._must_hold_lock(step)
        await self._set_timeouts(step)
        return MySQLWire(self._target.channel, self._journal)

    async def end_step(self, step: Step) -> None:
        """See that the lock is held still, and undo what the step has set."""
        await self._must_hold_lock(step)
        await self._target.restore()
        await self._set_timeouts()

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Record and log row, in one transaction."""
        line = replace(line, name=kept.migration.name, digest=kept.checksum)
        await self._together(
            insert_record(self._target.names, tables.UTC_NOW), record_values(*kept), line, batch
        )

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and log it."""
        values = {"id": record.id, "version": record.version.text}
        line = replace(line, name=record.name)
        await self._together(delete_record(self._target.names), values, line, batch)

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Update a record in its place and log it."""
        line = replace(line, name=kept.migration.name, digest=kept.checksum)
        values = {**record_values(*kept), "id": record.id}
        await self._together(update_record(self._target.names), values, line, batch, may_be_same=True)

    async def _together(
        self, sql: str, values: Mapping[str, Any], line: LogLine, batch: Batch, *, may_be_same: bool = False
    ) -> None:
        own = not self._target.channel.in_transaction
        if own:
            await self._execute("BEGIN")
        touched = await self._execute(sql, values, "the record of this step")
        if touched != 1 and not (
            may_be_same and touched == 0
        ):  # an update that changes nothing counts nothing
            raise EngineError(
                Fault(
                    "the history was changed by somebody else while this step ran",
                    code="lost_update",
                    version=line.version.text,
                )
            )
        await self._desk.write([line], batch)
        if own:
            await self._desk.commit()

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines."""
        if self._target.channel.in_transaction and not self._journal.holds_transaction:
            await self._desk.write(lines, batch)
        else:
            await self._journal.log(lines, batch)

    async def commit(self) -> Sealed:
        """Read the mark, commit what is open, give the lock back."""
        mark = await self._mark()
        if self._target.channel.in_transaction:
            await self._desk.commit()
        await self._unlock()
        return Sealed(mark)

    async def abort(self) -> None:
        """End the segment. Quiet: where the connection is gone, the server has freed the lock."""
        self._begin_journal()
        if self._target.channel.broken:
            await self._forget_lock()
            return
        try:
            if self._target.channel.in_transaction:
                await self._execute("ROLLBACK")
            await self._target.restore()
            await self._unlock()
        except EngineError:
            await self._forget_lock()
            self._target.channel.drop()

    async def _forget_lock(self) -> None:
        self._locked = False
        await self._target.lock.forget()

    async def recover(self) -> None:
        """On a new connection the lock is waited for first: then the old one has ended."""
        if self._target.channel.broken:
            await self._target.open()
            self._begin_journal()
            await self._wait_for_old_session()

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says."""
        rows = await self._target.channel.rows(self._target.names.select_confirmed, {"batch": batch.id})
        return frozenset(Version(row[0]) for row in rows)

    async def _wait_for_old_session(self) -> None:
        for _ in range(round(self._target.settings.lock_wait / POLL) + 1):
            if await self._lock():
                await self._unlock()
                return
            await asyncio.sleep(POLL)
        raise ConnectionFailedError("the old connection still holds the lock", refusal=Refusal.LOST)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Wire]:
        """A read-only transaction of its own."""
        await self._set_timeouts()
        await self._execute("START TRANSACTION READ ONLY")
        try:
            yield MySQLWire(self._target.channel, None)
        finally:
            with suppress(EngineError):
                await self._execute("ROLLBACK")

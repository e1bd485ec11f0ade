"""One connection to SQLite for one run: `BEGIN IMMEDIATE` is the lock. It decides nothing about migrations."""

from __future__ import annotations

import getpass
import sqlite3
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from stepwell.core.actions import Busy, Held
from stepwell.core.errors import (
    ConnectionFailedError,
    Fault,
    Refusal,
)
from stepwell.core.history import NO_MARK, History, HistoryMark, TableShape, mark_of
from stepwell.core.migration import Version
from stepwell.core.tables import (
    attempts_of,
    delete_record,
    insert_record,
    left_behind,
    log_entry,
    record_values,
    update_record,
)
from stepwell.engines.sqlite import tables
from stepwell.engines.sqlite.asking import HOLDER, Asking
from stepwell.engines.sqlite.desk import SQLiteDesk, judge
from stepwell.engines.sqlite.dialect import DIALECT
from stepwell.engines.sqlite.inspect import COLUMNS, OBJECTS, has_log, shape
from stepwell.engines.sqlite.lock import SessionLock
from stepwell.engines.sqlite.opening import file_of
from stepwell.engines.sqlite.rows import as_utc, log_values, read_record
from stepwell.engines.sqlite.watch import NOT_ENFORCED, Watch, enforced, violation, violations
from stepwell.engines.sqlite.wire import SQLiteWire
from stepwell.journal import StatementJournal, judged
from stepwell.ports import About, EngineError, Origin, Sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.actions import LogLine
    from stepwell.core.answers import LogEntry
    from stepwell.core.history import Record
    from stepwell.core.plan import Step
    from stepwell.core.standing import Left
    from stepwell.engines.sqlite.channel import Channel
    from stepwell.engines.sqlite.fill import SQLiteRehearsal
    from stepwell.ports import Batch, ConnectOptions, Dialect, Kept, Wire


class SQLiteConnection(Asking):
    """See `stepwell.ports.Connection` for what each method promises."""

    def __init__(self, channel: Channel, shown: str, options: ConnectOptions) -> None:
        self._channel = channel
        self._shown = shown
        self._options = options
        self._table = options.settings.table
        self._names = tables.names(self._table)
        self._session_lock = SessionLock(file_of(channel.connection))
        self._lent_isolation = channel.connection.isolation_level
        self._desk = SQLiteDesk(channel, self._names, _user(), self._check_enforced)
        self._journal: StatementJournal | None = None  # of a step without a transaction
        self._lent_enforced = enforced(channel.connection)
        self._watch: Watch | None = None  # of the step that runs
        if options.connect is not None:
            channel.connection.isolation_level = None

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return DIALECT

    async def close(self) -> None:
        """Give everything back; a lent connection goes back to its owner as it was."""
        with suppress(EngineError, sqlite3.Error):
            await self.abort()
            if self._options.connect is None:
                await self._channel.close()
            else:
                await self._channel.execute(f"PRAGMA foreign_keys = {int(self._lent_enforced)}")
                self._channel.connection.isolation_level = self._lent_isolation

    # --- asking ---

    async def about(self) -> About:
        """What database this is."""
        return About(self._shown, self.dialect.name, self._table, _user())

    async def server(self) -> str | None:
        """There is none."""
        return None

    async def _inspect(self) -> tuple[TableShape, bool]:
        log = f"{self._table}_log"
        _, objects = await self._channel.rows(OBJECTS, {"table": self._table, "log": log})
        found = shape(self._table, objects, await self._columns(self._table))
        return found, has_log(log, objects, await self._columns(log))

    async def _columns(self, table: str) -> list[tuple[Any, ...]]:
        _, rows = await self._channel.rows(COLUMNS, {"table": table})
        return rows

    async def read(self) -> History:
        """The history; its parts belong together."""
        return await self._at_one_moment(self._read)

    async def _read(self) -> History:
        found, log_exists = await self._inspect()
        if found is TableShape.ABSENT:
            return History(found, log_exists=log_exists)
        columns, rows = await self._channel.rows(self._names.select_records)
        records = tuple(read_record(dict(zip(columns, row, strict=True))) for row in rows)
        journal = (await self._channel.rows(self._names.select_journal))[1] if log_exists else []
        attempts = await judged(attempts_of(journal, frozenset(each.version for each in records)), judge)
        mark = await self._mark() if log_exists else mark_of(record.id for record in records)
        return History(found, records, attempts, mark, log_exists)

    async def check_rights(self, history: History) -> None:
        """A file that can't be written is told before the first statement."""
        _, rows = await self._channel.rows("PRAGMA query_only")
        if rows and rows[0][0]:
            raise ConnectionFailedError(
                f"{self._shown}: the database is read-only", refusal=Refusal.READ_ONLY
            )
        try:
            if await self._begin():
                await self._write_nothing()
        except EngineError as error:
            if (error.fault.sqlstate or "").startswith("SQLITE_READONLY"):
                raise ConnectionFailedError(
                    f"{self._shown}: the database is read-only ({error.fault.message})",
                    refusal=Refusal.READ_ONLY,
                    hint="check the rights on the file and its folder, and 'mode=ro' in the URL",
                ) from error

    async def _write_nothing(self) -> None:
        """A file that is only read lets a write transaction begin; only a write is refused. This one is taken back."""
        try:
            _, ((version,),) = await self._channel.rows("PRAGMA user_version")
            await self._channel.execute(f"PRAGMA user_version = {int(version)}")
        finally:
            await self.abort()

    async def check_sessions(self, *, strict: bool) -> None:
        """A session is always ours."""

    # --- the tool's own tables, segments ---

    async def prepare(self) -> Busy | None:
        """Create or extend them, in a transaction of their own."""
        if not await self._lock(transactional=True):
            return Busy(HOLDER)
        try:
            found, log_exists = await self._inspect()
            if found is TableShape.ABSENT:
                await self._channel.execute(tables.create_history(self._names))
            elif found is TableShape.SEVEN:
                for statement in tables.extend_history(self._names):
                    await self._channel.execute(statement)
            if not log_exists:
                await self._channel.execute(tables.create_log(self._names))
            await self._channel.execute("COMMIT")
        except BaseException:
            await self.abort()
            raise
        return None

    async def _begin(self) -> bool:
        """Take the write lock of the file, or find it taken, at once."""
        await self._channel.execute(NOT_ENFORCED)
        try:
            await self._channel.begin_immediately()
        except EngineError as error:
            if (error.fault.sqlstate or "").startswith("SQLITE_BUSY"):
                return False
            raise
        return True

    async def _lock(self, *, transactional: bool) -> bool:
        """Take the lock of a segment. Without a transaction it is the session's, taken while no transaction is open."""
        if not transactional and not self._session_lock.take():
            return False
        if await self._begin():
            if not transactional:
                await self._channel.execute("ROLLBACK")
                return True
            if self._session_lock.is_free():
                return True
        await self.abort()
        return False

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Take the write lock; a step that can't be in a transaction takes the lock of the session."""
        if not await self._lock(transactional=transactional):
            return Busy(HOLDER)
        try:
            return Held(await self._mark())
        except EngineError:
            return Held(NO_MARK)

    async def _mark(self) -> HistoryMark:
        _, (row,) = await self._channel.rows(self._names.select_mark)
        return HistoryMark.of(row)

    async def begin_step(self, step: Step) -> Wire:
        """From here on it is watched."""
        holding = self._channel.connection.in_transaction
        self._journal = None if holding else StatementJournal(self._desk)
        self._watch = Watch(self._channel, step)
        return SQLiteWire(self._channel, self._watch, holding=holding, journal=self._journal)

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """What it broke is found with it, and what it set is set back."""
        if self._watch is not None:
            await self._watch.set_back()
            await self._watch.check()

    async def _check_enforced(self, origin: Origin, shown: str | None) -> None:
        ((switched_on,),) = (await self._channel.rows("PRAGMA foreign_keys"))[1]
        if switched_on and (broken := await violations(self._channel)):
            raise violation(broken, origin, shown)

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Record and log row, in one transaction."""
        await self._together(
            insert_record(self._names, tables.UTC_NOW), record_values(*kept), line, batch, kept
        )

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and log it."""
        values = {"id": record.id, "version": record.version.text}
        await self._together(delete_record(self._names), values, line, batch, None)

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Update a record in its place and log it."""
        values = {**record_values(*kept), "id": record.id}
        await self._together(update_record(self._names), values, line, batch, kept)

    async def _together(
        self, sql: str, values: dict[str, Any], line: LogLine, batch: Batch, kept: Kept | None
    ) -> None:
        own = not self._channel.connection.in_transaction
        if own:
            await self._channel.execute("BEGIN IMMEDIATE")
        cursor = await self._channel.execute(sql, values, shown="the record of this step")
        if cursor.rowcount != 1:
            raise EngineError(
                Fault(
                    "the history was changed by somebody else while this step ran",
                    code="lost_update",
                    version=line.version.text,
                )
            )
        await self._channel.execute(tables.insert_log(self._names), log_values(line, batch, _user(), kept))
        if own:
            await self._channel.execute("COMMIT")

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines, outside a segment in a transaction of their own."""
        if self._journal is not None:
            await self._journal.log(lines, batch)
        else:
            await self._desk.write_apart(lines, batch)

    async def commit(self) -> Sealed:
        """Read the mark and commit."""
        mark = await self._mark()
        if self._channel.connection.in_transaction:
            try:
                await self._channel.execute("COMMIT")
            except EngineError:
                await self.abort()
                raise
        self._journal = None
        self._session_lock.give_back()
        return Sealed(mark)

    async def abort(self) -> None:
        """End the transaction, if one is open, and give back the lock."""
        await self._desk.undo()
        if self._watch is not None:
            with suppress(EngineError):
                await self._watch.set_back()
        self._watch = None
        self._journal = None
        self._session_lock.give_back()

    async def cut(self) -> None:
        """Undo what is open: of a file it is always known how it is."""
        await self.abort()

    async def recover(self) -> None:
        """The connection to a file is never lost."""

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says."""
        _, rows = await self._channel.rows(self._names.select_confirmed, {"batch": batch.id})
        return frozenset(Version(row[0]) for row in rows)

    # --- the log, the lock ---

    async def read_log(self, limit: int | None, batch: str | None) -> tuple[LogEntry, ...]:
        """The newest rows, oldest first."""
        _, log_exists = await self._inspect()
        if not log_exists:
            return ()
        sql = self._names.select_log(of_batch=batch is not None)
        values = {"batch": batch, "limit": -1 if limit is None else limit}
        _, rows = await self._channel.rows(sql, values)
        return tuple(log_entry(row, as_utc) for row in reversed(rows))

    async def last_fingerprint(self) -> Left | None:
        """The last one of the log."""
        if not (await self._inspect())[1]:
            return None
        _, rows = await self._channel.rows(self._names.select_fingerprint)
        return left_behind(rows, as_utc)

    async def holder(self) -> str | None:
        """SQLite does not tell who holds its lock, only that somebody does."""
        if self._channel.connection.in_transaction:
            return None
        free = self._session_lock.is_free()
        if free and not self._options.read_only:
            free = await self._begin()
            await self.abort()
        return None if free else HOLDER

    async def end_holder(self) -> bool:
        """The operating system frees the lock when that process ends; nobody else can."""
        return False

    async def cancel(self) -> None:
        """Stop the statement that runs."""
        self._channel.connection.interrupt()

    async def obstacle(self) -> str | None:
        """SQLite does not tell."""
        return None

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A read transaction of its own, in which writing is switched off."""
        return self._read_only()

    @asynccontextmanager
    async def _read_only(self) -> AsyncIterator[Wire]:
        await self._channel.execute("PRAGMA query_only = ON")
        await self._channel.execute("BEGIN")
        try:
            yield SQLiteWire(self._channel, holding=True)
        finally:
            await self.abort()
            await self._channel.execute("PRAGMA query_only = OFF")

    def rehearsal(self) -> SQLiteRehearsal:
        """Rows for a rehearsal."""
        from stepwell.engines.sqlite.fill import SQLiteRehearsal

        return SQLiteRehearsal(self._channel, self._table)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return "unknown"

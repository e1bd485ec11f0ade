"""One connection to PostgreSQL for one run: lock, history, segments. It decides nothing about migrations."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from stepwell.core.actions import Busy, Held
from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.core.history import (
    History,
    HistoryMark,
    TableShape,
    mark_of,
)
from stepwell.core.migration import Version
from stepwell.core.redact import Redactor
from stepwell.core.sql.parameters import ParameterStyle, bind
from stepwell.core.tables import attempts_of
from stepwell.engines.postgresql import lock, tables
from stepwell.engines.postgresql.books import Books, write_log
from stepwell.engines.postgresql.channel import Channel
from stepwell.engines.postgresql.dialect import DIALECT
from stepwell.engines.postgresql.existing import existing
from stepwell.engines.postgresql.inspect import (
    DESCRIBE,
    describe,
    trusted_log,
    trusted_shape,
)
from stepwell.engines.postgresql.opening import give_back, open_connection
from stepwell.engines.postgresql.rights import check_rights
from stepwell.engines.postgresql.rows import (
    DEFER_AGAIN,
    log_entry,
    not_committed,
    own_timeouts,
    read_record,
)
from stepwell.engines.postgresql.wire import PostgresWire
from stepwell.ports import About, EngineError, Origin, Sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.actions import LogLine
    from stepwell.core.answers import LogEntry
    from stepwell.core.history import (
        Record,
    )
    from stepwell.core.plan import Step
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.core.tables import TableNames
    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.postgresql.channel import Cursor, Row
    from stepwell.engines.postgresql.inspect import (
        Description,
    )
    from stepwell.engines.postgresql.opening import Opened
    from stepwell.ports import Batch, ConnectOptions, Dialect, Kept, Wire

UNDEFINED_TABLE = "42P01"
GONE = HistoryMark(-1, -1, -1)  # no history has this mark: the plan is made anew


async def connect(url: DatabaseUrl | None, options: ConnectOptions) -> "PostgresConnection":
    """Open a connection by URL, or take the one that the caller's function gives."""
    opened = PostgresConnection(url, options)
    await opened.open()
    return opened


class PostgresConnection:
    """See `stepwell.ports.Connection` for what each method promises."""

    def __init__(self, url: DatabaseUrl | None, options: ConnectOptions) -> None:
        self._url = url
        self._options = options
        self._settings = options.settings
        self._redactor = Redactor(url.secrets if url is not None else ())
        self._description: Description | None = None
        self._just_described = False  # about() comes directly before the first read(), and has asked already
        self._transactional = True
        self._session_lock = False
        self._books: Books
        self._changed_settings: list[str] = []
        self._opened: Opened
        self._channel: Channel

    @property
    def dialect(self) -> Dialect:
        """PostgreSQL's."""
        return DIALECT

    # --- opening and closing ---

    async def open(self) -> None:
        """Connect, again if need be; the channel is new afterwards."""
        self._opened = await open_connection(self._url, self._options, self._redactor)
        self._channel = Channel(self._opened.connection, self._redactor)
        self._books = Books(self._channel)
        if self._settings.role:
            await self._channel.send(f"SET ROLE {tables.quote(self._settings.role)}")

    async def close(self) -> None:
        """Give everything back; there is nobody left to tell of a failure, and nothing left to save."""
        with suppress(psycopg.Error, EngineError):
            await self.abort()
            if self._settings.role and not self._channel.broken:
                await self._channel.send("RESET ROLE")
        with suppress(psycopg.Error):
            await give_back(self._opened)

    # --- asking ---

    async def about(self) -> About:
        """What database this is, in one round trip that also tells about the history table."""
        found = await self._describe()
        self._just_described = True
        shown = self._url.shown if self._url is not None else f"postgresql:///{found.database}"
        return About(shown, self.dialect.name, f"{found.schema}.{self._settings.table}", found.user)

    async def _describe(self, *, fresh: bool = False) -> Description:
        if self._description is None or fresh:
            rows = await self._channel.fetch(await self._ask_description())
            self._description = describe(rows, self._settings.table)
        return self._description

    async def _ask_description(self) -> Cursor:
        table = self._settings.table
        return await self._channel.send(DESCRIBE, [self._settings.schema, table, f"{table}_log"])

    def _tables(self, found: Description) -> TableNames:
        if found.schema is None:
            missing = self._settings.schema
            raise UsageError(
                f"the schema {missing} does not exist" if missing else "no schema of the search path exists",
                hint="create it, or choose another with the setting 'schema'",
            )
        return tables.names(found.schema, self._settings.table)

    async def read(self) -> History:
        """The history: one round trip for what is there, one for the rows."""
        found = await self._describe(fresh=not self._just_described)
        self._just_described = False
        names = self._tables(found)
        shape = trusted_shape(found, self._settings.trusted_owners)
        log_exists = trusted_log(found, self._settings.trusted_owners)
        if shape is TableShape.ABSENT:
            return History(shape, log_exists=log_exists)
        records = [read_record(row) for row in await self._dicts(names.select_records)]
        journal = await self._channel.rows(names.select_journal) if log_exists else []
        attempts = attempts_of(
            [(row[0], row[1], row[2], row[3], row[4]) for row in journal],
            frozenset(each.version for each in records),
        )
        mark = mark_of(each.id for each in records)
        return History(shape, tuple(records), attempts, mark, log_exists)

    async def _dicts(self, sql: str) -> list[dict[str, Any]]:
        cursor = await self._channel.send(sql)
        rows = await self._channel.fetch(cursor)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Which of these are in the target already."""
        return await existing(self._channel, objects)

    async def check_rights(self, history: History) -> None:
        """Name what this role may not do."""
        check_rights(await self._describe(), history, self._url.shown if self._url else "the database")

    # --- the tool's own tables ---

    async def prepare(self) -> Busy | None:
        """Create or extend them, under the lock, in a transaction of their own: two round trips."""
        found = await self._describe()
        names = self._tables(found)
        self._transactional = True
        try:
            await self._channel.open_pipeline()
            await self._channel.send("BEGIN ISOLATION LEVEL READ COMMITTED")
            await self._set_timeouts()
            tried = await self._try(lock.TRY_TRANSACTION, found)
            described = await self._ask_description()
            if not await self._held(tried):
                await self.abort()
                return Busy(await self.holder())
            now = describe(await self._channel.fetch(described), self._settings.table)
            for statement in self._missing(now, names):
                await self._channel.send(statement)
            await self._channel.send("COMMIT")
            await self._channel.close_pipeline()
        except BaseException:
            await self.abort()
            raise
        self._description = None
        return None

    def _missing(self, found: Description, names: TableNames) -> list[str]:
        """What has to be created or extended."""
        statements = []
        shape = trusted_shape(found, self._settings.trusted_owners)
        if shape is TableShape.ABSENT:
            statements.append(tables.create_history(names))
        elif shape is TableShape.SEVEN:
            statements.append(tables.extend_history(names))
        if not trusted_log(found, self._settings.trusted_owners):
            statements.append(tables.create_log(names))
        return statements

    # --- segments ---

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Begin, try the lock, read the mark: one round trip where a pipeline can be used."""
        found = await self._describe()
        names = self._tables(found)
        self._transactional = transactional
        self._books = Books(self._channel)
        try:
            if transactional:
                await self._channel.open_pipeline()
                await self._channel.send("BEGIN ISOLATION LEVEL READ COMMITTED")
            await self._set_timeouts()
            tried = await self._try(lock.TRY_TRANSACTION if transactional else lock.TRY_SESSION, found)
            mark = await self._channel.send(names.select_mark)
            if transactional:
                await self._books.start_clock()
            if not await self._held(tried):
                await self.abort()
                return Busy(await self.holder())
            self._session_lock = not transactional
            return Held(await self._read_mark(mark))
        except EngineError as error:
            if error.fault.sqlstate == UNDEFINED_TABLE:
                return Held(GONE)
            await self.abort()
            raise

    async def _try(self, sql: str, found: Description) -> Cursor:
        return await self._channel.send(sql, [self._key(found)])

    def _key(self, found: Description) -> int:
        return lock.key_of(found.database, found.schema or "", self._settings.table)

    async def _held(self, tried: Cursor) -> bool:
        ((held,),) = await self._channel.fetch(tried)
        return bool(held)

    async def _read_mark(self, cursor: Cursor) -> HistoryMark:
        ((number, highest, total),) = await self._channel.fetch(cursor)
        return HistoryMark(int(number), int(highest), int(total))

    async def _set_timeouts(self) -> None:
        await self._set(
            lock_timeout=self._settings.lock_timeout,
            statement_timeout=self._settings.statement_timeout,
            idle_in_transaction_session_timeout=self._settings.idle_timeout,
        )

    async def _set(self, **seconds: float) -> None:
        """Set timeouts for this transaction, or outside of one for the session until the segment ends."""
        for name, value in seconds.items():
            text = f"{round(value * 1000)}ms"
            scope = "LOCAL " if self._transactional or self._channel.in_transaction else ""
            await self._channel.send(f"SET {scope}{name} = '{text}'")
            if not scope and name not in self._changed_settings:
                self._changed_settings.append(name)

    async def begin_step(self, step: Step) -> Wire:
        """Set the timeouts that the migration asks for."""
        own = own_timeouts(step)
        if own:
            await self._set(**own)
        return PostgresWire(self._channel, holding=self._transactional)

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """Check deferred constraints, then let them be deferred again as they were declared."""
        if wrote_data and self._transactional:
            origin = Origin(step.version.text, step.migration.place)
            await self._channel.send("SET CONSTRAINTS ALL IMMEDIATE", origin=origin)
            await self._channel.send(DEFER_AGAIN, origin=origin)
        if own_timeouts(step):
            await self._set_timeouts()
        await self._books.stop_clock(step.version)

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
        await self._books.revise(self._tables(await self._describe()), record, kept, line, batch)
        await self._write_books()

    async def _write_books(self) -> None:
        names = self._tables(await self._describe())
        if self._transactional:
            if self._books.due:
                await self._books.write(names)
            return
        await self._channel.send("BEGIN")
        await self._books.write(names)
        await self._channel.send("COMMIT")

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines in one statement."""
        if self._channel.broken:
            await self.open()
        await write_log(self._channel, self._tables(await self._describe()), lines, batch)

    async def commit(self) -> Sealed:
        """Write what is gathered, read the mark, commit: one round trip after the steps have been answered."""
        names = self._tables(await self._describe())
        if not self._transactional:
            seen = await self._read_mark(await self._channel.send(names.select_mark))
            await self._end_session()
            return Sealed(seen)
        await self._books.write(names)
        mark = await self._channel.send(names.select_mark)
        ended = await self._channel.send("COMMIT")
        await self._channel.close_pipeline()
        if ended.statusmessage != "COMMIT":
            raise not_committed(ended.statusmessage)
        return Sealed(await self._read_mark(mark), self._books.elapsed_ms)

    async def abort(self) -> None:
        """End the segment; nothing of its transaction stands."""
        self._books = Books(self._channel)
        try:
            await self._channel.drop_pipeline()
            if self._channel.broken:
                return
            if self._channel.in_transaction:
                await self._channel.send("ROLLBACK")
            if not self._transactional:
                await self._end_session()
        except (psycopg.Error, EngineError):
            await self._channel.connection.close()

    async def _end_session(self) -> None:
        """Give the session lock back, and the settings of the session as they were."""
        if self._session_lock:
            await self._channel.rows(lock.UNLOCK_SESSION, [self._key(await self._describe())])
            self._session_lock = False
        for name in self._changed_settings:
            await self._channel.send(f"RESET {name}")
        self._changed_settings.clear()

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says. On a new connection the lock is taken first: then the old transaction has ended."""
        if self._channel.broken:
            await self.open()
            await self._wait_for_old_transaction()
        names = self._tables(await self._describe())
        rows = await self._named(names.select_confirmed, {"batch": batch.id})
        return frozenset(Version(row[0]) for row in rows)

    async def _wait_for_old_transaction(self) -> None:
        for _ in range(round(self._settings.lock_wait * 10) + 1):
            self._transactional = True
            if isinstance(await self.acquire(transactional=True), Held):
                await self.abort()
                return
            await self._channel.rows("SELECT pg_sleep(0.1)")
        raise ConnectionFailedError("the old connection still holds the lock", refusal=Refusal.LOST)

    async def _named(self, sql: str, values: dict[str, object]) -> list[Row]:
        bound = bind(sql, DIALECT.rules, values, ParameterStyle.NUMERIC)
        return await self._channel.rows(bound.sql, list(bound.params))

    # --- the log, the lock ---

    async def read_log(self, limit: int | None, batch: str | None) -> tuple[LogEntry, ...]:
        """The newest rows, oldest first."""
        found = await self._describe(fresh=True)
        if not trusted_log(found, self._settings.trusted_owners):
            return ()
        sql = self._tables(found).select_log(of_batch=batch is not None)
        rows = await self._named(sql, {"batch": batch, "limit": limit})
        return tuple(log_entry(row) for row in reversed(rows))

    async def holder(self) -> str | None:
        """Who holds the lock, in words."""
        return await lock.holder(self._channel, self._key(await self._describe()))

    async def end_holder(self) -> bool:
        """End the session that holds the lock."""
        return await lock.end_holder(self._channel, self._key(await self._describe()))

    async def cancel(self) -> None:
        """Stop what runs on the server."""
        await self._channel.connection.cancel_safe(timeout=5)

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A read-only transaction of its own."""
        return self._read_only()

    @asynccontextmanager
    async def _read_only(self) -> AsyncIterator[Wire]:
        await self._channel.send("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        try:
            self._transactional = True
            await self._set_timeouts()
            yield PostgresWire(self._channel, holding=True)
        finally:
            await self.abort()

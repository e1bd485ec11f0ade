"""One connection to PostgreSQL for one run: it asks by itself, and acts through `segments`.

It decides nothing about migrations. What acts is loaded when the first segment begins: most runs have nothing to do.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from stepwell.core.history import History, HistoryMark, TableShape, mark_of
from stepwell.core.tables import attempts_of, left_behind, log_entry
from stepwell.engines.postgresql.dialect import DIALECT
from stepwell.engines.postgresql.inspect import tables_of, trusted_log, trusted_shape
from stepwell.engines.postgresql.rows import as_utc, read_record
from stepwell.engines.postgresql.target import Target
from stepwell.ports import About, EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.actions import Busy, Held, LogLine
    from stepwell.core.answers import LogEntry
    from stepwell.core.history import Attempt, Record
    from stepwell.core.migration import Version
    from stepwell.core.plan import Step
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.core.standing import Left
    from stepwell.core.tables import TableNames
    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.postgresql.channel import Channel, Row
    from stepwell.engines.postgresql.fill import PostgresRehearsal
    from stepwell.engines.postgresql.inspect import Description
    from stepwell.engines.postgresql.segments import Segments
    from stepwell.engines.postgresql.tables import PostgresNames
    from stepwell.ports import Batch, ConnectOptions, Dialect, Kept, Sealed, Wire


async def connect(url: DatabaseUrl | None, options: ConnectOptions) -> PostgresConnection:
    """Open a connection by URL, or take the one that the caller's function gives."""
    opened = PostgresConnection(url, options)
    await opened.open()
    return opened


class PostgresConnection:
    """See `stepwell.ports.Connection` for what each method promises."""

    def __init__(self, url: DatabaseUrl | None, options: ConnectOptions) -> None:
        self._target = Target(url, options)
        self._trusted = options.settings.trusted_owners
        self._acting: Segments | None = None
        self._watching: Channel | None = None  # what is asked while a statement runs
        self._just_described = False  # about() comes directly before the first read(), and has asked already

    @property
    def dialect(self) -> Dialect:
        """PostgreSQL's."""
        return DIALECT

    @property
    def _segments(self) -> Segments:
        from stepwell.engines.postgresql.segments import Segments

        if self._acting is None:
            self._acting = Segments(self._target)
        return self._acting

    async def open(self) -> None:
        """Connect."""
        await self._target.open()

    async def close(self) -> None:
        """Give everything back."""
        if self._acting is not None:
            await self._acting.close()
        if self._watching is not None:
            await self._watching.connection.close()
        await self._target.close()

    # --- asking ---

    async def about(self) -> About:
        """What database this is, in one round trip that also tells about the history table."""
        found = await self._target.describe()
        self._just_described = True
        url = self._target.url
        shown = url.shown if url is not None else f"postgresql:///{found.database}"
        table = f"{found.schema}.{self._target.settings.table}"
        return About(shown, self.dialect.name, table, found.user, self._target.warnings)

    async def server(self) -> str | None:
        """When it was started, to the microsecond: no two servers share that, whatever they are called."""
        ((started,),) = await self._target.channel.rows(
            "SELECT pg_catalog.date_part('epoch'::text, pg_catalog.pg_postmaster_start_time())::text"
        )
        return str(started)

    async def read(self) -> History:
        """The history: one round trip for what is there, one for the rows.

        The mark is read before the rows: at worst it is older than they are, and the plan is made once more.
        """
        found = await self._target.describe(fresh=not self._just_described)
        self._just_described = False
        names = self._target.tables(found)
        shape = trusted_shape(found, self._trusted)
        log_exists = trusted_log(found, self._trusted)
        self._may_read(found)
        if shape is TableShape.ABSENT:
            return History(shape, log_exists=log_exists)
        mark, records, journal = await self._rows(names, log_exists=log_exists)
        attempts = attempts_of(journal, frozenset(record.version for record in records))
        if any(attempt.cut_off for attempt in attempts):
            attempts = await self._judged(attempts)
        return History(shape, records, attempts, mark or mark_of(each.id for each in records), log_exists)

    async def _judged(self, attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        from stepwell.engines.postgresql.evidence import judge
        from stepwell.journal import judged

        return await judged(attempts, lambda fingerprint: judge(self._target.channel, fingerprint))

    async def _rows(
        self, names: TableNames, *, log_exists: bool
    ) -> tuple[HistoryMark | None, tuple[Record, ...], list[Row]]:
        """Mark, records and journal, all asked for at once."""
        channel = self._target.channel
        await channel.open_pipeline()
        try:
            marked = await channel.send(names.select_mark) if log_exists else None
            recorded = await channel.send(names.select_records)
            journal = await channel.rows(names.select_journal) if log_exists else []
            rows = await channel.fetch(recorded)
            mark = HistoryMark.of((await channel.fetch(marked))[0]) if marked is not None else None
            await channel.close_pipeline()
        except EngineError:
            await channel.drop_pipeline()
            raise
        columns = [column.name for column in recorded.description or ()]
        return mark, tuple(read_record(dict(zip(columns, row, strict=True))) for row in rows), journal

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Which of these are in the target already."""
        from stepwell.engines.postgresql.existing import existing

        return await existing(self._target.channel, objects)

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure of the database, all of it by default but the tool's own tables."""
        from stepwell.engines.postgresql.structure.reading import read

        found = await self._target.describe(fresh=True)
        return await read(self._target.channel, [] if own_tables else tables_of(found))

    def _may_read(self, found: Description) -> None:
        if all(relation is None or relation.may_select for relation in (found.history, found.log)):
            return
        from stepwell.engines.postgresql.rights import check_reading

        check_reading(found, self._shown)

    @property
    def _shown(self) -> str:
        url = self._target.url
        return url.shown if url is not None else "the database"

    async def check_rights(self, history: History) -> None:
        """Name what this role may not do."""
        from stepwell.engines.postgresql.rights import check_rights

        check_rights(await self._target.describe(), history, self._shown)

    async def read_log(self, limit: int | None, batch: str | None) -> tuple[LogEntry, ...]:
        """The newest rows, oldest first."""
        from stepwell.engines.postgresql.named import named

        names = await self._readable_log()
        if names is None:
            return ()
        sql = names.select_log(of_batch=batch is not None)
        rows = await named(self._target.channel, sql, {"batch": batch, "limit": limit})
        return tuple(log_entry(row, as_utc) for row in reversed(rows))

    async def last_fingerprint(self) -> Left | None:
        """The last one of the log."""
        names = await self._readable_log()
        if names is None:
            return None
        return left_behind(await self._target.channel.rows(names.select_fingerprint), as_utc)

    async def _readable_log(self) -> PostgresNames | None:
        """The names of the tables, where there is a log. Raises for one to distrust, or that may not be read."""
        found = await self._target.describe(fresh=True)
        if not trusted_log(found, self._trusted):
            return None
        self._may_read(found)
        return self._target.tables(found)

    async def holder(self) -> str | None:
        """Who holds the lock, in words."""
        from stepwell.engines.postgresql.lock import holder

        return await holder(self._target.channel, await self._target.key())

    async def end_holder(self) -> bool:
        """End the session that holds the lock."""
        from stepwell.engines.postgresql.lock import end_holder

        return await end_holder(self._target.channel, await self._target.key())

    async def obstacle(self) -> str | None:
        """Whom the statement of this connection waits for, asked by another one."""
        from stepwell.engines.postgresql.lock import blocker

        if self._segments.guard is not None:  # a third connection may be one too many for the pool
            return await self._segments.guard.obstacle()
        if not self._target.may_dial:
            return None
        if self._watching is None:
            self._watching = await self._target.second()
        number = self._target.channel.connection.info.backend_pid
        return await blocker(self._watching, await self._target.key(), number)

    # --- acting ---

    async def check_sessions(self, *, strict: bool) -> None:
        """See that steps without a transaction can run."""
        await self._segments.check_sessions(strict=strict)

    async def prepare(self) -> Busy | None:
        """Create or extend the tool's own tables."""
        return await self._segments.prepare()

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Begin, try the lock, read the mark."""
        return await self._segments.acquire(transactional=transactional)

    async def begin_step(self, step: Step) -> Wire:
        """Start a step."""
        return await self._segments.begin_step(step)

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """End a step."""
        await self._segments.end_step(step, wrote_data=wrote_data)

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Write a record and its log row."""
        await self._segments.record(kept, line, batch)

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and log it."""
        await self._segments.forget(record, line, batch)

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Update a record in its place and log it."""
        await self._segments.revise(record, kept, line, batch)

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log rows."""
        await self._segments.log(lines, batch)

    async def commit(self) -> Sealed:
        """End the segment so that it stands."""
        return await self._segments.commit()

    async def abort(self) -> None:
        """End the segment so that nothing of its transaction stands."""
        await self._segments.abort()

    async def cut(self) -> None:
        """Close it; the server undoes what is open."""
        with suppress(Exception):
            await self._target.channel.connection.close()

    async def recover(self) -> None:
        """Connect again, if need be."""
        await self._segments.recover()

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says that this batch has done."""
        return await self._segments.confirm(batch)

    async def cancel(self) -> None:
        """Stop what runs on the server."""
        await self._target.channel.connection.cancel_safe(timeout=5)

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A read-only transaction of its own."""
        return self._segments.reader()

    def rehearsal(self) -> PostgresRehearsal:
        """Rows for a rehearsal."""
        from stepwell.engines.postgresql.fill import PostgresRehearsal

        return PostgresRehearsal(self._target)

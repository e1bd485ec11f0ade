"""One connection to MySQL or MariaDB for one run: it asks by itself, and acts through `segments`.

It decides nothing about migrations.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stepwell.core.history import History, HistoryMark, TableShape, mark_of
from stepwell.core.tables import attempts_of, left_behind, log_entry
from stepwell.engines.mysql.inspect import refuse_lone_changes, refuse_read_only
from stepwell.engines.mysql.rights import check_rights
from stepwell.engines.mysql.rows import as_utc, read_record
from stepwell.engines.mysql.segments import Segments
from stepwell.engines.mysql.target import Target
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
    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.mysql.fill import MySQLRehearsal
    from stepwell.engines.mysql.inspect import Description
    from stepwell.ports import Batch, ConnectOptions, Dialect, Kept, Sealed, Wire

CHANGED = frozenset({"1412", "1146"})  # a table was altered, or dropped, since it was looked at
MOST_READS = 5
ALL_ROWS = 2**63 - 1  # LIMIT has no word for all


async def connect(url: DatabaseUrl | None, options: ConnectOptions) -> MySQLConnection:
    """Open a connection by URL, or take the one that the caller's function gives."""
    target = Target(url, options)
    await target.open()
    return MySQLConnection(target)


class MySQLConnection:
    """See `stepwell.ports.Connection` for what each method promises."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._segments = Segments(target)

    @property
    def dialect(self) -> Dialect:
        """That of the server, whatever the URL says."""
        return self._target.dialect

    async def close(self) -> None:
        """Give everything back."""
        await self._segments.abort()
        with suppress(EngineError):
            await self._target.close()

    # --- asking ---

    async def about(self) -> About:
        """What database this is."""
        server = self._target.server
        url = self._target.url
        shown = url.shown if url is not None else f"{server.name}:///{server.database}"
        table = f"{server.database}.{self._target.settings.table}"
        return About(shown, server.name, table, server.user, self._target.warnings)

    async def server(self) -> str | None:
        """Its machine, port and folder: no two servers share these, whatever they are called."""
        (row,) = await self._target.channel.rows("SELECT @@hostname, @@port, @@datadir, @@pid_file")
        return " ".join(str(each) for each in row)

    async def read(self) -> History:
        """The history, of one moment: its parts are read in one transaction.

        Another runner may make or extend the tables meanwhile; the server then refuses to read them as they were.
        """
        for _ in range(MOST_READS):
            try:
                return await self._read_at_once()
            except EngineError as error:
                if error.fault.sqlstate not in CHANGED:
                    raise
        return await self._read_at_once()

    async def _read_at_once(self) -> History:
        found = await self._target.describe()
        if found.shape is TableShape.ABSENT:
            return History(found.shape, log_exists=found.log_exists)
        own = not self._target.channel.in_transaction
        if own:
            await self._target.channel.execute("START TRANSACTION READ ONLY")
        try:
            return await self._read(found)
        finally:
            if own and not self._target.channel.broken:
                await self._target.channel.execute("ROLLBACK")

    async def _read(self, found: Description) -> History:
        names = self._target.names
        columns, rows = await self._target.channel.fetch(names.select_records)
        records = tuple(read_record(dict(zip(columns, row, strict=True))) for row in rows)
        journal: list[Any] = await self._target.channel.rows(names.select_journal) if found.log_exists else []
        attempts = attempts_of(journal, frozenset(record.version for record in records))
        if any(attempt.cut_off for attempt in attempts):
            attempts = await self._judged(attempts)
        ids = (record.id for record in records)
        rows_of_mark = await self._target.channel.rows(names.select_mark) if found.log_exists else []
        mark = HistoryMark.of(rows_of_mark[0]) if rows_of_mark else mark_of(ids)
        return History(found.shape, records, attempts, mark, found.log_exists)

    async def _judged(self, attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        from stepwell.engines.mysql.catalog import judge
        from stepwell.journal import judged

        return await judged(attempts, lambda fingerprint: judge(self._target.channel, fingerprint))

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Which of these are in the database already."""
        from stepwell.engines.mysql.existing import existing

        return await existing(self._target, objects)

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure of the database, all of it by default but the tool's own tables."""
        from stepwell.engines.mysql.structure.reading import read

        return await read(self._target, frozenset() if own_tables else await self._target.present())

    async def check_rights(self, history: History) -> None:
        """Name what this user may not do, and where nobody may write."""
        refuse_lone_changes(self._target.server, self._target.shown)
        refuse_read_only(self._target.server, self._target.shown)
        await check_rights(self._target, history)

    async def read_log(self, limit: int | None, batch: str | None) -> tuple[LogEntry, ...]:
        """The newest rows, oldest first."""
        if not (await self._target.describe()).log_exists:
            return ()
        sql = self._target.names.select_log(of_batch=batch is not None)
        values = {"batch": batch, "limit": ALL_ROWS if limit is None else limit}
        return tuple(log_entry(row, as_utc) for row in reversed(await self._target.channel.rows(sql, values)))

    async def last_fingerprint(self) -> Left | None:
        """The last one of the log."""
        if not (await self._target.describe()).log_exists:
            return None
        return left_behind(await self._target.channel.rows(self._target.names.select_fingerprint), as_utc)

    async def holder(self) -> str | None:
        """Who holds the lock."""
        return await self._target.lock.holder()

    async def end_holder(self) -> bool:
        """End the session that holds the lock, or take the lease away from it."""
        return await self._target.lock.end_holder()

    async def cancel(self) -> None:
        """Stop the statement that runs, by a second connection."""
        await self._target.cancel()

    async def obstacle(self) -> str | None:
        """Nobody is asked."""
        return None

    # --- acting ---

    async def check_sessions(self, *, strict: bool) -> None:
        """The lock finds a proxy out that changes sessions."""

    async def prepare(self) -> Busy | None:
        """See `Segments`, as for all that follows."""
        return await self._segments.prepare()

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Begin, try the lock once, read the mark."""
        return await self._segments.acquire(transactional=transactional)

    async def begin_step(self, step: Step) -> Wire:
        """Start a step."""
        return await self._segments.begin_step(step)

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """End a step. There are no deferred constraints, whatever it wrote."""
        await self._segments.end_step(step)

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Write a record and its log line."""
        await self._segments.record(kept, line, batch)

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and log it."""
        await self._segments.forget(record, line, batch)

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Update a record and log it."""
        await self._segments.revise(record, kept, line, batch)

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines."""
        await self._segments.log(lines, batch)

    async def commit(self) -> Sealed:
        """End the segment."""
        return await self._segments.commit()

    async def abort(self) -> None:
        """End the segment."""
        await self._segments.abort()

    async def cut(self) -> None:
        """Drop it; the server undoes what is open."""
        self._target.channel.drop()

    async def recover(self) -> None:
        """Connect again, if need be."""
        await self._segments.recover()

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """What the log says that this batch has done."""
        return await self._segments.confirm(batch)

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A read-only transaction of its own."""
        return self._segments.reader()

    def rehearsal(self) -> MySQLRehearsal:
        """Rows for a rehearsal."""
        from stepwell.engines.mysql.fill import MySQLRehearsal

        return MySQLRehearsal(self._target)

"""`mark` and `unmark`: correct the history on purpose, running nothing (`stamp` in Alembic, `--fake` in Django).

Both take the lock, show first what they would do, and leave a row in the log.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.app.connecting import connected
from stepwell.app.gather import gather
from stepwell.app.shelf import Shelf
from stepwell.core.actions import Busy, LogEvent, LogLine
from stepwell.core.answers import CorrectionReport
from stepwell.core.errors import LockTimeoutError, TargetError
from stepwell.core.events import Connected, Waiting
from stepwell.core.history import State
from stepwell.core.migration import Direction, Version
from stepwell.core.run import FIRST_POLL
from stepwell.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History
    from stepwell.core.migration import Migration
    from stepwell.core.plan import Situation
    from stepwell.ports import Connection


async def mark(context: Context, version: str, *, dry_run: bool = False) -> CorrectionReport:
    """Record a migration as applied, as its file is now. Raises `TargetError` where there is no such file."""
    return await _Correction(context, dry_run=dry_run).mark(Version.parse(version))


async def unmark(context: Context, version: str, *, dry_run: bool = False) -> CorrectionReport:
    """Remove a record (or forget an unfinished attempt), whatever its version looks like. Raises `TargetError` where
    there is none.
    """
    return await _Correction(context, dry_run=dry_run).unmark(Version(version))


class _Correction:
    def __init__(self, context: Context, *, dry_run: bool) -> None:
        self._context, self._dry_run = context, dry_run
        self._shelf = Shelf(context)
        self._batch = context.new_batch()

    async def mark(self, version: Version) -> CorrectionReport:
        connection = await self._connected()
        try:
            situation, _ = await self._situation(connection)
            entry = situation.entries.get(version)
            migration = entry.migration if entry is not None else None
            if entry is None or migration is None:
                raise TargetError(
                    f"no migration file has the version {version}", hint="see 'stepwell status'"
                )
            if entry.state is State.APPLIED:
                return self._report("mark", entry, changed=False, message=f"{version} is applied already")
            warnings = _unmet(situation, entry)
            if not self._dry_run:
                await self._locked(connection, lambda: self._write_mark(connection, entry, migration))
            what = (
                "its record now has the file as it is"
                if entry.applied
                else "recorded as applied, nothing was run"
            )
            return self._report("mark", entry, changed=True, message=f"{version}: {what}", warnings=warnings)
        finally:
            await connection.close()

    async def unmark(self, version: Version) -> CorrectionReport:
        connection = await self._connected()
        try:
            situation, history = await self._situation(connection)
            entry = situation.entries.get(version)
            begun = any(attempt.version == version for attempt in history.attempts)
            if entry is None or not (entry.applied or begun):
                raise TargetError(f"{version} is not applied", hint="see 'stepwell status'")
            warnings = _needed(situation, entry)
            if not self._dry_run:
                await self._locked(connection, lambda: self._write_unmark(connection, entry))
            message = f"{version}: its record was removed, nothing was run; it is pending now"
            return self._report("unmark", entry, changed=True, message=message, warnings=warnings)
        finally:
            await connection.close()

    async def _connected(self) -> Connection:
        connection = await connected(self._context, self._shelf, read_only=self._dry_run)
        about = await connection.about()
        self._context.emit(Connected(about.url, about.engine))
        return connection

    async def _situation(self, connection: Connection) -> tuple[Situation, History]:
        history = await connection.read()
        return gather(self._shelf, history, whole=True).situation, history

    async def _write_mark(self, connection: Connection, entry: Entry, migration: Migration) -> None:
        kept = Kept(migration, self._shelf.checksum(migration))
        line = LogLine(LogEvent.MARKED, entry.version, Direction.UP)
        if entry.record is not None:
            await connection.revise(entry.record, kept, line, self._batch)
        else:
            await connection.record(kept, line, self._batch)

    async def _write_unmark(self, connection: Connection, entry: Entry) -> None:
        line = LogLine(LogEvent.UNMARKED, entry.version, Direction.DOWN)
        if entry.record is None:
            await connection.log((line,), self._batch)
            return
        await connection.forget(entry.record, line, self._batch)

    async def _locked(self, connection: Connection, write: Callable[[], Awaitable[None]]) -> None:
        """Write under the lock, in one transaction."""
        await connection.check_rights(await connection.read())
        await self._poll(connection, connection.prepare)
        await self._poll(connection, lambda: connection.acquire(transactional=True))
        try:
            await write()
        except BaseException:
            await connection.abort()
            raise
        await connection.commit()

    async def _poll(self, connection: Connection, attempt: Callable[[], Awaitable[object]]) -> None:
        waited, limit = 0.0, self._context.settings.lock_wait
        while isinstance(outcome := await attempt(), Busy):
            if waited >= limit:
                raise LockTimeoutError(f"locked: {outcome.holder or 'somebody else'} holds the lock")
            self._context.emit(Waiting(outcome.holder, waited, limit))
            await asyncio.sleep(FIRST_POLL)
            waited += FIRST_POLL

    def _report(
        self, action: str, entry: Entry, *, changed: bool, message: str, warnings: tuple[str, ...] = ()
    ) -> CorrectionReport:
        return CorrectionReport(action, entry.version, entry.name, self._dry_run, changed, message, warnings)


def _unmet(situation: Situation, entry: Entry) -> tuple[str, ...]:
    lacking = [each for each in entry.dependencies if not situation.entries[each].applied]
    return tuple(f"{entry.version} depends on {each}, which is not applied" for each in lacking)


def _needed(situation: Situation, entry: Entry) -> tuple[str, ...]:
    dependents = situation.graph.dependents[entry.version]
    applied = [each for each in dependents if situation.entries[each].applied]
    return tuple(f"{each} depends on {entry.version} and stays applied" for each in applied)

"""`mark` and `unmark`: correct the history on purpose, running nothing (`stamp` in Alembic, `--fake` in Django).

Both take the lock, show first what they would do, and leave a row in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.correcting import Correction, Decided
from stepwell.core.actions import LogEvent, LogLine
from stepwell.core.answers import CorrectionReport
from stepwell.core.errors import TargetError
from stepwell.core.history import State
from stepwell.core.migration import Direction, Version
from stepwell.ports import Kept

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History, Record
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


class _Correction(Correction):
    async def mark(self, version: Version) -> CorrectionReport:
        return await self.corrected(lambda connection, found, _: self._marking(connection, found, version))

    async def unmark(self, version: Version) -> CorrectionReport:
        return await self.corrected(
            lambda connection, found, history: self._unmarking(connection, found, history, version)
        )

    def _marking(
        self, connection: Connection, situation: Situation, version: Version
    ) -> Decided[CorrectionReport]:
        entry = situation.entries.get(version)
        migration = entry.migration if entry is not None else None
        if entry is None or migration is None:
            raise TargetError(f"no migration file has the version {version}", hint="see 'stepwell status'")
        if entry.state is State.APPLIED:
            return Decided(
                self._report("mark", entry, changed=False, message=f"{version} is applied already")
            )
        what = (
            "its record now has the file as it is"
            if entry.applied
            else "recorded as applied, nothing was run"
        )
        report = self._report(
            "mark", entry, changed=True, message=f"{version}: {what}", warnings=_unmet(situation, entry)
        )
        return Decided(report, lambda: self._write_mark(connection, entry, migration))

    def _unmarking(
        self, connection: Connection, situation: Situation, history: History, version: Version
    ) -> Decided[CorrectionReport]:
        entry = situation.entries.get(version)
        begun = any(attempt.version == version for attempt in history.attempts)
        if entry is None or not (entry.applied or begun):
            raise TargetError(f"{version} is not applied", hint="see 'stepwell status'")
        record = _record_meant(entry, version)
        message = f"{version}: its record was removed, nothing was run; {_what_it_is_now(entry, record)}"
        report = self._report(
            "unmark", entry, changed=True, message=message, warnings=_needed(situation, entry)
        )
        return Decided(report, lambda: self._write_unmark(connection, entry.version, record))

    async def _write_mark(self, connection: Connection, entry: Entry, migration: Migration) -> None:
        kept = Kept(migration, self.shelf.checksum(migration))
        line = LogLine(LogEvent.MARKED, entry.version, Direction.UP)
        if entry.record is not None:
            await connection.revise(entry.record, kept, line, self.batch)
        else:
            await connection.record(kept, line, self.batch)

    async def _write_unmark(self, connection: Connection, version: Version, record: Record | None) -> None:
        line = LogLine(LogEvent.UNMARKED, version, Direction.DOWN)
        if record is None:
            await connection.log((line,), self.batch)
            return
        await connection.forget(record, line, self.batch)

    def _report(
        self, action: str, entry: Entry, *, changed: bool, message: str, warnings: tuple[str, ...] = ()
    ) -> CorrectionReport:
        return CorrectionReport(action, entry.version, entry.name, self.dry_run, changed, message, warnings)


def _record_meant(entry: Entry, version: Version) -> Record | None:
    """Of several records of one version (`6` and `006`), the one that is written like this; else the first."""
    if entry.record is None:
        return None
    rows = (entry.record, *entry.twins)
    return next((each for each in rows if each.version.text == version.text), entry.record)


def _what_it_is_now(entry: Entry, forgotten: Record | None) -> str:
    if entry.twins:
        rows = (entry.record, *entry.twins)
        return "left are: " + ", ".join(
            f"{each.version} (row {each.id})" for each in rows if each is not None and each is not forgotten
        )
    return "it is pending now" if entry.migration is not None else "it is forgotten"


def _unmet(situation: Situation, entry: Entry) -> tuple[str, ...]:
    lacking = [each for each in entry.dependencies if not situation.entries[each].applied]
    return tuple(f"{entry.version} depends on {each}, which is not applied" for each in lacking)


def _needed(situation: Situation, entry: Entry) -> tuple[str, ...]:
    dependents = situation.graph.dependents[entry.version]
    applied = [each for each in dependents if situation.entries[each].applied]
    return tuple(f"{each} depends on {entry.version} and stays applied" for each in applied)

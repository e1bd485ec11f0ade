"""`repair`: settle whether statements that were cut off ran, by the catalog or by what a person says. Runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import settled
from stepwell.app.correcting import Correction, Decided
from stepwell.core.actions import LogEvent, LogLine
from stepwell.core.answers import Repair, RepairReport
from stepwell.core.errors import LockTimeoutError, TargetError, locked
from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.history import History
from stepwell.core.migration import Direction, Version
from stepwell.journal import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.app.context import Context
    from stepwell.core.history import Attempt
    from stepwell.core.plan import Situation
    from stepwell.ports import Connection

SAID = {
    Verdict.RAN: Judgement(Verdict.RAN, "so it was said by hand"),
    Verdict.NOT_RUN: Judgement(Verdict.NOT_RUN, "so it was said by hand"),
}
UNTOLD = Judgement(Verdict.UNKNOWN, "nothing in the database tells")
# What is written for each verdict: a statement that may run again counts like one that did not.
EVENTS = {
    Verdict.RAN: LogEvent.DONE,
    Verdict.NOT_RUN: LogEvent.STATEMENT_FAILED,
    Verdict.REPEATABLE: LogEvent.STATEMENT_FAILED,
}


async def repair(
    context: Context, *, done: Sequence[str] = (), not_done: Sequence[str] = (), dry_run: bool = False
) -> RepairReport:
    """Settle every statement that was cut off, as far as the catalog tells, and those of the versions given by hand.

    Raises `TargetError` for a version of which nothing was cut off, or that is given both ways.
    """
    said = {Version(version): SAID[Verdict.RAN] for version in done}
    other = {Version(version): SAID[Verdict.NOT_RUN] for version in not_done}
    if both := said.keys() & other.keys():
        raise TargetError(f"{min(both)} can't both have run and not run", hint="give it one way")
    return await _Repair(context, said | other, dry_run=dry_run).run()


class _Repair(Correction):
    def __init__(self, context: Context, said: Mapping[Version, Judgement], *, dry_run: bool) -> None:
        super().__init__(context, dry_run=dry_run)
        self._said = said

    async def run(self) -> RepairReport:
        return await self.corrected(self._decide, self._read)

    async def _read(self, connection: Connection) -> History:
        """The history when nobody is at work any more: what seems to be cut off may just be running."""
        found = await settled(self.context, connection)
        if isinstance(found, History):
            return found
        fault = found.fault or locked(None, self.context.settings.lock_wait)
        raise LockTimeoutError(fault.message, hint=fault.hint)

    def _decide(
        self, connection: Connection, situation: Situation, history: History
    ) -> Decided[RepairReport]:
        cut = [attempt for attempt in history.attempts if attempt.cut_off is not None]
        if missing := self._said.keys() - {attempt.version for attempt in cut}:
            raise TargetError(
                f"no statement of {min(missing)} was cut off: there is nothing to decide",
                hint="see 'stepwell status' and 'stepwell repair'",
            )
        repairs = [self._repaired(attempt, situation) for attempt in cut]
        lines = tuple(
            _line(repair, attempt)
            for repair, attempt in zip(repairs, cut, strict=True)
            if not repair.in_doubt
        )
        report = RepairReport(self.dry_run, tuple(repairs))
        if not lines:
            return Decided(report)
        return Decided(report, lambda: connection.log(lines, self.batch))

    def _repaired(self, attempt: Attempt, situation: Situation) -> Repair:
        entry, number = situation.entries.get(attempt.version), attempt.entries[-1].statement
        verdict, why = self._said.get(attempt.version) or attempt.judgement or UNTOLD
        name = entry.name if entry is not None else attempt.version.text
        return Repair(
            attempt.version, name, attempt.direction, number, verdict, why, _text(attempt, situation)
        )


def _line(repair: Repair, attempt: Attempt) -> LogLine:
    return LogLine(
        EVENTS[repair.verdict],
        repair.version,
        Direction(repair.direction),
        statement=repair.statement,
        digest=attempt.entries[-1].digest,
        error=f"repair: {repair.why}",
    )


def _text(attempt: Attempt, situation: Situation) -> str | None:
    """The statement as the file has it, if that is there and still the one that was cut off."""
    entry = situation.entries.get(attempt.version)
    if entry is None or entry.migration is None:
        return None
    for each in entry.migration.statements(Direction(attempt.direction)):
        if digest_of(each.text, each.copy_data) == attempt.entries[-1].digest:
            return each.text
    return None

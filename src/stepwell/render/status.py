"""The status as a table for people: which database, every migration with its state, and what to run next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.contradictions import contradiction
from stepwell.core.history import State
from stepwell.core.standing import Verdict
from stepwell.render.cells import one_line, wrap
from stepwell.render.table import Cell, Column, Shrink, draw
from stepwell.render.view import STATES, Tone
from stepwell.render.when import counted, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.answers import StatusReport
    from stepwell.core.history import Entry
    from stepwell.core.standing import Standing
    from stepwell.render.view import View

_COLUMNS = (
    Column("version"),
    Column("name"),
    Column("description"),
    Column("dependencies", "depends"),
    Column("state"),
    Column("applied at"),
)
_VERSION, _NAME, _DESCRIPTION, _DEPENDENCIES, _STATE, _APPLIED_AT = range(len(_COLUMNS))
_SHRINK = Shrink(
    floors=((_DESCRIPTION, 16), (_DEPENDENCIES, 8), (_NAME, 20), (_DESCRIPTION, 8), (_NAME, 8)),
    leave_out=(_DESCRIPTION, _DEPENDENCIES, _APPLIED_AT, _NAME),
)


_STANDING_TONES = {Verdict.SAME: Tone.GOOD, Verdict.CHANGED: Tone.BAD, Verdict.UNKNOWN: Tone.WARNING}


def status_text(report: StatusReport, view: View) -> str:
    """Draw the status; no line is longer than the view is wide."""
    lines = wrap(f"database: {printable_database(report)}", view.width, "  ")
    if report.entries:
        lines += ["", *draw(_COLUMNS, [_row(entry, view) for entry in report.entries], view, _SHRINK)]
    lines += [
        "",
        *_advice(report, view),
        *_findings(report, view),
        *_standing(report, view),
        *_next(report, view),
    ]
    return "\n".join(lines) + "\n"


def printable_database(report: StatusReport) -> str:
    """Name the database and the history table."""
    return one_line(f"{report.url} ({report.engine}, table {report.table})")


def _row(entry: Entry, view: View) -> list[Cell]:
    badge = STATES[entry.state]
    return [
        Cell(entry.version.text, Tone.STRONG),
        Cell(one_line(entry.name)),
        Cell(one_line(entry.description)),
        Cell(", ".join(version.text for version in entry.dependencies)),
        Cell(badge.text(view), badge.tone),
        Cell(moment(entry.record.applied_at if entry.record else None, view), Tone.FAINT),
    ]


def _advice(report: StatusReport, view: View) -> Iterator[str]:
    for entry in report.entries:
        if found := contradiction(entry):
            for line in wrap(one_line(found.sentence), view.width, "  "):
                yield view.paint(line, STATES[entry.state].tone)


def _findings(report: StatusReport, view: View) -> Iterator[str]:
    for finding in report.findings:
        yield from wrap(one_line(f"{finding.place}: {finding.message} [{finding.code}]"), view.width, "  ")
        if finding.hint:
            yield from wrap(one_line(f"  hint: {finding.hint}"), view.width, "  ")


def _standing(report: StatusReport, view: View) -> Iterator[str]:
    if report.standing is not None:
        tone = _STANDING_TONES[report.standing.verdict]
        for line in wrap(one_line(_standing_sentence(report.standing, view)), view.width, "  "):
            yield view.paint(line, tone)


def _standing_sentence(standing: Standing, view: View) -> str:
    """Whether the structure is still the one that the last run left."""
    left = standing.left
    run = "" if left is None else f" ({moment(left.taken_at, view)}, batch {left.batch})"
    match standing.verdict:
        case Verdict.SAME:
            return f"the structure is as the last run left it{run}"
        case Verdict.CHANGED:
            return f"the structure is not as the last run left it{run}: 'stepwell drift' tells what is other"
    return f"whether the structure is as the last run left it can't be told: {standing.why}"


def _next(report: StatusReport, view: View) -> list[str]:
    return wrap(_next_sentence(report), view.width, "  ")


def _next_sentence(report: StatusReport) -> str:
    counts = report.counts
    if not report.entries:
        return "no migrations yet: run 'stepwell new NAME'"
    if counts[State.IN_DOUBT]:
        return f"{counts[State.IN_DOUBT]} in doubt: see above before anything else is run"
    if unfinished := counts[State.FAILED]:
        return f"{unfinished} failed, {counts[State.PENDING]} pending: {_way_on(report)}"
    if counts[State.PENDING]:
        return f"{counts[State.PENDING]} pending: run 'stepwell migrate'"
    if report.up_to_date:
        return f"up to date: {counted(counts[State.APPLIED], 'migration')} applied"
    contradicting = sum(entry.state is not State.APPLIED or bool(entry.twins) for entry in report.entries)
    return f"nothing pending, {contradicting} to look at: see above"


def _way_on(report: StatusReport) -> str:
    """What to run where steps have failed."""
    failed = [entry for entry in report.entries if entry.state is State.FAILED]
    if any(entry.file_gone for entry in failed):
        return "see above before anything else is run"
    return f"run 'stepwell {'rollback' if any(entry.applied for entry in failed) else 'migrate'}'"

"""The report of a run or of a dry run as text: what happened to each step, what stands now, what went
wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import Direction
from stepwell.core.report import Outcome
from stepwell.render.cells import one_line, pad, printable, width
from stepwell.render.view import OUTCOMES, Tone
from stepwell.render.when import counted, elapsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.report import RunReport, SegmentReport, StatementReport, StepReport
    from stepwell.render.view import View

_DONE = {Direction.UP: "applied", Direction.DOWN: "reverted"}
_VERB = {Direction.UP: "apply", Direction.DOWN: "revert"}


def run_text(report: RunReport, view: View, *, statements: bool = False) -> str:
    """Draw the report of a run; `statements` asks for those of every step. Warnings and the error are not
    in it.
    """
    lines = [*_adopted(report, view)]
    if report.steps or report.error is not None:
        lines += _plan(report, view) if _planned(report) else _outcomes(report, view, statements)
    elif not lines:
        lines = ["nothing to do"]
    if report.stands:
        lines += ["", printable(report.stands)]
    return "\n".join(lines) + "\n"


def _adopted(report: RunReport, view: View) -> Iterator[str]:
    """What was recorded because it is there, with the evidence."""
    if not report.adopted:
        return
    verb = "would record" if report.dry_run else "recorded"
    count = counted(len(report.adopted), "migration")
    yield view.paint(f"{verb} {count} as applied, found in the database and not run:", Tone.STRONG)
    yield from (f"  {one_line(str(each))}" for each in report.adopted)
    if report.steps:
        yield ""


def _planned(report: RunReport) -> bool:
    return report.dry_run or all(step.outcome is Outcome.PLANNED for step in report.steps)


def _outcomes(report: RunReport, view: View, statements: bool) -> Iterator[str]:
    yield view.paint(_headline(report), Tone.STRONG)
    rows = [(OUTCOMES[step.outcome], _title(step), elapsed(step.elapsed_ms)) for step in report.steps]
    badge_room = max((width(badge.text(view)) for badge, _, _ in rows), default=0)
    title_room = max((width(title) for _, title, _ in rows), default=0)
    for step, (badge, title, time) in zip(report.steps, rows, strict=True):
        word = badge.text(view)
        painted = view.paint(word, badge.tone) + pad("", badge_room - width(word))
        yield f"  {painted}  {pad(title, title_room)}  {view.paint(time, Tone.FAINT)}".rstrip()
        for statement in step.statements if statements else ():
            yield from _statement(statement, view)


def _headline(report: RunReport) -> str:
    done = len(report.versions(Outcome.APPLIED)) + len(report.versions(Outcome.REVERTED))
    total = len(report.steps)
    count = counted(done, "migration") if report.ok else f"{done} of {counted(total, 'migration')}"
    return f"{_DONE[report.direction]} {count} in {elapsed(report.elapsed_ms)} (batch {report.batch})"


def _title(step: StepReport) -> str:
    return one_line(f"{step.version} {step.name}")


def _plan(report: RunReport, view: View) -> Iterator[str]:
    yield view.paint(
        f"would {_VERB[report.direction]} {counted(len(report.steps), 'migration')}:", Tone.STRONG
    )
    segments = {segment.number: segment for segment in report.segments}
    current: int | None = None
    for step in report.steps:
        if step.segment != current:
            current = step.segment
            yield ""
            yield _segment_line(segments.get(current), current, view)
        yield from _planned_step(step, view)


def _segment_line(segment: SegmentReport | None, number: int, view: View) -> str:
    kind = "" if segment is None else "one transaction" if segment.transactional else "no transaction"
    reason = (
        ""
        if segment is None or not segment.ends_because
        else f"; ends here: {one_line(segment.ends_because)}"
    )
    about = f" ({kind}{reason})" if kind else ""
    return view.paint(f"segment {number}{about}", Tone.FAINT)


def _planned_step(step: StepReport, view: View) -> Iterator[str]:
    badge = OUTCOMES[step.outcome]
    yield f"  {view.paint(badge.text(view), badge.tone)}  {_title(step)}"
    for statement in step.statements:
        yield from _statement(statement, view)
    if step.note:
        yield f"      {view.paint('-- ' + one_line(step.note), Tone.WARNING)}"


def _statement(statement: StatementReport, view: View) -> Iterator[str]:
    text = printable(statement.sql).strip()
    for line in (text if text.endswith(";") else text + ";").split("\n"):
        yield f"      {line}".rstrip()
    if statement.values is not None:
        yield f"      {view.paint('-- values: ' + one_line(repr(statement.values)), Tone.FAINT)}"
    if statement.note:
        yield f"      {view.paint('-- ' + one_line(statement.note), Tone.FAINT)}"

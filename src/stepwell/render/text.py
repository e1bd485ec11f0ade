"""The other reports as text: check, log, corrections of the history, the lock, files that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.render.cells import one_line, printable, wrap
from stepwell.render.table import Cell, Column, Shrink, draw
from stepwell.render.view import Tone
from stepwell.render.when import counted, elapsed, moment

if TYPE_CHECKING:
    from stepwell.core.answers import (
        CheckReport,
        CorrectionReport,
        CreatedFiles,
        LockReport,
        LogEntry,
        LogReport,
    )
    from stepwell.core.migration import Finding
    from stepwell.render.view import View

_LOG_COLUMNS = (
    Column("started at"),
    Column("batch"),
    Column("version"),
    Column("direction"),
    Column("event"),
    Column("statement", "stmt"),
    Column("took"),
    Column("by"),
    Column("error"),
)
_STARTED, _BATCH, _VERSION, _DIRECTION, _EVENT, _STATEMENT, _TOOK, _BY, _ERROR = range(len(_LOG_COLUMNS))
_LOG_SHRINK = Shrink(
    floors=((_ERROR, 20), (_BY, 8), (_BATCH, 8), (_STATEMENT, 5), (_ERROR, 8)),
    leave_out=(_BY, _STATEMENT, _BATCH, _TOOK, _DIRECTION, _ERROR, _STARTED),
)
_EVENT_TONES = {"failed": Tone.BAD, "done": Tone.GOOD, "applied": Tone.GOOD, "reverted": Tone.GOOD}


def check_text(report: CheckReport, view: View) -> str:
    """Draw the findings of `check`, one a line with its hint, and their number."""
    lines = [line for finding in report.findings for line in _finding(finding, view)]
    found = counted(len(report.findings), "finding") if report.findings else "no findings"
    against = f" against {report.url}" if report.url else ""
    return "\n".join([*lines, f"{counted(report.files, 'file')} checked{against}: {found}"]) + "\n"


def _finding(finding: Finding, view: View) -> list[str]:
    code = view.paint(f"[{finding.code}]", Tone.FAINT)
    lines = [f"{view.paint(printable(str(finding.place)), Tone.STRONG)}: {one_line(finding.message)} {code}"]
    return lines if not finding.hint else [*lines, f"  hint: {one_line(finding.hint)}"]


def log_text(report: LogReport, view: View) -> str:
    """Draw the log as a table, newest last."""
    lines = wrap(
        one_line(f"database: {report.url} ({report.engine}, table {report.table})"), view.width, "  "
    )
    if not report.entries:
        return "\n".join([*lines, "", "the log is empty"]) + "\n"
    rows = [_log_row(entry, view) for entry in report.entries]
    return "\n".join([*lines, "", *draw(_LOG_COLUMNS, rows, view, _LOG_SHRINK)]) + "\n"


def _log_row(entry: LogEntry, view: View) -> list[Cell]:
    who = "@".join(part for part in (entry.user, entry.host) if part)
    which = "" if entry.statement is None else str(entry.statement)
    return [
        Cell(moment(entry.started_at, view), Tone.FAINT),
        Cell(one_line(entry.batch)),
        Cell(entry.version.text if entry.version else "", Tone.STRONG),
        Cell(one_line(entry.direction or "")),
        Cell(one_line(entry.event), _EVENT_TONES.get(entry.event)),
        Cell(which if entry.statements is None or not which else f"{which}/{entry.statements}"),
        Cell(elapsed(entry.elapsed_ms)),
        Cell(one_line(who)),
        Cell(one_line(entry.error or ""), Tone.BAD),
    ]


def correction_text(report: CorrectionReport) -> str:
    """Say what `mark` or `unmark` did to the history, or would do. Warnings are not in it."""
    note = " (dry run: nothing was written)" if report.dry_run else ""
    return f"{printable(report.message)}{note}\n"


def lock_text(report: LockReport) -> str:
    """Say who holds the lock."""
    if report.holder is None:
        sentence = "nobody holds the lock"
    elif report.ended:
        sentence = f"ended the holder of the lock: {report.holder}"
    else:
        sentence = f"the lock is held by {report.holder}\nto end that holder: stepwell unlock --force"
    return f"database: {printable(report.url)}\n{printable(sentence)}\n"


def created_text(report: CreatedFiles) -> str:
    """List the files that were made, those that were there before, and what to do next."""
    lines = [f"created {path}" for path in report.created]
    lines += [f"kept    {path}" for path in report.kept]
    return "\n".join(printable(line) for line in (*lines, *report.notes)) + "\n"

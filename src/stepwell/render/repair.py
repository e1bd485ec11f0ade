"""What `repair` found and wrote, as text and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.evidence import Verdict
from stepwell.core.history import command
from stepwell.render.cells import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.answers import Repair, RepairReport

_FOUND = {
    Verdict.RAN: "it ran: {why}; marked as done",
    Verdict.NOT_RUN: "it did not run: {why}; the next run does it",
    Verdict.REPEATABLE: "it may have run, and may run again: {why}; the next run does it",
    Verdict.UNKNOWN: "in doubt: {why}",
}


def repair_text(report: RepairReport) -> str:
    """One paragraph for each statement that was cut off, with the commands by which a person decides."""
    if not report.repairs:
        return "nothing was cut off: there is nothing to repair\n"
    lines = [line for repair in report.repairs for line in _told(repair)]
    if report.dry_run:
        lines.append("(dry run: nothing was written)")
    return "\n".join(lines) + "\n"


def _told(repair: Repair) -> Iterator[str]:
    found = _FOUND[repair.verdict].format(why=repair.why)
    title = f"{repair.version}" if repair.name == repair.version.text else f"{repair.version} {repair.name}"
    yield one_line(f"{title}, statement {repair.statement} ({repair.direction}): {found}")
    if repair.sql is not None:
        yield from (f"    {line}" for line in printable(repair.sql).splitlines())
    if repair.in_doubt:
        yield "  " + one_line(f"look at the database; if it ran: {command('repair --done', repair.version)}")
        yield "  " + one_line(f"if it did not: {command('repair --not-done', repair.version)}")


def repair_document(report: RepairReport) -> dict[str, Any]:
    """The document of `repair`; `ok` is false where something is left for a person to decide."""
    return {
        "format": 1,
        "ok": not report.in_doubt,
        "dry_run": report.dry_run,
        "repairs": [
            {
                "version": repair.version.text,
                "name": repair.name,
                "direction": repair.direction,
                "statement": repair.statement,
                "sql": repair.sql,
                "verdict": repair.verdict.value,
                "why": repair.why,
            }
            for repair in report.repairs
        ],
        "error": None,
    }

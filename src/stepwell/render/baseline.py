"""What `baseline` recorded, as text and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.render.cells import one_line

if TYPE_CHECKING:
    from stepwell.core.answers import BaselineReport


def baseline_text(report: BaselineReport) -> str:
    """The evidence, what lacks, and what was recorded."""
    lines = [f"  {one_line(each)}" for each in report.evidence]
    if lines:
        lines.insert(0, "found in the database:")
    if report.missing:
        lines += ["missing, so that it ends before it:", *(f"  {one_line(each)}" for each in report.missing)]
    verb = "would record" if report.dry_run else "recorded"
    if report.recorded:
        lines.append(f"{verb} as applied, nothing was run:")
        lines += [f"  {one_line(f'{version} {name}')}" for version, name in report.recorded]
    else:
        lines.append("nothing to record: all of that is applied already")
    return "\n".join(lines) + "\n"


def baseline_document(report: BaselineReport) -> dict[str, Any]:
    """The document of `baseline`."""
    return {
        "format": 1,
        "ok": True,
        "dry_run": report.dry_run,
        "recorded": [{"version": version.text, "name": name} for version, name in report.recorded],
        "evidence": list(report.evidence),
        "missing": list(report.missing),
        "warnings": list(report.warnings),
        "error": None,
    }

"""Printing the report of a run that came to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.cli.output import Output
    from stepwell.core.report import RunReport


def show_run(report: RunReport, output: Output) -> int:
    """Print the report, its warnings beside it, and give its exit code."""
    from stepwell.render.json import run_document
    from stepwell.render.run import run_text

    for warning in report.warnings:
        output.warn(warning)
    output.result(
        lambda view: output.redactor.clean(run_text(report, view, statements=output.verbose)),
        lambda: run_document(report),
    )
    return report.exit_code

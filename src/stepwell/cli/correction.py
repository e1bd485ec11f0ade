"""Printing what a correction of the history did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.cli.output import Output
    from stepwell.core.answers import CorrectionReport


def show_correction(report: CorrectionReport, output: Output) -> int:
    """Print the report, its warnings beside it, and give the exit code."""
    from stepwell.render.json import correction_document
    from stepwell.render.text import correction_text

    for warning in report.warnings:
        output.warn(warning)
    output.result(lambda _: correction_text(report), lambda: correction_document(report))
    return 0

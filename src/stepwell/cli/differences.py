"""How commands that compare structures tell the difference: `diff` and `drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.core.answers import DiffReport

_DIFFERENT = 3


def unified_flag(parser: ArgumentParser) -> None:
    """Add the flag that chooses the unified view."""
    parser.add_argument(
        "--unified", action="store_true", help="show it as 'diff -u' does, attribute by attribute"
    )


def tell(context: Context, report: DiffReport) -> int:
    """Print what is different, and give the exit code: 3 where something is."""
    from stepwell.render.diff import diff_document, diff_text, unified_text

    text = unified_text if context.arguments.unified else diff_text
    clean = context.output.redactor.clean
    context.output.result(lambda view: clean(text(report, view)), lambda: diff_document(report))
    return 0 if report.diff.equal else _DIFFERENT

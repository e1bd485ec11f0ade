"""`stepwell drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

_DRIFTED = 3


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--unified", action="store_true", help="show it as 'diff -u' does, attribute by attribute"
    )


async def run(context: Context) -> int:
    """Compare the live structure with that of the applied migrations."""
    from stepwell.render.diff import diff_document, diff_text, unified_text

    with context.project() as project:
        report = await project.drift()
    text = unified_text if context.arguments.unified else diff_text
    clean = context.output.redactor.clean
    context.output.result(lambda view: clean(text(report, view)), lambda: diff_document(report))
    return 0 if report.diff.equal else _DRIFTED


COMMAND = Command(
    name="drift",
    help="what in the live database is other than its migrations give",
    about=(
        "Replay the applied migrations on a scratch database, and compare its structure with that of the live one.\n"
        "Nothing is written there. Exits 3 where something is different."
    ),
    configure=configure,
    run=run,
    examples=(("stepwell drift", "what somebody has changed by hand"),),
)

"""`stepwell status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

_NOT_UP_TO_DATE = 3


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("--check", action="store_true", help="exit 3 unless all are applied and unchanged")
    parser.add_argument(
        "--drift",
        action="store_true",
        help="say whether the structure is still the one that the last run left, and exit 3 if it is not",
    )


async def run(context: Context) -> int:
    """Show the state of every migration."""
    from stepwell.render.json import status_document
    from stepwell.render.status import status_text

    with context.project(names_database=False) as project:
        report = await project.status(drift=context.arguments.drift)
    context.output.result(lambda view: status_text(report, view), lambda: status_document(report))
    behind = context.arguments.check and not report.up_to_date
    return _NOT_UP_TO_DATE if behind or report.drifted else 0


COMMAND = Command(
    name="status",
    help="show every migration and its state",
    configure=configure,
    run=run,
    examples=(
        ("stepwell status", "a table of all migrations"),
        ("stepwell status --check", "for a script: exit 3 unless all are applied and unchanged"),
        ("stepwell status --drift", "whether somebody has changed the structure by hand"),
        ("stepwell status --format json", "the same as one JSON document"),
    ),
)

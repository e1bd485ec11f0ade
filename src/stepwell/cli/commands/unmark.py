"""`stepwell unmark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.asking import yes_flag
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    # Any text: an older runner may have recorded what no file could have.
    parser.add_argument("version", metavar="V", help="the version whose record to remove")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, write nothing")
    yes_flag(parser)


async def run(context: Context) -> int:
    """Remove the record of a migration without reverting it."""
    from stepwell.cli.correction import correct
    from stepwell.project import Project

    return await correct(context, Project.unmark, "remove that?")


COMMAND = Command(
    name="unmark",
    help="remove the record of a migration without reverting it",
    about="Remove the record of a migration without running its down(): it is pending again, or forgotten.",
    configure=configure,
    run=run,
    examples=(
        ("stepwell unmark 003 --dry-run", "say what would be removed"),
        ("stepwell unmark 003", "remove the record of 003"),
    ),
)

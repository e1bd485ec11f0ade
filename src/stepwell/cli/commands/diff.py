"""`stepwell diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command
from stepwell.cli.differences import tell, unified_flag

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "before", metavar="BEFORE", help="the file of a snapshot, or 'live' for the database now"
    )
    parser.add_argument("after", metavar="AFTER", help="the same")
    unified_flag(parser)


async def run(context: Context) -> int:
    """Compare two snapshots."""
    with context.project() as project:
        report = await project.diff(context.arguments.before, context.arguments.after)
    return tell(context, report)


COMMAND = Command(
    name="diff",
    help="what is different between two snapshots",
    about=(
        "Compare two snapshots of a database, and tell what is different in the second.\n"
        "Each is a file that 'stepwell snapshot -o FILE' has made, or 'live' for the database as it is now.\n"
        "Exits 3 where something is different."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell diff before.json live", "what has changed since the file was made"),
        ("stepwell diff staging.json production.json --unified", "attribute by attribute"),
    ),
    settings=("url",),
)

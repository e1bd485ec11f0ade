"""`stepwell mark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import version
from stepwell.cli.asking import yes_flag
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("version", metavar="V", type=version, help="the version to record")
    parser.add_argument("--dry-run", action="store_true", help="say what would be recorded, write nothing")
    yes_flag(parser)


async def run(context: Context) -> int:
    """Record a migration as applied without running it."""
    from stepwell.cli.correction import correct
    from stepwell.project import Project

    return await correct(context, Project.mark, "record that?")


COMMAND = Command(
    name="mark",
    help="record a migration as applied without running it",
    about=(
        "Record a migration as applied without running it, or accept the file of one as it is now.\n"
        "Other tools call this 'stamp' (Alembic) or '--fake' (Django)."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell mark 003 --dry-run", "say what would be recorded"),
        ("stepwell mark 003", "record 003"),
    ),
)

"""`stepwell drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command
from stepwell.cli.differences import tell, unified_flag

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    unified_flag(parser)


async def run(context: Context) -> int:
    """Compare the live structure with that of the applied migrations."""
    with context.project() as project:
        report = await project.drift()
    return tell(context, report)


COMMAND = Command(
    name="drift",
    help="what in the live database is other than its migrations give",
    about=(
        "Replay the applied migrations on a scratch database, and compare its structure with that of the live one.\n"
        "Nothing is written there. Exits 3 where something is different that is not to be ignored."
    ),
    configure=configure,
    run=run,
    settings=("url", "migrations", "scratch_url", "scratch", "ignore"),
    examples=(
        ("stepwell drift", "what somebody has changed by hand"),
        ("stepwell drift --ignore 'index tmp_* # of the nightly job'", "but for what may differ"),
    ),
)

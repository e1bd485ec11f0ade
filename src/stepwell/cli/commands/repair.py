"""`stepwell repair`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

IN_DOUBT = 6


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--done",
        metavar="V",
        type=version,
        action="append",
        default=[],
        help="the statement at which V was cut off ran",
    )
    parser.add_argument(
        "--not-done",
        metavar="V",
        type=version,
        action="append",
        default=[],
        help="the statement at which V was cut off did not run",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, write nothing")


async def run(context: Context) -> int:
    """Settle what is in doubt."""
    from stepwell.render.repair import repair_document, repair_text

    arguments = context.arguments
    with context.project() as project:
        report = await project.repair(
            done=arguments.done, not_done=arguments.not_done, dry_run=arguments.dry_run
        )
    context.output.result(lambda _: repair_text(report), lambda: repair_document(report))
    return IN_DOUBT if report.in_doubt else 0


COMMAND = Command(
    name="repair",
    help="settle whether statements ran that were cut off",
    about=(
        "A step without a transaction can be cut off while a statement runs, and its answer be lost. Where the\n"
        "database tells whether it ran, that is written down; where it does not, a person looks and decides.\n"
        "No migration is run. Exits 6 as long as something is in doubt."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell repair --dry-run", "say what is in doubt, and what the database tells"),
        ("stepwell repair --done 007", "the statement at which 007 was cut off ran"),
        ("stepwell repair --not-done 007", "it did not: the next migrate runs it"),
    ),
)

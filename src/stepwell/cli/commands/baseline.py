"""`stepwell baseline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--to", metavar="V", type=version, help="record up to this version, whatever is there"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be recorded, write nothing")


async def run(context: Context) -> int:
    """Record migrations as applied without running them."""
    from stepwell.render.baseline import baseline_document, baseline_text

    with context.project() as project:
        report = await project.baseline(to=context.arguments.to, dry_run=context.arguments.dry_run)
    for warning in report.warnings:
        context.output.warn(warning)
    context.output.result(lambda _: baseline_text(report), lambda: baseline_document(report))
    return 0


COMMAND = Command(
    name="baseline",
    help="take over a database that exists: record what is there as applied",
    about=(
        "Record migrations as applied without running them ('stamp' in Alembic, '--fake' in Django): up to a version,\n"
        "or as far as the database has everything that they give on a scratch database. The evidence is shown."
    ),
    configure=configure,
    run=run,
    examples=(
        ("stepwell baseline --dry-run", "what is there, and what would be recorded"),
        ("stepwell baseline", "record it"),
        ("stepwell baseline --to 005", "record 001 to 005, whatever is there"),
    ),
)

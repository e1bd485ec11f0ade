"""`stepwell baseline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import version
from stepwell.cli.asking import agreed, asks, yes_flag
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.project import Project


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--to", metavar="V", type=version, help="record up to this version, whatever is there"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be recorded, write nothing")
    yes_flag(parser)


async def run(context: Context) -> int:
    """Record migrations as applied without running them."""
    from stepwell.render.baseline import baseline_document, baseline_text

    arguments = context.arguments
    asked = asks(context)
    if asked and not await agreed(context, lambda project: _preview(context, project), "record that?"):
        return 0
    with context.project(names_database=not asked) as project:
        report = await project.baseline(to=arguments.to, dry_run=arguments.dry_run)
    for warning in report.warnings:
        context.output.warn(warning)
    context.output.result(lambda _: baseline_text(report), lambda: baseline_document(report))
    return 0


async def _preview(context: Context, project: Project) -> str | None:
    """What would be recorded, and what speaks for it; None: nothing."""
    from stepwell.render.baseline import baseline_text

    found = await project.baseline(to=context.arguments.to, dry_run=True)
    for warning in found.warnings:
        context.output.warn(warning)
    return baseline_text(found) if found.recorded else None


COMMAND = Command(
    name="baseline",
    help="take over a database that exists: record what is there as applied",
    about=(
        "Record migrations as applied without running them ('stamp' in Alembic, '--fake' in Django): up to a version,\n"
        "or as far as the database has everything that they give on a scratch database. The evidence is shown."
    ),
    configure=configure,
    run=run,
    settings=("url", "migrations", "scratch_url", "scratch"),
    examples=(
        ("stepwell baseline --dry-run", "what is there, and what would be recorded"),
        ("stepwell baseline", "record it"),
        ("stepwell baseline --to 005", "record 001 to 005, whatever is there"),
    ),
)

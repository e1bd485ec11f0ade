"""`stepwell unlock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--force", action="store_true", help="end that holder; what it had not committed is undone"
    )


async def run(context: Context) -> int:
    """Say who holds the lock, and end that holder where this is asked for."""
    from stepwell.render.json import lock_document
    from stepwell.render.text import lock_text

    with context.project(names_database=False) as project:
        report = await project.unlock(force=context.arguments.force)
    context.output.result(lambda _: lock_text(report), lambda: lock_document(report))
    return 0


COMMAND = Command(
    name="unlock",
    help="say who holds the lock; with --force, end that holder",
    configure=configure,
    run=run,
    examples=(
        ("stepwell unlock", "who holds the lock, since when"),
        ("stepwell unlock --force", "end that session"),
    ),
)

"""`stepwell migrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import DRY_RUN, add_contradictions, version
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--target",
        metavar="V",
        type=version,
        help=(
            "end at this version: everything pending that stands at or before it in the plan order is applied "
            "(unlike Django and Alembic, which apply only what it depends on: that is --only-needed)"
        ),
    )
    parser.add_argument(
        "--only-needed", action="store_true", help="with --target: only that version and what it depends on"
    )
    parser.add_argument("--dry-run", action="store_true", help=DRY_RUN)
    add_contradictions(parser)


async def run(context: Context) -> int:
    """Apply what is pending."""
    from stepwell.cli.report import show_run
    from stepwell.core.errors import UsageError
    from stepwell.core.migration import Direction

    context.direction = Direction.UP
    arguments = context.arguments
    if arguments.only_needed and arguments.target is None:
        raise UsageError("--only-needed says nothing without --target")
    with context.project() as project:
        report = await project.migrate(
            target=arguments.target,
            only_needed=arguments.only_needed,
            dry_run=arguments.dry_run,
            strict=arguments.strict,
            allow_changed=arguments.allow_changed,
            allow_missing=arguments.allow_missing,
        )
    return show_run(report, context.output)


COMMAND = Command(
    name="migrate",
    help="apply what is pending, in order",
    about="Apply what is pending, in order. If one migration fails, everything of the run is undone.",
    configure=configure,
    run=run,
    settings=(
        "url",
        "migrations",
        "atomic",
        "lock_wait",
        "lock_timeout",
        "statement_timeout",
        "scratch_url",
        "scratch",
    ),
    examples=(
        ("stepwell migrate", "apply all that is pending"),
        ("stepwell migrate --dry-run", "show the plan and its SQL, change nothing"),
        ("stepwell migrate --target 003", "apply up to and including 003"),
        ("stepwell migrate --target 003 --only-needed", "apply 003 and what it depends on"),
        ("stepwell migrate --atomic migration", "keep what was applied before a failure"),
    ),
)

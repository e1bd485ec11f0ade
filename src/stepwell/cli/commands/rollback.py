"""`stepwell rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.arguments import DRY_RUN, add_contradictions, positive, version
from stepwell.cli.asking import agreed, asks, yes_flag
from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context
    from stepwell.project import Project


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    how_far = parser.add_mutually_exclusive_group()
    how_far.add_argument(
        "--target",
        metavar="V",
        type=version,
        help="end at this version: everything that stands after it in the plan order is reverted, in reverse "
        "order of application; 'base' reverts all",
    )
    how_far.add_argument("--steps", metavar="N", type=positive, help="revert the last N applied (default: 1)")
    how_far.add_argument(
        "--batch",
        metavar="ID",
        nargs="?",
        const="last",
        help="revert what this batch has applied and what stands of it, in reverse order of application "
        "(without ID: the last batch of which anything stands; see 'stepwell log')",
    )
    parser.add_argument("--dry-run", action="store_true", help=DRY_RUN)
    yes_flag(parser)
    add_contradictions(parser)


async def run(context: Context) -> int:
    """Revert what was applied."""
    from stepwell.cli.report import show_run
    from stepwell.core.migration import Direction

    context.direction = Direction.DOWN
    arguments = context.arguments
    asked = asks(context)
    if asked and not await agreed(context, lambda project: _preview(context, project), "revert?"):
        return 0
    with context.project(names_database=not asked) as project:
        report = await project.rollback(
            target=arguments.target,
            steps=arguments.steps,
            batch=arguments.batch,
            dry_run=arguments.dry_run,
            strict=arguments.strict,
            allow_changed=arguments.allow_changed,
            allow_missing=arguments.allow_missing,
        )
    return show_run(report, context.output)


async def _preview(context: Context, project: Project) -> str | None:
    """What would be reverted; None: nothing."""
    from stepwell.core.migration import Direction
    from stepwell.render.run import run_text

    plan = await project.preview(
        Direction.DOWN,
        target=context.arguments.target,
        steps=context.arguments.steps,
        batch=context.arguments.batch,
    )
    return run_text(plan, context.output.err_view()) if plan.steps else None


COMMAND = Command(
    name="rollback",
    help="revert what was applied, the last one first",
    about="Revert what was applied: without --target and --steps the last one.",
    configure=configure,
    run=run,
    settings=("url", "migrations", "atomic", "lock_wait", "lock_timeout", "statement_timeout"),
    examples=(
        ("stepwell rollback", "revert the last one applied"),
        ("stepwell rollback --steps 3 --dry-run", "show how the last three would be reverted"),
        ("stepwell rollback --target 002", "revert everything after 002"),
        ("stepwell rollback --batch", "revert what the last run has applied"),
        ("stepwell rollback --target base --yes", "revert everything, without a question"),
    ),
)

"""`stepwell log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

_DEFAULT_LIMIT = 50


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_limit,
        default=_DEFAULT_LIMIT,
        help="how many of the newest entries, or 'all' (default: 50)",
    )
    parser.add_argument("--batch", metavar="ID", help="only those of one run")


def _limit(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text!r} is neither a number from 1 nor 'all'")
    return int(text)


async def run(context: Context) -> int:
    """Show what was done."""
    from stepwell.render.json import log_document
    from stepwell.render.text import log_text

    with context.project(names_database=False) as project:
        report = await project.log(limit=context.arguments.limit, batch=context.arguments.batch)
    clean = context.output.redactor.clean
    context.output.result(lambda view: clean(log_text(report, view)), lambda: log_document(report))
    return 0


COMMAND = Command(
    name="log",
    help="show what was done, when, by whom, how long it took",
    configure=configure,
    run=run,
    examples=(
        ("stepwell log", "the last 50 entries, newest last"),
        ("stepwell log --limit all --format json", "everything, for a machine"),
    ),
)

"""Showing on a terminal what would be done, and asking before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Awaitable, Callable

    from stepwell.cli.context import Context
    from stepwell.project import Project

_YES = ("y", "yes")


def yes_flag(parser: ArgumentParser) -> None:
    """Add the flag that answers the question."""
    parser.add_argument("--yes", action="store_true", help="do not ask first on a terminal")


def asks(context: Context) -> bool:
    """Whether somebody is to be asked: on a terminal, unless that was answered, or nothing will be done."""
    answered = context.arguments.dry_run or context.arguments.yes
    return not answered and context.output.can_ask()


async def agreed(
    context: Context, preview: Callable[[Project], Awaitable[str | None]], question: str
) -> bool:
    """Show what would be done, as `preview` tells it, and ask; where it gives None, there is nothing to ask."""
    with context.project() as project:
        shown = await preview(project)
    if shown is None:
        return True
    context.output.insist(shown)
    if answer(context, f"{question} [y/N] ") in _YES:
        return True
    context.output.say("nothing done")
    return False


def answer(context: Context, question: str) -> str:
    """What somebody types, in lower case."""
    from stepwell.cli.signals import interruptible

    with interruptible():
        return context.output.ask(question).lower()

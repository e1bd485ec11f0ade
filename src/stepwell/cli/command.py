"""What a command is: its name, its help, its arguments, and the function that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Coroutine

    from stepwell.cli.context import Context


def no_arguments(parser: ArgumentParser) -> None:
    """Configure a command that has only the common options."""


class Command(NamedTuple):
    """One command.

    `help` is one line; `about` is more, for the command's own help; `examples` are command lines with what
    they do; `settings` names the settings whose flags its help shows; `run` gives the exit code, or a
    coroutine of it.
    """

    name: str
    help: str
    run: Callable[[Context], int | Coroutine[Any, Any, int]]
    configure: Callable[[ArgumentParser], None] = no_arguments
    about: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    settings: tuple[str, ...] = ("url", "migrations")

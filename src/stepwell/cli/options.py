"""The options that every command has, before or after its name; every setting is one of them. It parses
nothing.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.duration import parse_duration
from stepwell.core.settings import SETTINGS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

DEFAULT_WAIT = 60.0  # seconds, for `--wait` without a number
SETTING_PREFIX = "setting_"  # of the names under which the parser keeps settings

COMMON_HELP = {
    "--env": "use [tool.stepwell.env.NAME] of the configuration (STEPWELL_ENV)",
    "--config": "the configuration; its folder is the root of the project",
    "--format": "what results are printed as",
    "--wait": f"wait for a database that is starting (default: {DEFAULT_WAIT:g})",
    "--no-color": "no colours (also: NO_COLOR)",
    "--quiet": "say nothing but results and errors",
    "--verbose": "show statements, and tracebacks of bugs",
    "--help": "show this and end",
    "--version": "show the version and end",
}


class Format(StrEnum):
    """What results are printed as."""

    TEXT = "text"
    JSON = "json"


class Verbosity(Enum):
    """How much is told besides the result: errors, progress, or every statement and tracebacks too."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class Options(NamedTuple):
    """The common options as values. `flags` are the settings that were given, `wait` is in seconds."""

    format: Format = Format.TEXT
    verbosity: Verbosity = Verbosity.NORMAL
    no_color: bool = False
    env: str | None = None
    config: Path | None = None
    wait: float | None = None
    flags: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, arguments: Namespace) -> Options:
        """Take them out of parsed arguments."""
        flags = ((setting.name, getattr(arguments, SETTING_PREFIX + setting.name)) for setting in SETTINGS)
        return cls(
            format=Format(arguments.format),
            verbosity=_verbosity(arguments),
            no_color=arguments.no_color,
            env=arguments.env,
            config=arguments.config,
            wait=arguments.wait,
            flags=tuple((name, value) for name, value in flags if value is not None),
        )


def _verbosity(arguments: Namespace) -> Verbosity:
    if arguments.quiet:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if arguments.verbose else Verbosity.NORMAL


def split_command(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Find the command among the arguments: the first that is neither an option nor the value of a common
    one.

    Gives the command, or None, and the arguments without it.
    """
    takes_value = {"--env", "--config", "--format", *(setting.flag for setting in SETTINGS)}
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if not argument.startswith("-") or argument in ("-", "--"):
            return argument, [*arguments[:position], *arguments[position + 1 :]]
        position += 2 if argument in takes_value else 1
        if argument == "--wait" and position < len(arguments) and _is_duration(arguments[position]):
            position += 1
    return None, list(arguments)


def settle_wait(arguments: Sequence[str]) -> list[str]:
    """Give a bare `--wait` its default, so that it does not take the next argument for its seconds."""
    following = [*arguments[1:], ""]
    return [
        f"--wait={DEFAULT_WAIT:g}"
        if argument == "--wait" and not _is_duration(following[index])
        else argument
        for index, argument in enumerate(arguments)
    ]


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, as far as it can be told of arguments that could not be parsed."""
    following = [*arguments[1:], ""]
    return any(
        argument == "--format=json" or (argument == "--format" and following[index] == "json")
        for index, argument in enumerate(arguments)
    )

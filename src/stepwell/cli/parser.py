"""Parsing the command line of one command, the common options in it. Errors are values."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from stepwell.cli.options import COMMON_HELP, DEFAULT_WAIT, SETTING_PREFIX, Format
from stepwell.core.duration import parse_duration
from stepwell.core.errors import UsageError
from stepwell.core.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stepwell.cli.command import Command
    from stepwell.core.settings import Setting

_PROGRAM = "stepwell"


class Parser(ArgumentParser):
    """An argument parser whose errors are `UsageError`s, so that they can be told as JSON too."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message, hint=f"see '{self.prog} --help'")


def command_parser(command: Command | None) -> Parser:
    """The parser of one command; of None, that of the program, which knows the common options only."""
    parser = Parser(
        prog=_PROGRAM if command is None else f"{_PROGRAM} {command.name}",
        description=None if command is None else command.about or command.help,
        epilog=None if command is None else _examples(command),
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    if command is None:
        add_common(parser, ())
    else:
        configure(parser, command)
    return parser


def configure(parser: ArgumentParser, command: Command) -> None:
    """Add what a command takes, and the common options."""
    command.configure(parser)
    add_common(parser, command.settings)


def add_common(parser: ArgumentParser, shown: Collection[str]) -> None:
    """Add the common options; of the settings, the help shows those of `shown`."""
    group = parser.add_argument_group("common options")
    add = group.add_argument
    for setting in SETTINGS:
        _add_setting(add, setting, visible=setting.name in shown)
    add("--env", metavar="NAME", help=COMMON_HELP["--env"])
    add("--config", metavar="FILE", type=Path, help=COMMON_HELP["--config"])
    add("--format", choices=[*Format], default=Format.TEXT.value, help=COMMON_HELP["--format"])
    add(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=_duration,
        const=DEFAULT_WAIT,
        help=COMMON_HELP["--wait"],
    )
    add("--no-color", action="store_true", help=COMMON_HELP["--no-color"])
    volume = group.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help=COMMON_HELP["--quiet"])
    volume.add_argument("-v", "--verbose", action="store_true", help=COMMON_HELP["--verbose"])
    add("-h", "--help", action="help", help=COMMON_HELP["--help"])


def _add_setting(add: Callable[..., object], setting: Setting, *, visible: bool) -> None:
    add(
        setting.flag,
        dest=SETTING_PREFIX + setting.name,
        metavar="|".join(setting.choices) or setting.metavar,
        action="append" if setting.many else "store",
        help=setting.help if visible else SUPPRESS,
    )


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as problem:
        raise ArgumentTypeError(str(problem)) from None


def _examples(command: Command) -> str:
    room = max((len(line) for line, _ in command.examples), default=0)
    lines = [f"  {line:{room}}  {text}".rstrip() for line, text in command.examples]
    return "\n".join(["examples:", *lines, "", f"Every setting has a flag: see '{_PROGRAM} --help'."])

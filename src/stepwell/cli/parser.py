"""Parsing the command line: one parser for the program's own help, one for each command. Errors are
values.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable
from typing import NoReturn

from stepwell.cli.command import Command
from stepwell.cli.options import add_common
from stepwell.core.errors import UsageError
from stepwell.core.settings import SETTINGS

_PROGRAM = "stepwell"
_ABOUT = """\
Incremental database migrations: atomic batches, one lock, honest reports.

commands:
{commands}
"""
_EXIT_CODES = """\
exit codes: 0 done, 1 a migration failed, 2 wrong usage, 3 a gate says no, 4 the migrations are wrong,
5 somebody else holds the lock, 6 a contradiction, 7 no connection, 130 or 143 interrupted
"""


class Parser(ArgumentParser):
    """An argument parser whose errors are `UsageError`s, so that they can be told as JSON too."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message, hint=f"see '{self.prog} --help'")


def program_parser(commands: Iterable[Command]) -> Parser:
    """The parser of the program without a command: for its help, which lists all commands and settings."""
    listed = [(command.name, command.help) for command in commands]
    room = max(len(name) for name, _ in listed)
    parser = Parser(
        prog=_PROGRAM,
        usage=f"{_PROGRAM} [OPTIONS] COMMAND [OPTIONS]",
        description=_ABOUT.format(commands="\n".join(f"  {name:{room}}  {text}" for name, text in listed)),
        epilog=_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    add_common(parser, {setting.name for setting in SETTINGS})
    parser.add_argument("--version", action="store_true", help="show the version and end")
    return parser


def command_parser(command: Command) -> Parser:
    """The parser of one command, with the common options in it."""
    parser = Parser(
        prog=f"{_PROGRAM} {command.name}",
        description=command.about or command.help,
        epilog=_examples(command),
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    configure(parser, command)
    return parser


def configure(parser: ArgumentParser, command: Command) -> None:
    """Add what a command takes, and the common options."""
    command.configure(parser)
    add_common(parser, command.settings)


def _examples(command: Command) -> str:
    room = max((len(line) for line, _ in command.examples), default=0)
    lines = [f"  {line:{room}}  {text}" for line, text in command.examples]
    more = f"Every setting has a flag: see '{_PROGRAM} --help'."
    return "\n".join(["examples:", *lines, "", more] if lines else [more])

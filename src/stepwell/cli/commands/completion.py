"""`stepwell completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from stepwell.cli.context import Context

_SHELLS = ("bash", "zsh", "tcsh")


def configure(parser: ArgumentParser) -> None:
    """Add what only this command takes."""
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=", ".join(_SHELLS))


def run(context: Context) -> int:
    """Print the completion script of a shell."""
    import shtab  # only this command needs it

    context.output.plain(shtab.complete(_whole_parser(), shell=context.arguments.shell) + "\n")
    return 0


def _whole_parser() -> ArgumentParser:
    """One parser with all commands in it: completion wants to see them at once."""
    from argparse import ArgumentParser

    from stepwell.cli.commands import command_names, load_command
    from stepwell.cli.parser import configure as configure_command

    parser = ArgumentParser(prog="stepwell")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name in command_names():
        command = load_command(name)
        if command is not None:
            configure_command(commands.add_parser(name, help=command.help, add_help=False), command)
    return parser


COMMAND = Command(
    name="completion",
    help="print the completion script of a shell: bash, zsh or tcsh",
    configure=configure,
    run=run,
    settings=(),
    examples=(
        ("stepwell completion bash > ~/.local/share/bash-completion/completions/stepwell", ""),
        ("stepwell completion zsh > ~/.zfunc/_stepwell", ""),
    ),
)

"""The entrance of the program: finds the command, runs it, and turns whatever happens into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from stepwell.cli.commands import command_names, load_command
from stepwell.cli.options import Format, Options, settle_wait, split_command, wants_json
from stepwell.cli.output import Output
from stepwell.core.errors import UsageError
from stepwell.core.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.cli.command import Command
    from stepwell.cli.context import Context
    from stepwell.core.report import RunReport

_GARBAGE = 50_000  # objects between two searches; Python's default is 700
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None, *, root: Path | None = None) -> int:
    """Run one command and give its exit code.

    Takes the arguments without the name of the program (None: those of the process), and the root of the
    project (None: it is found from the current folder upwards). Raises nothing but the `SystemExit` of a
    command's `--help`.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    early = Output(Options(format=Format.JSON if wants_json(arguments) else Format.TEXT), os.environ)
    try:
        name, rest = split_command(arguments)
        if name is None:
            return _without_command(rest, early)
        command = _command(name)
        context = _context(command, settle_wait(rest), root)
    except UsageError as error:
        from stepwell.cli.failure import tell

        return tell(error, early)
    return _run(command, context)


def entry() -> None:
    """The console script."""
    # Start-up makes thousands of objects that stay; to search them for garbage time and again costs a tenth of it.
    gc.set_threshold(_GARBAGE)
    code = main()
    gc.freeze()  # the process ends: to search all its objects once more would take longer than most of its work
    sys.exit(code)


def _without_command(arguments: Sequence[str], output: Output) -> int:
    if "--help" in arguments or "-h" in arguments:
        from stepwell.cli.help import program_help

        commands = filter(None, map(load_command, command_names()))
        output.plain(program_help((command.name, command.help) for command in commands))
        return 0
    if "--version" in arguments:
        from stepwell import __version__

        output.plain(f"stepwell {__version__}\n")
        return 0
    from stepwell.cli.parser import command_parser

    command_parser(None).parse_args(settle_wait(arguments))
    raise UsageError(
        "no command was given", hint=f"one of: {', '.join(command_names())}; see 'stepwell --help'"
    )


def _command(name: str) -> Command:
    command = load_command(name)
    if command is None:
        hint = did_you_mean(name, command_names())
        raise UsageError(
            f"there is no command {name!r}", hint=hint or f"one of: {', '.join(command_names())}"
        )
    return command


def _context(command: Command, arguments: Sequence[str], root: Path | None) -> Context:
    from stepwell.cli.context import Context
    from stepwell.cli.parser import command_parser

    parsed = command_parser(command).parse_args(arguments)
    options = Options.of(parsed)
    return Context(parsed, options, Output(options, os.environ), os.environ, root)


def _run(command: Command, context: Context) -> int:
    from contextlib import redirect_stdout

    try:
        with redirect_stdout(sys.stderr):  # what migrations print: standard output is for the result alone
            outcome = command.run(context)
            if isinstance(outcome, int):
                return outcome
            from stepwell.cli.signals import run_to_end

            return run_to_end(outcome)
    except KeyboardInterrupt:
        context.output.insist("\ninterrupted\n")
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where anything can be told
        from stepwell.cli.failure import tell

        return tell(error, context.output, _nothing_run(context))


def _nothing_run(context: Context) -> RunReport | None:
    """What is told of a run that failed before there was anything to report, where the command is one
    that runs.
    """
    if context.direction is None:
        return None
    from stepwell.core.report import RunReport

    dry_run = bool(context.arguments.dry_run)
    return RunReport(
        ok=False, direction=context.direction, dry_run=dry_run, batch="", elapsed_ms=0.0, steps=()
    )

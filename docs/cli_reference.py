"""Writes the page of the book about the command line out of the program's own help: `python docs/cli_reference.py`.

A test compares the page with what this gives, so that neither can go its own way.
"""

import os
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("cli.md")
_WIDTH = "80"  # of the help, whatever the terminal is
_HEAD = """\
# The command line

<!-- Written by `python docs/cli_reference.py`. Edit the help of the program, not this page. -->

`stepwell COMMAND`, `python -m stepwell COMMAND`, and in a project of `stepwell init` also
`python db/migrate_incremental.py COMMAND`. What the commands do is told in [Running migrations](running.md).
"""


def page() -> str:
    """Give the page as Markdown."""
    from stepwell.cli.commands import command_names, load_command
    from stepwell.cli.help import program_help
    from stepwell.cli.parser import command_parser

    os.environ["COLUMNS"] = _WIDTH
    commands = [command for name in command_names() if (command := load_command(name)) is not None]
    parts = [_HEAD, _block("stepwell", program_help((command.name, command.help) for command in commands))]
    parts += [_block(command.name, command_parser(command).format_help()) for command in commands]
    return "\n".join(parts)


def _block(title: str, text: str) -> str:
    return f"## {title}\n\n```text\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")

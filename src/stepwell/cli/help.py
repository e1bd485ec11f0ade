"""The help of the program as a whole. Written without argparse, which would cost more than all the rest
of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.cli.options import COMMON_HELP
from stepwell.core.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stepwell.core.settings import Setting

_COLUMN = 26
_WIDTH = 80
_HEAD = """\
usage: stepwell [OPTIONS] COMMAND [OPTIONS]

Incremental database migrations: atomic batches, one lock, honest reports.
"""
_EXIT_CODES = """\
exit codes:
  0 done, 1 a migration failed, 2 wrong usage, 3 a gate says no, 4 the migrations
  are wrong, 5 somebody else holds the lock, 6 a contradiction, 7 no connection,
  130 or 143 interrupted

'stepwell COMMAND --help' tells more, with examples.
"""
_FORMS = {
    "--env": "--env NAME",
    "--config": "--config FILE",
    "--format": "--format text|json",
    "--wait": "--wait [SECONDS]",
    "--quiet": "-q, --quiet",
    "--verbose": "-v, --verbose",
    "--help": "-h, --help",
}


def program_help(commands: Iterable[tuple[str, str]]) -> str:
    """The help of `stepwell --help`: takes each command's name and its one line of help."""
    parts = [
        _HEAD,
        "commands:",
        *(line for name, text in commands for line in _row(name, text)),
        "",
        "options, before or after the command:",
        *(line for flag, text in COMMON_HELP.items() for line in _row(_FORMS.get(flag, flag), text)),
        "",
        "settings (also STEPWELL_NAME in the environment or .env, and in the configuration):",
        *(line for setting in SETTINGS for line in _row(_form(setting), setting.help)),
        "",
        _EXIT_CODES,
    ]
    return "\n".join(parts)


def _form(setting: Setting) -> str:
    return f"{setting.flag} {'|'.join(setting.choices) or setting.metavar}"


def _row(left: str, right: str) -> Iterator[str]:
    """Two columns; what does not fit on the left stands on its own line, the right is wrapped."""
    line = f"  {left}"
    if len(line) > _COLUMN - 2:
        yield line
        line = ""
    line = line.ljust(_COLUMN)
    for word in right.split():
        if len(line) + len(word) > _WIDTH:
            yield line.rstrip()
            line = " " * _COLUMN
        line += word + " "
    yield line.rstrip()

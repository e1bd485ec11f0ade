"""The commands, one file each, found by looking into this folder. A new command is a new file and nothing
else.

A command's module imports only argument parsing at its top, so that `stepwell --help` may load all of them
and `stepwell status` pays for nothing that `migrate` needs.
"""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.cli.command import Command

_NAME = re.compile(r"[a-z][a-z0-9-]*")


def command_names() -> list[str]:
    """The names of all commands, sorted."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(__path__))


def load_command(name: str) -> Command | None:
    """Load one command; None where there is none of this name."""
    if not _NAME.fullmatch(name):
        return None
    module_name = f"{__name__}.{name.replace('-', '_')}"
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name == module_name:
            return None
        raise
    command: Command = module.COMMAND
    return command

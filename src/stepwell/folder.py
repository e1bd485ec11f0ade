"""The folder `.stepwell` in the root of a project: what is in it is the tool's own, and stays out of git."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".stepwell"
KEPT_VERDICTS = "verified.json"  # of `verify`


def make(folder: Path) -> Path:
    """Make the folder where it is missing, with a file that keeps git away from it. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="utf-8") as ignore:
        ignore.write("*\n")
    return folder

"""`init`: the files that a project needs before its first migration. It makes what is missing and
overwrites nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.scaffold import template
from stepwell.core.answers import CreatedFiles
from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = "stepwell.toml"
_FILES = {
    "db/__init__.py": "package.py",
    "db/migrations/__init__.py": "migrations.py",
    "db/session.py": "session.py",
    "db/migrate_incremental.py": "migrate_incremental.py",
}
_NOTES = (
    "next: name the database in DATABASE_URL, .env or the configuration,",
    "then 'stepwell new NAME' for the first migration, and 'stepwell migrate'",
)


def init(root: Path, *, configured: bool) -> CreatedFiles:
    """Make what is missing in the root of a project; a configuration only where none was found
    (`configured`).

    Raises `UsageError` where a file can't be written.
    """
    wanted = _FILES if configured else {CONFIGURATION: CONFIGURATION, **_FILES}
    created: list[str] = []
    kept: list[str] = []
    for path, name in wanted.items():
        (created if _make(root / path, path, template(name)) else kept).append(path)
    return CreatedFiles(tuple(created), tuple(kept), _NOTES if created else ("nothing was missing",))


def _make(path: Path, shown: str, text: str) -> bool:
    """Write a file unless there is one; true where it was written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"{shown} can't be made: something else is in its place") from None
        return False
    except OSError as problem:
        raise UsageError(f"{shown} can't be written: {problem.strerror}") from problem
    return True

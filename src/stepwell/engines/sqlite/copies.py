"""Copies of a filled throw-away database in a file, by the backup API of SQLite; all lie in one temporary folder."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sqlite3
import tempfile
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.url import DatabaseUrl
from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from stepwell.ports import Copy, Fill

PREFIX = "stepwell-copies-"
LOCK = "lock"  # whoever uses a folder holds the lock of this file in it, so that one whose lock is free is nobody's


@asynccontextmanager
async def copies(fill: Fill) -> AsyncIterator[Copy]:
    """Have a file filled, and give what makes copies of it."""
    with _folder() as folder:
        filled = folder / "filled.db"
        await fill(_scratch(filled))

        @asynccontextmanager
        async def copy() -> AsyncIterator[Scratch]:
            own = Path(tempfile.mkdtemp(dir=folder))
            try:
                await asyncio.to_thread(_backup, filled, own / "test.db")
                yield _scratch(own / "test.db")
            finally:
                shutil.rmtree(own, ignore_errors=True)

        yield copy


def _scratch(path: Path) -> Scratch:
    return Scratch(DatabaseUrl("sqlite", "sqlite", database=str(path)))


def _backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        after.execute("PRAGMA synchronous = OFF")  # a power cut loses a test, nothing else
        before.backup(after)


@contextmanager
def _folder() -> Iterator[Path]:
    """A new folder, removed in the end; those that killed processes have left are removed too."""
    _remove_left(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / "new").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            Path(lock.name).rename(
                folder / LOCK
            )  # only now: while it is free under that name, it is nobody's
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(place: Path) -> None:
    """One without the file of its lock is just being made."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

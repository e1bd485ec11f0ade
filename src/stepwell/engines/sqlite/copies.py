"""Copies of a filled throw-away database in a file, by the backup API of SQLite; all lie in one temporary folder."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.core.url import DatabaseUrl
from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.ports import Copy, Fill


@asynccontextmanager
async def copies(fill: Fill) -> AsyncIterator[Copy]:
    """Have a file filled, and give what makes copies of it."""
    with tempfile.TemporaryDirectory(prefix="stepwell-", ignore_cleanup_errors=True) as folder:
        filled = Path(folder) / "filled.db"
        await fill(_scratch(filled))

        @asynccontextmanager
        async def copy() -> AsyncIterator[Scratch]:
            with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
                path = Path(own) / "test.db"
                await asyncio.to_thread(_backup, filled, path)
                yield _scratch(path)

        yield copy


def _scratch(path: Path) -> Scratch:
    return Scratch(DatabaseUrl("sqlite", "sqlite", database=str(path)))


def _backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        after.execute("PRAGMA synchronous = OFF")  # a power cut loses a test, nothing else
        before.backup(after)

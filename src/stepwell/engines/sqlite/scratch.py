"""A throw-away database in memory: it lives as long as the one connection to it, which is lent to every run.

No file can be opened from it, whoever asks: a migration that attaches one would run on that file itself.
"""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_IN_MEMORY = frozenset({"", ":memory:"})  # names that are no file; VACUUM attaches the first one for itself

_OF_THE_PROCESS = frozenset(
    {"temp_store_directory", "data_store_directory"}
)  # pragmas for all its connections


@asynccontextmanager
async def scratch() -> AsyncIterator[Scratch]:
    """Give it empty; with it goes what is in it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection:
        connection.set_authorizer(_authorize)
        yield Scratch(None, connect=lambda: connection, shared=True)


def _authorize(action: int, name: str | None, *_: str | None) -> int:
    """Whether a statement may be prepared. A name that is no literal is not known here."""
    is_file = action == sqlite3.SQLITE_ATTACH and name not in _IN_MEMORY
    is_folder = action == sqlite3.SQLITE_PRAGMA and name in _OF_THE_PROCESS
    return sqlite3.SQLITE_DENY if is_file or is_folder else sqlite3.SQLITE_OK

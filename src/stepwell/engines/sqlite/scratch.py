"""A throw-away database in memory: it lives as long as the one connection to it, which is lent to every run."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def scratch() -> AsyncIterator[Scratch]:
    """Give it empty; with it goes what is in it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as connection:
        yield Scratch(None, connect=lambda: connection)

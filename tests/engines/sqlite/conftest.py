"""Snapshots of databases in memory, each made by some statements."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from stepwell.core.schema.snapshot import Snapshot
from stepwell.project import Project

Take = Callable[..., Snapshot]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty database in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        yield made


def snapshot_of(connection: sqlite3.Connection, *, own_tables: bool = False) -> Snapshot:
    """The snapshot of what a connection has."""
    return asyncio.run(Project(connect=lambda: connection, engine="sqlite").snapshot(own_tables=own_tables))


@pytest.fixture(scope="session")
def take() -> Take:
    """A function that gives the snapshot after some statements."""

    def taken(*scripts: str) -> Snapshot:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            for script in scripts:
                connection.executescript(script)
            return snapshot_of(connection)

    return taken

"""A workshop on each engine, for the tests that kill and interrupt."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

pytest.register_assert_rewrite(
    "stepwell.testing"
)  # before its first import, whichever folder is collected first

from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def postgresql_shop(postgresql_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database of PostgreSQL."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    return Workshop(postgresql_url, tmp_path, ask)


@pytest.fixture
def sqlite_shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new file."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
            return connection.execute(sql).fetchall()

    return Workshop(sqlite_url, tmp_path, ask)


@pytest.fixture
def sqlite_wal_shop(sqlite_shop: Workshop) -> Workshop:
    """A file with a write-ahead log."""
    assert sqlite_shop.ask("PRAGMA journal_mode = WAL") == [("wal",)]
    return sqlite_shop


@pytest.fixture(params=["sqlite", "sqlite_wal", "postgresql"])
def shop(request: pytest.FixtureRequest) -> Workshop:
    """A workshop on each engine in turn."""
    found: Workshop = request.getfixturevalue(f"{request.param}_shop")
    return found

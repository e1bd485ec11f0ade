"""SQLite passes the conformance suite."""

import sqlite3
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from stepwell.testing import EngineConformance


class TestSQLite(EngineConformance):
    """Everything that an engine promises, on a file."""

    seven_columns = (
        "CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, version VARCHAR(50) UNIQUE NOT NULL,"
        " name VARCHAR(255) NOT NULL, description TEXT, dependencies TEXT,"
        " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    failing = ("SELECT id FROM no_such_table_anywhere", "SQLITE_ERROR")
    foreign_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "a trigger": (
            "CREATE TRIGGER {table}_t AFTER INSERT ON {table} BEGIN DELETE FROM {table} WHERE id < 0; END",
        ),
    }

    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        """A file that is not there yet."""
        return sqlite_url

    def ask(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """By the standard library."""
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

"""MariaDB passes the conformance suite."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from tests.mariadb import ask

from stepwell.testing import EngineConformance


class TestMariaDB(EngineConformance):
    """Everything that an engine promises, on a database of its own for each test."""

    seven_columns = (
        "CREATE TABLE {table} (id INTEGER AUTO_INCREMENT PRIMARY KEY, version VARCHAR(50) UNIQUE NOT NULL,"
        " name VARCHAR(255) NOT NULL, description TEXT, dependencies TEXT,"
        " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    failing = ("SELECT id FROM no_such_table_anywhere", "1146")
    drop_index = "DROP INDEX {index} ON {table}"
    foreign_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "a trigger": ("CREATE TRIGGER {table}_t BEFORE INSERT ON {table} FOR EACH ROW SET NEW.name = 'x'",),
        "no transactions": ("ALTER TABLE {table} ENGINE = MyISAM",),
        "a history of its own": ("ALTER TABLE {table} ADD SYSTEM VERSIONING",),
        "a sequence": (
            "RENAME TABLE {table} TO {table}_old",
            "CREATE SEQUENCE {table}",
        ),
    }

    @pytest.fixture
    def url(self, mariadb_url: str) -> str:
        """A new database."""
        return mariadb_url

    def ask(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """By PyMySQL; the suite quotes names as the standard does."""
        return ask(url, sql, options="SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")

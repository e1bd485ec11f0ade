"""PostgreSQL passes the conformance suite."""

from collections.abc import Mapping
from typing import Any, ClassVar

import psycopg
import pytest

from stepwell.testing import EngineConformance


class TestPostgreSQL(EngineConformance):
    """Everything that an engine promises, on a database of its own for each test."""

    seven_columns = (
        "CREATE TABLE {table} (id SERIAL PRIMARY KEY, version VARCHAR(50) UNIQUE NOT NULL,"
        " name VARCHAR(255) NOT NULL, description TEXT, dependencies TEXT,"
        " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    failing = ("SELECT id FROM no_such_table_anywhere", "42P01")
    foreign_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "a trigger": (
            "CREATE FUNCTION {table}_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER t BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_f()",
        ),
        "a rule": ("CREATE RULE r AS ON DELETE TO {table} DO INSTEAD NOTHING",),
        "row-level security": ("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",),
        "a child": ("CREATE TABLE {table}_child () INHERITS ({table})",),
        "a parent": (
            "CREATE TABLE {table}_parent (id INTEGER NOT NULL)",
            "ALTER TABLE {table} INHERIT {table}_parent",
        ),
        "a partitioned table": (
            "ALTER TABLE {table} RENAME TO {table}_old",
            "CREATE TABLE {table} (LIKE {table}_old) PARTITION BY LIST (version)",
        ),
        "a partition": (
            "ALTER TABLE {table} RENAME TO {table}_old",
            "CREATE TABLE {table}_whole (LIKE {table}_old) PARTITION BY LIST (version)",
            "CREATE TABLE {table} PARTITION OF {table}_whole DEFAULT",
        ),
        "a materialized view": (
            "ALTER TABLE {table} RENAME TO {table}_old",
            "CREATE MATERIALIZED VIEW {table} AS SELECT * FROM {table}_old",
        ),
    }

    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url

    def ask(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """By psycopg."""
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

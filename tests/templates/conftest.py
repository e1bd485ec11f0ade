"""A project in which every template can be tried, on each engine."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.mariadb import ask as ask_mariadb
from tests.mariadb import mariadb_own, mariadb_server, mariadb_url

from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mariadb_own", "mariadb_server", "mariadb_url"]


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Workshop:
    """Migrations for a new database of each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    ask = {"postgresql": ask_postgresql, "sqlite": ask_sqlite, "mariadb": ask_mariadb}[request.param]
    return Workshop(url, tmp_path, lambda sql: ask(url, sql))


def ask_postgresql(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement, and give its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def ask_sqlite(url: str, sql: str) -> list[tuple[Any, ...]]:
    """The same."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        rows = connection.execute(sql).fetchall()
        connection.commit()
    finally:
        connection.close()
    return rows

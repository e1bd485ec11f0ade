"""Rehearsals on real databases: a function that gives one, on which a script has been run before."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.mariadb import ask, mariadb_own, mariadb_url
from tests.mysqld import either_server

from stepwell.core.settings import Settings
from stepwell.core.sql.split import split
from stepwell.core.url import parse_url
from stepwell.engines.mysql.connection import connect as connect_mysql
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.connection import connect as connect_postgresql
from stepwell.engines.sqlite.connecting import connect as connect_sqlite
from stepwell.ports import ConnectOptions

if TYPE_CHECKING:
    from stepwell.core.rows.contents import Contents
    from stepwell.core.rows.filled import Filled

__all__ = ["either_server", "mariadb_own", "mariadb_url"]

FOLDER = Path(__file__).parent
CONNECT: dict[str, Callable[..., Any]] = {
    "sqlite": connect_sqlite,
    "postgresql": connect_postgresql,
    "mysql": connect_mysql,
    "mariadb": connect_mysql,
}


class Stage:
    """A database with rows for a rehearsal, and a way to ask it besides."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, script: str) -> None:
        """Run SQL by the driver alone."""
        if self.url.startswith("sqlite"):
            with sqlite3.connect(self.url.removeprefix("sqlite:///")) as connection:
                connection.executescript(script)
            connection.close()
            return
        if self.url.startswith("postgresql"):
            with psycopg.connect(self.url, autocommit=True) as connected:
                connected.execute(script.encode())
            return
        for statement in split(script, MYSQL):
            ask(self.url, statement.text)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        if self.url.startswith("sqlite"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            connection.close()
            return rows
        if self.url.startswith("postgresql"):
            with psycopg.connect(self.url, autocommit=True) as connected:
                return connected.execute(sql.encode()).fetchall()
        return ask(self.url, sql)

    def fill(self, known: Filled | None = None) -> Filled:
        """Make rows."""
        return asyncio.run(self._used(lambda rehearsal: rehearsal.fill(known)))  # type: ignore[no-any-return]

    def contents(self) -> Contents:
        """Read what is there."""
        return asyncio.run(self._used(lambda rehearsal: rehearsal.contents()))  # type: ignore[no-any-return]

    def load(self, script: str) -> None:
        """Load data."""
        asyncio.run(self._used(lambda rehearsal: rehearsal.load(script)))

    async def _used(self, use: Callable[[Any], Any]) -> Any:
        connect = CONNECT[self.url.partition(":")[0]]
        connection = await connect(parse_url(self.url), ConnectOptions(Settings(), str(FOLDER)))
        try:
            return await use(connection.rehearsal())
        finally:
            await connection.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Stage:
    """An empty PostgreSQL database."""
    return Stage(postgresql_url)


@pytest.fixture
def stranger(postgresql: Stage) -> Iterator[Stage]:
    """The same database for a role that owns nothing there."""
    name = f"rows_{uuid.uuid4().hex[:12]}"
    postgresql.run(f"CREATE ROLE {name} LOGIN")
    parts = urlsplit(postgresql.url)
    host = parts.netloc.rpartition("@")[2]
    yield Stage(parts._replace(netloc=f"{name}@{host}").geturl())
    postgresql.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.fixture
def sqlite(tmp_path: Path) -> Stage:
    """An empty SQLite database."""
    return Stage(f"sqlite:///{tmp_path / 'rows.db'}")


@pytest.fixture
def mariadb(mariadb_url: str) -> Stage:
    """An empty database of MariaDB."""
    return Stage(mariadb_url)


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql), "sqlite", "mariadb"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """An empty database of each engine that makes rows."""
    found: Stage = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def every_table() -> Callable[[str], str]:
    """A function that gives the script with tables of every kind, by the name of an engine."""
    return lambda engine: (FOLDER / f"{engine}.sql").read_text(encoding="utf-8")

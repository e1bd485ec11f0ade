"""A folder of two migrations on every engine, and where scratch databases for it are made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.mariadb import mariadb_own, mariadb_server, mariadb_url
from tests.servers import ask as ask_mysql

__all__ = ["mariadb_own", "mariadb_server", "mariadb_url"]

pytest.register_assert_rewrite("stepwell.testing")  # before its first import

from stepwell.project import Project  # noqa: E402 - see above
from stepwell.testing import Workshop  # noqa: E402 - see above

ENGINES = ("sqlite", "postgresql", "mariadb")


def no_ask(sql: str) -> NoReturn:
    """The database of the project is none of these tests' business."""
    raise AssertionError(sql)


@pytest.fixture(params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Workshop:
    """Two migrations, one of which has rows; its database is a name, and never made."""
    return two_migrations(f"{request.param}://", tmp_path)


@pytest.fixture
def postgresql_shop(tmp_path: Path) -> Workshop:
    """The same on PostgreSQL."""
    return two_migrations("postgresql://", tmp_path)


def two_migrations(url: str, folder: Path) -> Workshop:
    """The migrations."""
    made = Workshop(url, folder, no_ask)
    made.sql(
        "001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50));", "DROP TABLE users;"
    )
    made.sql(
        "002_ann",
        "INSERT INTO users (id, name) VALUES (-5, 'ann');",
        "DELETE FROM users WHERE id = -5;",
        header="-- depends: 001",
    )
    return made


@pytest.fixture
def project(request: pytest.FixtureRequest, shop: Workshop) -> Project:
    """The project of these migrations. No database is named, so that nothing could be done in it."""
    engine = shop.url.partition(":")[0]
    settings: dict[str, Any] = (
        {} if engine == "sqlite" else {"scratch_url": request.getfixturevalue(f"{engine}_url")}
    )
    return Project(root=shop.root, migrations="migrations", engine=engine, **settings)


@pytest.fixture
def postgresql_project(postgresql_url: str, postgresql_shop: Workshop) -> Project:
    """The same on PostgreSQL; scratch databases are made by way of a database of its own."""
    return Project(root=postgresql_shop.root, migrations="migrations", scratch_url=postgresql_url)


@pytest.fixture
def ask(request: pytest.FixtureRequest, shop: Workshop) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """Ask a database by its URL, with the driver."""
    engine = shop.url.partition(":")[0]
    return {"sqlite": ask_sqlite, "postgresql": ask_postgresql, "mariadb": ask_mysql}[engine]


def ask_sqlite(url: str, sql: str) -> list[tuple[Any, ...]]:
    """By the standard library."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


def ask_postgresql(url: str, sql: str) -> list[tuple[Any, ...]]:
    """By psycopg."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

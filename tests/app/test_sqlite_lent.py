"""A connection to SQLite that a program lends: it is used as it is, and given back as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.errors import UsageError
from stepwell.testing import Workshop
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder, and a file that is not there yet."""
    return Workshop(sqlite_url, tmp_path, lambda _: [])


def test_a_lent_connection_comes_back_as_it_was(shop: Workshop) -> None:
    shop.table("001_items")
    with closing(sqlite3.connect(":memory:")) as connection:
        before = str(connection.isolation_level)
        project = shop.project(url=None, connect=lambda: connection, engine="sqlite")
        assert outcomes(shop.run(project.migrate())) == ["001 applied"]
        assert shop.run(project.status()).up_to_date
        assert str(connection.isolation_level) == before
        assert not connection.in_transaction
        assert connection.execute("SELECT version FROM migrations").fetchall() == [("001",)]


def test_a_lent_connection_in_a_transaction_is_refused(shop: Workshop) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE own (id INTEGER)")
        connection.execute("INSERT INTO own VALUES (1)")
        assert connection.in_transaction
        project = shop.project(url=None, connect=lambda: connection, engine="sqlite")
        assert isinstance(shop.failure(project.migrate()), UsageError)
        assert connection.in_transaction


def as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    """A row as many programs want theirs."""
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@pytest.mark.parametrize("form", [sqlite3.Row, as_dict])
def test_the_form_of_its_rows_is_its_own_affair(shop: Workshop, tmp_path: Path, form: Any) -> None:
    shop.python(
        "001_first",
        """
        await database.execute("CREATE TABLE first (id INTEGER, name TEXT)")
        await database.execute("INSERT INTO first VALUES (1, 'a'), (2, 'b')")
        assert await database.fetch_all("SELECT name FROM first") == [{"name": "a"}, {"name": "b"}]
        assert [row async for row in database.iterate("SELECT name FROM first")] == [{"name": "a"}, {"name": "b"}]
        """,
    )
    shop.sql("002_apart", "CREATE TABLE apart (id INTEGER);", options="transaction:false")
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.row_factory = form
        project = shop.project(url=None, connect=lambda: connection, engine="sqlite")
        assert outcomes(shop.run(project.migrate())) == ["001 applied", "002 applied"]
        assert (tmp_path / "test.db-stepwell").exists()  # the lock of the second one, beside the file
        assert "applied" in [entry.event for entry in shop.run(project.log()).entries]
        assert shop.run(project.status()).up_to_date
        assert {"table apart", "table first"} < {str(fact.key) for fact in shop.run(project.snapshot()).facts}
        assert connection.row_factory is form
        connection.row_factory = None
        assert connection.execute("PRAGMA foreign_keys").fetchall() == [(1,)]

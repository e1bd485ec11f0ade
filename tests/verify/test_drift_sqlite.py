"""`drift` and `baseline` of a SQLite file: what is expected is built in memory, and the file is only read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.errors import ContradictionError
from stepwell.core.schema.words import sentences, tell
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHAIN = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER);",
    "CREATE INDEX users_email ON users (email);",
    "INSERT INTO users (id, email) VALUES (1, 'a');",
    "CREATE VIEW mails AS SELECT email FROM users;",
)
ALL = ["001", "002", "003", "004"]


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Four migrations, and a file that is not there."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()

    made = Workshop(sqlite_url, tmp_path, ask)
    for number, sql in enumerate(CHAIN, 1):
        made.sql(f"{number:03}_step", sql)
    return made


def files(shop: Workshop) -> Iterator[tuple[str, bytes]]:
    for path in sorted(shop.root.glob("test.db*")):
        yield path.name, path.read_bytes()


def drift(shop: Workshop) -> list[str]:
    before = list(files(shop))
    told = sentences(tell(shop.run(shop.project().drift()).diff))
    assert list(files(shop)) == before
    return told


BY_HAND = {
    "ALTER TABLE users ADD COLUMN extra INTEGER": "column users.extra: added (integer)",
    "ALTER TABLE users DROP COLUMN age": "column users.age: removed",
    "ALTER TABLE users RENAME COLUMN age TO years": "column users.age: removed",
    "CREATE INDEX by_hand ON users (age)": "index by_hand: added (age)",
    "DROP INDEX users_email": "index users_email: removed",
    "DROP VIEW mails": "view mails: removed (1 column)",
    "CREATE TABLE others (id INTEGER)": "table others: added (1 column)",
    "CREATE TRIGGER t INSERT ON users BEGIN SELECT 1; END": "trigger t: added",
    "CREATE VIRTUAL TABLE found USING fts5(body)": "virtual table found: added",
    "PRAGMA user_version = 3": "database: user version none -> 3",
}


@pytest.mark.parametrize("sql", BY_HAND)
def test_what_somebody_does_by_hand_is_told(shop: Workshop, sql: str) -> None:
    shop.migrate()
    assert drift(shop) == []
    shop.ask(sql)
    told = drift(shop)
    assert [each for each in told if each.startswith(BY_HAND[sql])], told


def test_of_a_file_that_is_not_there_nothing_is_expected(shop: Workshop) -> None:
    assert drift(shop) == []
    assert list(files(shop)) == []


def test_what_is_pending_is_not_expected(shop: Workshop) -> None:
    shop.migrate(target="001")
    assert drift(shop) == []


def test_in_wal_mode_and_while_somebody_writes(shop: Workshop) -> None:
    shop.migrate()
    shop.ask("PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(shop.root / "test.db", isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("CREATE TABLE not_yet (id INTEGER)")
        assert sentences(tell(shop.run(shop.project().drift()).diff)) == []
        writing.execute("ROLLBACK")


# --- baseline ---


def recorded(shop: Workshop, **choice: Any) -> list[str]:
    return [str(version) for version, _ in shop.run(shop.project().baseline(**choice)).recorded]


@pytest.mark.parametrize(("built", "expected"), [(1, ALL[:1]), (2, ALL[:2]), (3, ALL[:2]), (4, ALL)], ids=str)
def test_a_file_is_taken_over_as_far_as_everything_is_there(
    shop: Workshop, built: int, expected: list[str]
) -> None:
    for sql in CHAIN[:built]:
        shop.ask(sql)
    before = list(files(shop))
    assert recorded(shop, dry_run=True) == expected
    assert list(files(shop)) == before
    assert recorded(shop) == expected
    assert shop.applied() == expected
    assert drift(shop) == []


def test_a_column_that_is_missing_stops_it(shop: Workshop) -> None:
    for sql in CHAIN:
        shop.ask(sql)
    shop.ask("ALTER TABLE users DROP COLUMN age")
    error = shop.failure(shop.project().baseline())
    assert isinstance(error, ContradictionError)
    assert "001 step: column users.age is not there" in error.message
    assert not shop.exists("migrations")


def test_where_there_is_no_file_there_is_nothing_to_take_over(shop: Workshop) -> None:
    error = shop.failure(shop.project().baseline())
    assert isinstance(error, ContradictionError)
    assert "nothing to record" in error.message
    assert list(files(shop)) == []

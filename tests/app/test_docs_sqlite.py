"""`docs` on SQLite: the same, of an engine with other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.render.book import pages
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.book import Book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    shop = Workshop("sqlite:///app.db", tmp_path, lambda _: [])
    shop.sql(
        "001_shop",
        """
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, boss INT REFERENCES users (id));
        CREATE TABLE "odd.t" (a, b INTEGER NOT NULL REFERENCES users ON DELETE CASCADE);
        CREATE INDEX users_name ON users (name);
        CREATE VIEW v AS SELECT 1 AS x;
        CREATE TRIGGER tr AFTER INSERT ON users BEGIN SELECT 1; END;
        """,
    )
    shop.sql("002_title", "ALTER TABLE users RENAME name TO title;", header="-- depends: 001")
    shop.sql("003_people", "ALTER TABLE users RENAME TO people;", header="-- depends: 002")
    shop.sql("004_note", "ALTER TABLE people ADD note TEXT DEFAULT 'a|b';", header="-- depends: 003")
    made = shop.run(shop.project().docs(verify=False))
    assert not (tmp_path / "app.db").exists()
    return made


def test_tables_columns_and_references(book: Book) -> None:
    odd, people = book.sheets
    assert [(each.name, str(each.touched and each.touched.changed)) for each in people.columns] == [
        ("id", "001"),
        ("title", "002"),
        ("boss", "001"),
        ("note", "004"),
    ]
    touched = [each.touched for each in people.columns[:3]] + [each.touched for each in people.items]
    assert {str(each and each.made) for each in touched} == {"001"}
    assert [(each.table.identity, each.columns, each.to.identity) for each in people.referenced] == [
        ('"odd.t"', ("b",), "people"),
        ("people", ("boss",), "people"),
    ]
    assert [each.optional for each in (*odd.references, *people.references)] == [False, True]
    assert [each.key.identity for each in book.items] == ["v"]


def test_what_is_written(book: Book) -> None:
    found = pages(book)
    assert "- column users.name: renamed to title" in found["migrations/002_title.md"]
    assert "- table users: renamed to people" in found["migrations/003_people.md"]
    assert "| `note` | `text` | yes | `'a\\|b'` |" in found["tables/people.md"]
    assert "## Triggers" in found["tables/people.md"]

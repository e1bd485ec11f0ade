# ruff: noqa: S101 - a suite of tests asserts
"""What `docs` tells of migrations: who changed what last, and which table refers to which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.render.book import pages
from stepwell.testing.suite import Suite

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.book import Book, Touched
    from stepwell.testing.workshop import Workshop

LAST = {"id": "001 001", "name": "001 003", "shelf": "001 001", "pages": "002 002"}


class DocumentationConformance(Suite):
    """Its structure is in it where there is the ability `snapshots`."""

    def written(self, shop: Workshop) -> Book:
        """The book of a shop with a few migrations; their own scratch database is on the server of the test."""
        shop.sql(
            "001_shop",
            """
            CREATE TABLE shelves (id INTEGER NOT NULL PRIMARY KEY);
            CREATE TABLE books (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(20), shelf INTEGER NOT NULL,
                FOREIGN KEY (shelf) REFERENCES shelves (id));
            CREATE VIEW titles AS SELECT 1 AS one;
            """,
        )
        shop.sql("002_pages", "ALTER TABLE books ADD COLUMN pages INTEGER;", header="-- depends: 001")
        shop.sql("003_name", "ALTER TABLE books RENAME COLUMN title TO name;", header="-- depends: 001")
        project = shop.project(scratch_url=shop.url, scratch="same-server")
        return shop.run(project.docs(verify=False))

    def test_the_documentation_tells_of_every_migration(self, url: str, tmp_path: Path) -> None:
        book = self.written(self.workshop(url, tmp_path))
        found = pages(book)
        assert [each.version.text for each in book.chapters] == ["001", "002", "003"]
        assert "m0 --> m1" in found["README.md"]
        assert "ALTER TABLE books ADD COLUMN pages INTEGER;" in found["migrations/002_pages.md"]

    def test_the_documentation_tells_of_the_structure(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        book = self.written(shop)
        assert book.structure is shop.abilities.snapshots
        if not book.structure:
            assert (book.sheets, book.items) == ((), ())
            assert any("no snapshots" in note for note in book.notes)
            return
        books, shelves = book.sheets
        assert {each.name: told(each.touched) for each in books.columns} == LAST
        assert (told(books.touched), told(shelves.touched)) == ("001 003", "001 001")
        (reference,) = books.references
        assert (reference.columns, reference.to, reference.to_columns) == (("shelf",), shelves.key, ("id",))
        assert (shelves.referenced, reference.optional) == ((reference,), False)
        assert [each.key.kind for each in book.items] == ["view"]

    def test_the_documentation_is_the_same_every_time(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        assert pages(self.written(shop)) == pages(self.written(shop))


def told(touched: Touched | None) -> str:
    """Who made a thing and who changed it last."""
    return "" if touched is None else f"{touched.made} {touched.changed}"

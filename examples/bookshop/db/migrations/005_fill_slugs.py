"""A migration of data: it is tested with rows of its own in tests/test_slugs.py."""

import re

from stepwell import Migration, database


class FillSlugs(Migration):
    """Make the address of each book out of its title"""

    dependencies = ["004"]

    async def up(self) -> None:
        books = await database.fetch_all("SELECT id, title FROM books WHERE slug IS NULL")
        await database.execute_many(
            "UPDATE books SET slug = :slug WHERE id = :id",
            [{"id": book["id"], "slug": slug(book["id"], book["title"])} for book in books],
        )

    async def down(self) -> None:
        books = await database.fetch_all("SELECT id, title FROM books")
        await database.execute_many(
            "UPDATE books SET slug = NULL WHERE id = :id AND slug = :slug",
            [{"id": book["id"], "slug": slug(book["id"], book["title"])} for book in books],
        )


def slug(number: int, title: str) -> str:
    """Small letters and digits of the title, and the number, since two books may have one title."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join([*words, str(number)])

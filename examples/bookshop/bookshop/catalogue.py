"""The catalogue, by a connection of the driver: that of the standard library, or psycopg."""

from typing import Any


def titles(connection: Any) -> list[str]:
    """All titles, in order."""
    return [title for (title,) in connection.execute("SELECT title FROM books ORDER BY title")]


def addresses(connection: Any) -> list[str]:
    """Where the page of each book is."""
    return [f"/books/{slug}" for (slug,) in connection.execute("SELECT slug FROM books ORDER BY slug")]

"""Tests of the application: each has a migrated database of its own, and may leave it as it likes."""

from typing import Any

from bookshop.catalogue import addresses, titles

AUTHOR = "INSERT INTO authors (id, name) VALUES (1, 'Italo Calvino')"
BOOK = "INSERT INTO books (id, author_id, title, price, slug) VALUES ({0}, 1, '{1}', 900, '{1}')"


def test_there_is_nothing_at_first(connection: Any) -> None:
    assert titles(connection) == []


def test_titles_are_in_order(connection: Any) -> None:
    connection.execute(AUTHOR)
    connection.execute(BOOK.format(1, "Marcovaldo"))
    connection.execute(BOOK.format(2, "Invisible Cities"))
    assert titles(connection) == ["Invisible Cities", "Marcovaldo"]


def test_each_has_a_page(connection: Any) -> None:
    connection.execute(AUTHOR)
    connection.execute(BOOK.format(1, "marcovaldo"))
    assert addresses(connection) == ["/books/marcovaldo"]

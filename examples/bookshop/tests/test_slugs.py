"""One migration of data: rows are put where it finds them, it runs, and the rows are looked at."""

from collections.abc import Callable

from stepwell.testing.blocking import Database

ROWS = """
INSERT INTO authors (id, name) VALUES (1, 'Ursula K. Le Guin');
INSERT INTO books (id, author_id, title, price) VALUES (1, 1, 'The Dispossessed', 1250);
INSERT INTO books (id, author_id, title, price, slug) VALUES (2, 1, 'Always Coming Home', 1800, 'home');
"""
SLUGS = "SELECT slug FROM books ORDER BY id"


def test_every_book_gets_an_address(stepwell_at: Callable[[str], Database]) -> None:
    database = stepwell_at("004")
    database.execute(ROWS)
    database.up()
    assert [row["slug"] for row in database.fetch_all(SLUGS)] == ["the-dispossessed-1", "home"]


def test_the_way_back_leaves_what_was_there(stepwell_at: Callable[[str], Database]) -> None:
    database = stepwell_at("004")
    database.execute(ROWS)
    database.up()
    database.down()
    assert [row["slug"] for row in database.fetch_all(SLUGS)] == [None, "home"]

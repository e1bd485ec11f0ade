"""What the templates do to rows: data, seed and rename, on databases that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.templates.making import Made, new

from stepwell.core.errors import StepError
from stepwell.core.url import parse_url

if TYPE_CHECKING:
    from stepwell.testing import Workshop

LANGUAGES = {"python": (), "sql": ("--sql",)}


@pytest.fixture(params=LANGUAGES)
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """In Python, and in SQL."""
    return LANGUAGES[str(request.param)]


@pytest.fixture
def users(shop: Workshop) -> Workshop:
    """A table with rows: the second and the fourth are to be changed, and one key is beyond the first range."""
    new(shop, Made("table", "create_users"))
    shop.migrate()
    shop.ask(
        "INSERT INTO users (id, name) VALUES (-7, 'z'), (101, 'a'), (102, ' b'), (103, 'c'), (12345, ' d ')"
    )
    return shop


def names(shop: Workshop, column: str = "name") -> list[str]:
    """What stands in the column, by key."""
    return shop.column(f"SELECT {column} FROM users ORDER BY id")


def test_data_gives_back_what_was_there(users: Workshop, options: tuple[str, ...]) -> None:
    new(users, Made("data", "trim_name_of_users"), *options)
    users.migrate()
    assert names(users) == ["z", "a", "b", "c", "d"]
    kept = users.ask("SELECT id, name FROM trim_name_of_users_kept ORDER BY id")
    assert kept == [(102, " b"), (12345, " d ")]
    users.ask("UPDATE users SET name = 'new' WHERE id = 12345")
    users.rollback()
    assert names(users) == ["z", "a", " b", "c", "new"]  # what was changed since stays
    assert not users.exists("trim_name_of_users_kept")


NOTHING = [  # what becomes of NULL, '' and 'a'
    pytest.param("coalesce(email, 'none')", ["none", "", "a"], id="from nothing"),
    pytest.param("nullif(email, '')", [None, None, "a"], id="to nothing"),
]


@pytest.mark.parametrize(("value", "changed"), NOTHING)
def test_data_changes_what_is_null_or_becomes_it(
    users: Workshop, options: tuple[str, ...], value: str, changed: list[str | None]
) -> None:
    new(users, Made("column", "add_email_to_users", ("type=varchar(20)",)))
    users.migrate()
    users.ask("DELETE FROM users WHERE id NOT IN (101, 102, 103)")
    users.ask("UPDATE users SET email = '' WHERE id = 102")
    users.ask("UPDATE users SET email = 'a' WHERE id = 103")
    new(users, Made("data", "change_email_of_users", (f"value={value}", "type=varchar(20)")), *options)
    users.migrate()
    assert names(users, "email") == changed
    users.rollback()
    assert names(users, "email") == [None, "", "a"]


def test_data_leaves_alone_what_somebody_has_set_to_null_since(
    users: Workshop, options: tuple[str, ...]
) -> None:
    new(users, Made("column", "add_email_to_users", ("type=varchar(20)",)))
    users.migrate()
    users.ask("UPDATE users SET email = ' x'")
    new(users, Made("data", "trim_email_of_users", ("type=varchar(20)",)), *options)
    users.migrate()
    users.ask("UPDATE users SET email = NULL WHERE id = 101")
    users.rollback()
    assert names(users, "email") == [" x", None, " x", " x", " x"]


def test_data_takes_an_expression_as_a_whole(users: Workshop, options: tuple[str, ...]) -> None:
    new(users, Made("column", "add_old_to_users", ("type=boolean",)))
    users.migrate()
    users.ask("UPDATE users SET old = (id = 101)")
    made = Made("data", "change_old_of_users", ("value=id > 101 AND id < 200", "type=boolean"))
    new(users, made, *options)
    users.migrate()
    assert [bool(each) for each in names(users, "old")] == [False, False, True, True, False]
    users.rollback()
    assert [bool(each) for each in names(users, "old")] == [False, True, False, False, False]


def test_data_in_python_says_when_there_would_be_ranges_without_end(users: Workshop) -> None:
    """Such as of keys that are made of the time."""
    users.ask("INSERT INTO users (id, name) VALUES (1000000000000000000, ' e')")
    new(users, Made("data", "trim_name_of_users"))
    error = users.failure(users.project().migrate())
    assert "the keys lie too far apart" in str(error)
    assert names(users)[-1] == " e"


def test_data_goes_on_where_it_was_cut_off(users: Workshop, options: tuple[str, ...]) -> None:
    new(users, Made("data", "trim_name_of_users"), *options)
    users.ask("CREATE UNIQUE INDEX users_name ON users (name)")
    users.ask("INSERT INTO users (id, name) VALUES (104, 'd')")  # what ' d ' becomes
    assert isinstance(users.failure(users.project().migrate()), StepError)
    assert names(users) == ["z", "a", "b", "c", "d", " d "]  # the first range stands
    users.ask("DELETE FROM users WHERE id = 104")
    users.migrate()
    assert names(users) == ["z", "a", "b", "c", "d"]
    users.rollback()
    assert names(users) == ["z", "a", " b", "c", " d "]


def test_a_foreign_key_is_of_the_type_of_what_it_refers_to(shop: Workshop, options: tuple[str, ...]) -> None:
    """Also where that counts by itself, as SERIAL does."""
    counting = {"postgresql": "SERIAL PRIMARY KEY", "mariadb": "SERIAL", "sqlite": "INTEGER PRIMARY KEY"}
    shop.sql("001_a", f"CREATE TABLE a (id {counting[parse_url(shop.url).engine]});", "DROP TABLE a;")
    shop.sql("002_b", "CREATE TABLE b (id INTEGER);", "DROP TABLE b;", header="-- depends: 001")
    new(shop, Made("foreign-key", "add_a_id_to_b"), *options)
    shop.migrate(target="002")
    shop.ask("INSERT INTO b VALUES (1)")
    shop.migrate()
    assert shop.ask("SELECT * FROM b") == [(1, None)]
    shop.rollback(target="002")


def test_seed_takes_back_only_what_it_has_put_there(users: Workshop, options: tuple[str, ...]) -> None:
    new(users, Made("seed", "seed_users_root", ("column=name",)), *options)
    new(users, Made("seed", "seed_users_a", ("column=name",)), *options)  # it is there already
    users.migrate()
    assert sorted(names(users)) == [" b", " d ", "a", "c", "root", "z"]
    users.rollback(target="002")
    assert names(users) == ["z", "a", " b", "c", " d "]
    assert users.ask("SELECT * FROM seeded_keys") == []


def test_rename_keeps_both_the_same_until_the_old_one_goes(users: Workshop, options: tuple[str, ...]) -> None:
    new(users, Made("rename", "rename_users_name_to_title"), *options)
    if len(users.pending()) == 1:  # at once
        users.migrate()
        assert names(users, "title") == ["z", "a", " b", "c", " d "]
        return
    users.migrate(target="002")
    assert names(users, "title") == names(users) == ["z", "a", " b", "c", " d "]
    users.ask("INSERT INTO users (id, name) VALUES (20001, 'old')")
    users.ask("INSERT INTO users (id, title) VALUES (20002, 'new')")
    users.ask("UPDATE users SET name = 'x' WHERE id = 101")
    users.ask("UPDATE users SET title = 'y' WHERE id = 102")
    assert names(users, "title") == names(users) == ["z", "x", "y", "c", " d ", "old", "new"]
    users.migrate()
    assert names(users, "title") == ["z", "x", "y", "c", " d ", "old", "new"]
    users.rollback()
    users.ask("UPDATE users SET title = 'back' WHERE id = 102")
    assert names(users, "title") == names(users) == ["z", "x", "back", "c", " d ", "old", "new"]
    users.rollback()
    assert names(users) == ["z", "x", "back", "c", " d ", "old", "new"]
    assert not users.exists("(SELECT title FROM users) AS them")

"""A table of SQLite is built anew, in every way in which people write that: its children survive, nothing is lost."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite(
    "stepwell.testing"
)  # before its first import, whichever folder is collected first

from stepwell.core.errors import StepError  # noqa: E402 - see above
from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = tuple[Any, ...]

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TRIGGER users_lower AFTER INSERT ON users BEGIN UPDATE users SET email = lower(email) WHERE id = new.id; END;
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
INSERT INTO users VALUES (1, 'ann@example.org'), (2, 'bob@example.org');
INSERT INTO orders VALUES (10, 1), (11, 2), (12, 2);
"""
AGAIN = """
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TRIGGER users_lower AFTER INSERT ON users BEGIN UPDATE users SET email = lower(email) WHERE id = new.id; END;
"""
REBUILD = """
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
INSERT INTO users_new (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
"""
DROPPED_FIRST = """
CREATE TABLE kept AS SELECT * FROM users;
DROP TABLE users;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
INSERT INTO users (id, email) SELECT id, email FROM kept;
DROP TABLE kept;
"""
TWELVE = f"PRAGMA foreign_keys = OFF;\n{REBUILD}{AGAIN}PRAGMA foreign_key_check;\nPRAGMA foreign_keys = ON;\n"
PYTHON = "\n".join(f"await database.execute({each.strip()!r})" for each in REBUILD.split(";") if each.strip())
PYTHON_AGAIN = f"await database.execute({AGAIN!r})"
ON_THE_DRIVER = f"""
async with database.driver() as connection:
    for statement in {[each for each in REBUILD.split(";") if each.strip()]!r}:
        connection.execute(statement)
{PYTHON_AGAIN}
"""

# How a rebuild is written: the suffix of the file, its body, its options or attributes.
WAYS = {
    "in a batch": ("sql", REBUILD + AGAIN, ""),
    "the old table dropped first": ("sql", DROPPED_FIRST + AGAIN, ""),
    "twelve steps in a batch": ("sql", TWELVE, ""),
    "without a transaction": ("sql", REBUILD + AGAIN, "transaction:false"),
    "twelve steps without a transaction": ("sql", TWELVE, "transaction:false"),
    "in Python": ("py", f"{PYTHON}\n{PYTHON_AGAIN}", ""),
    "on the driver's own connection": ("py", ON_THE_DRIVER, ""),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the database."""
    return tmp_path / "test.db"


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path, file: Path) -> Workshop:
    """Two tables, of which one refers to the other, made by the first migration."""

    def ask(sql: str) -> list[Row]:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()

    shop = Workshop(sqlite_url, tmp_path, ask)
    shop.sql("001_tables", SCHEMA)
    shop.migrate()
    return shop


@pytest.fixture
def lent(file: Path, shop: Workshop) -> Iterator[sqlite3.Connection]:
    """A program's own connection, which enforces foreign keys."""
    with closing(sqlite3.connect(file, check_same_thread=False)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def fails(shop: Workshop, sql: str, **how: Any) -> StepError:
    """Run this as 002, which must fail and leave nothing."""
    shop.sql("002_step", sql, **how)
    before = shop.ask("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'migrations%'")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    if not how:
        assert before == shop.ask(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'migrations%'"
        )
    assert shop.applied() == ["001"]
    return error


@pytest.mark.parametrize("whose", ["by URL", "lent"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_children_survive(
    shop: Workshop, lent: sqlite3.Connection, way: tuple[str, str, str], whose: str
) -> None:
    suffix, body, options = way
    if suffix == "sql":
        shop.sql("002_rebuild", body, options=options)
    else:
        shop.python("002_rebuild", body)
    lends = {"url": None, "engine": "sqlite", "connect": lambda: lent} if whose == "lent" else {}
    shop.run(shop.project(**lends).migrate())
    assert shop.applied() == ["001", "002"]
    assert shop.ask("SELECT id, user_id FROM orders ORDER BY id") == [(10, 1), (11, 2), (12, 2)]
    assert shop.ask("SELECT id, name FROM users ORDER BY id") == [(1, None), (2, None)]
    assert shop.column(
        "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql NOT NULL"
    ) == [
        "users_email",
        "users_lower",
    ]
    assert shop.ask("SELECT \"table\" FROM pragma_foreign_key_list('orders')") == [("users",)]
    assert lent.execute("PRAGMA foreign_keys").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM users WHERE id = 1;", "row 10 of orders refers to a row of users that is missing"),
        ("PRAGMA foreign_keys = ON; DELETE FROM users WHERE id = 2;", "row 11 of orders .*, and 1 more"),
        ("UPDATE orders SET user_id = 7 WHERE id = 11;", "row 11 of orders refers to a row of users"),
        ("INSERT INTO orders VALUES (13, 9);", "row 13 of orders refers to a row of users"),
        ("DROP TABLE users;", "row 10 of orders refers to a row of users that is missing, and 2 more"),
        ("ALTER TABLE orders ADD COLUMN other INTEGER DEFAULT 5 REFERENCES users;", "row 10 of orders"),
        (
            REBUILD.replace("FROM users;", "FROM users WHERE id = 1;") + AGAIN,
            "row 11 of orders refers to a row of users that is missing, and 1 more",
        ),
    ],
)
def test_what_no_longer_holds_is_found_before_the_record(shop: Workshop, sql: str, told: str) -> None:
    error = fails(shop, sql)
    assert error.fault.code == "foreign_key"
    assert error.fault.version == "002"
    assert re.search(told, str(error)), str(error)


def test_what_was_broken_before_is_not_the_fault_of_a_step(shop: Workshop) -> None:
    shop.ask("INSERT INTO orders VALUES (13, 9)")
    shop.sql("002_rows", "INSERT INTO orders VALUES (14, 1);")
    shop.migrate()
    shop.sql("003_rows", "INSERT INTO orders VALUES (15, 8);")
    assert "row 15 of orders" in str(shop.failure(shop.project().migrate()))
    assert shop.applied() == ["001", "002"]


def test_broken_rows_of_a_table_that_is_built_anew_get_other_numbers_and_no_blame(shop: Workshop) -> None:
    shop.ask("CREATE TABLE tags (name TEXT PRIMARY KEY, user_id INTEGER REFERENCES users)")
    shop.ask("INSERT INTO tags VALUES ('a', 1), ('b', 9), ('c', 2), ('d', 9)")
    shop.ask("DELETE FROM tags WHERE name = 'a'")
    anew = """
    CREATE TABLE tags_new (name TEXT PRIMARY KEY, user_id INTEGER REFERENCES users);
    INSERT INTO tags_new SELECT * FROM tags{};
    DROP TABLE tags;
    ALTER TABLE tags_new RENAME TO tags;
    """
    shop.sql("002_tags", anew.format(""))
    shop.migrate()
    shop.sql("003_tags", anew.format(" UNION SELECT 'e', 9"))
    assert "of tags refers to a row of users" in str(shop.failure(shop.project().migrate()))
    assert shop.applied() == ["001", "002"]


@pytest.mark.parametrize("rows", [True, False], ids=["with rows", "without rows"])
def test_keys_that_follow_a_table_which_is_renamed_away(shop: Workshop, rows: bool) -> None:
    """The wrong order: to rename the old table takes the keys of others with it."""
    if not rows:
        shop.ask("DELETE FROM orders")
    error = fails(
        shop,
        f"""
        DROP INDEX users_email;
        DROP TRIGGER users_lower;
        ALTER TABLE users RENAME TO users_old;
        CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
        INSERT INTO users (id, email) SELECT id, email FROM users_old;
        DROP TABLE users_old;
        {AGAIN}
        """,
    )
    assert "orders refers to" in str(error)
    assert "users_old" in str(error)


def test_a_table_may_be_made_before_the_one_that_it_refers_to(shop: Workshop) -> None:
    shop.sql("002_child", "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent);")
    shop.migrate()
    shop.sql("003_parent", "CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);")
    shop.migrate()
    assert shop.applied() == ["001", "002", "003"]


def test_a_broken_key_outside_a_transaction_is_not_forgotten_by_the_next_run(shop: Workshop) -> None:
    fails(shop, "DELETE FROM users WHERE id = 1;", options="transaction:false")
    assert "row 10 of orders" in str(shop.failure(shop.project().migrate()))
    assert shop.states()["002"] == "failed"
    shop.sql(
        "002_step",
        "DELETE FROM users WHERE id = 1; DELETE FROM orders WHERE id = 10;",
        options="transaction:false",
    )
    shop.migrate()
    assert shop.column("SELECT id FROM orders") == [11, 12]


def test_outside_a_transaction_the_author_may_have_keys_enforced(shop: Workshop) -> None:
    shop.sql(
        "002_cascade",
        "PRAGMA foreign_keys = ON; DELETE FROM users WHERE id = 2;",
        options="transaction:false",
    )
    shop.sql("003_rebuild", REBUILD + AGAIN)
    shop.migrate()
    assert shop.ask("SELECT id, user_id FROM orders") == [(10, 1)]
    assert shop.applied() == ["001", "002", "003"]


def test_a_step_that_is_resumed_has_its_switch_again(shop: Workshop) -> None:
    switched = "PRAGMA foreign_keys = ON; CREATE TABLE marks (n INTEGER); {} DELETE FROM users WHERE id = 2;"
    broken = switched.format("INSERT INTO nowhere VALUES (1);")
    assert "no such table: nowhere" in str(fails(shop, broken, options="transaction:false"))
    shop.sql("002_step", switched.format(""), options="transaction:false")
    shop.migrate()
    assert shop.ask("SELECT id, user_id FROM orders") == [(10, 1)]


@pytest.mark.parametrize("rebuild", [REBUILD, DROPPED_FIRST], ids=["renamed", "dropped first"])
def test_an_index_or_trigger_that_goes_with_the_old_table_is_named(shop: Workshop, rebuild: str) -> None:
    error = fails(shop, rebuild)
    assert error.fault.code == "lost_with_table"
    assert "users was built anew without what belonged to it" in str(error)
    assert "index users_email" in str(error)
    assert "trigger users_lower" in str(error)
    assert "DROP INDEX users_email" in str(error.hint)


def test_what_is_dropped_by_name_may_go(shop: Workshop) -> None:
    shop.sql("002_rebuild", f'DROP INDEX IF EXISTS "users_email"; DROP TRIGGER main.users_lower; {REBUILD}')
    shop.sql("003_index", "CREATE INDEX orders_user ON orders (user_id);", "DROP INDEX orders_user;")
    shop.migrate()
    shop.rollback()
    assert shop.applied() == ["001", "002"]


def test_a_table_that_goes_takes_its_own_with_it(shop: Workshop) -> None:
    shop.sql("002_drop", "DROP TABLE orders; DROP TABLE users;")
    shop.migrate()
    assert shop.applied() == ["001", "002"]


def test_a_way_back_may_lose_an_index(shop: Workshop) -> None:
    """What went with the old table is said on the way up; to be stuck on the way back would be worse."""
    shop.sql("002_rebuild", REBUILD + AGAIN, DROPPED_FIRST.replace(", name TEXT", ""))
    shop.migrate()
    shop.rollback()
    assert shop.applied() == ["001"]
    assert shop.column("SELECT count(*) FROM orders") == [3]


def test_a_view_stands_in_the_way_and_what_helps(shop: Workshop) -> None:
    """SQLite itself refuses to rename while a view refers to nothing; the switch for that is set back."""
    shop.ask("CREATE VIEW emails AS SELECT email FROM users")
    assert "error in view emails" in str(fails(shop, REBUILD + AGAIN))
    shop.sql("002_step", f"PRAGMA legacy_alter_table = ON; {REBUILD}{AGAIN}")
    shop.python(
        "003_look",
        """
        if await database.fetch_val("PRAGMA legacy_alter_table") != 0:
            raise RuntimeError("it is still set")
        """,
    )
    shop.migrate()
    assert shop.column("SELECT email FROM emails ORDER BY email") == ["ann@example.org", "bob@example.org"]

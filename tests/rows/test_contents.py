"""What a change does to rows is read from the database, and told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.rows.compare import compare, losses, worded
from stepwell.core.rows.contents import ROW_BY_ROW

if TYPE_CHECKING:
    from tests.rows.conftest import Stage

USERS = "CREATE TABLE users (id integer PRIMARY KEY, name varchar(40) NOT NULL, email text);"
# What is changed, and what is told of it; on every engine.
CHANGES = {
    "nothing": (USERS, "SELECT 1", []),
    "a column is dropped": (
        USERS,
        "ALTER TABLE users DROP COLUMN email",
        ["drops column users.email (2 of 3 rows had a value)"],
    ),
    "a column is dropped and added again": (
        USERS,
        "ALTER TABLE users DROP COLUMN email; ALTER TABLE users ADD COLUMN email text",
        ["users.email lost its value in 2 rows"],
    ),
    "a column is added": (USERS, "ALTER TABLE users ADD COLUMN age integer DEFAULT 5", []),
    "a column is renamed": (
        USERS,
        "ALTER TABLE users RENAME COLUMN email TO mail",
        ["drops column users.email (2 of 3 rows had a value)"],
    ),
    "a table is renamed": (
        USERS,
        "ALTER TABLE users RENAME TO people",
        ["table people is new (3 rows)", "drops table users (3 rows)"],
    ),
    "a table is dropped": (USERS, "DROP TABLE users", ["drops table users (3 rows)"]),
    "rows are deleted": (USERS, "DELETE FROM users WHERE id < 3", ["2 rows of users are gone"]),
    "rows are inserted": (USERS, "INSERT INTO users VALUES (900, 'x', 'y')", ["1 row of users is new"]),
    "values are changed": (
        USERS,
        "UPDATE users SET name = upper(name)",
        ["users.name changed in 3 rows"],
    ),
    "values are swapped": (
        "CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL);",
        "UPDATE t SET n = CASE id WHEN 1 THEN 2000003 WHEN 2 THEN 1 ELSE n END",
        ["t.n changed in 2 rows"],
    ),
    "NULL is filled in": (
        USERS,
        "UPDATE users SET email = 'none' WHERE email IS NULL",
        ["users.email got a value in 1 row"],
    ),
    "a table without a key": (
        "CREATE TABLE t (a integer NOT NULL, b text NOT NULL);",
        "DELETE FROM t WHERE a = 1",
        ["1 row of t is gone"],
    ),
    "a table without a key, and a column": (
        "CREATE TABLE t (a integer NOT NULL, b text NOT NULL);",
        "ALTER TABLE t DROP COLUMN b",
        ["drops column t.b (3 of 3 rows had a value)"],
    ),
    "a table is built anew": (
        USERS,
        (
            "CREATE TABLE n (id integer PRIMARY KEY, email text, name text);"
            " INSERT INTO n SELECT id, email, name FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users"
        ),
        [],
    ),
    "another encoding of the same number": (
        "CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL);",
        (
            "CREATE TABLE n (id integer PRIMARY KEY, n double precision); INSERT INTO n SELECT id, n FROM t;"
            " DROP TABLE t; ALTER TABLE n RENAME TO t"
        ),
        [],
    ),
}


@pytest.mark.parametrize(("before", "change", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_what_a_change_does_to_rows(stage: Stage, before: str, change: str, words: list[str]) -> None:
    stage.run(before)
    stage.fill()
    old = stage.contents()
    stage.run(change)
    assert [worded(each) for each in compare(old, stage.contents())] == words


WIDENED = {
    "a wider integer": ("t (a smallint)", "ALTER TABLE t ALTER a TYPE bigint", []),
    "a longer text": ("t (a varchar(20))", "ALTER TABLE t ALTER a TYPE text", []),
    "an enum to text": ("t (a mood)", "ALTER TABLE t ALTER a TYPE text", []),
    "json to jsonb and its spelling": (
        "t (a json NOT NULL DEFAULT '{\"a\":1}', b integer)",
        "ALTER TABLE t ALTER a TYPE jsonb",
        ["t.a changed in 2 rows"],  # jsonb spells an empty object alike
    ),
    "a shorter text": (
        "t (id serial PRIMARY KEY, a text NOT NULL)",
        "ALTER TABLE t ALTER a TYPE varchar(3) USING left(a, 3)",
        ["t.a changed in 3 rows"],
    ),
    "a generated column": (
        "t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
        "ALTER TABLE t DROP COLUMN b",
        [],
    ),
    "partitions": (
        "t (a integer NOT NULL) PARTITION BY RANGE (a); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (9)",
        (
            "ALTER TABLE t DETACH PARTITION t_1; ALTER TABLE t_1 RENAME TO t_2;"
            " ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES FROM (0) TO (99)"
        ),
        [],
    ),
    "a detached partition": (
        "t (a integer NOT NULL) PARTITION BY RANGE (a); CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (9)",
        "ALTER TABLE t DETACH PARTITION t_1",
        ["3 rows of t are gone", "table t_1 is new (3 rows)"],
    ),
}


@pytest.mark.parametrize(("table", "change", "words"), WIDENED.values(), ids=WIDENED.keys())
def test_values_are_compared_as_they_read(
    postgresql: Stage, table: str, change: str, words: list[str]
) -> None:
    postgresql.run(f"CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE {table}")
    assert postgresql.fill().unfilled == ()
    old = postgresql.contents()
    postgresql.run(change)
    assert [worded(each) for each in compare(old, postgresql.contents())] == words


def test_settings_of_the_database_do_not_matter(postgresql: Stage) -> None:
    postgresql.run("CREATE TABLE t (a timestamptz, b interval, c bytea, d double precision, e date, f money)")
    postgresql.fill()
    old = postgresql.contents()
    name = postgresql.ask("SELECT current_database()")[0][0]
    for setting in (
        *(
            "timezone = 'Asia/Tokyo'",
            "datestyle = 'SQL, DMY'",
            "intervalstyle = 'iso_8601'",
            "bytea_output = 'escape'",
        ),
        "extra_float_digits = 0",
    ):
        postgresql.run(f"ALTER DATABASE {name} SET {setting}")
    assert compare(old, postgresql.contents()) == ()


def test_upper_and_lower_case_differ_whatever_the_collation(postgresql: Stage) -> None:
    postgresql.run("CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL)")
    postgresql.run("INSERT INTO t VALUES (1, 'x')")
    old = postgresql.contents()
    postgresql.run("UPDATE t SET a = 'X'")
    assert [worded(each) for each in compare(old, postgresql.contents())] == ["t.a changed in 1 row"]


def test_a_big_table_is_read_in_buckets(stage: Stage) -> None:
    stage.run("CREATE TABLE t (id integer PRIMARY KEY, a text, digest integer)")
    digit = "(SELECT 0 AS d" + "".join(f" UNION ALL SELECT {number}" for number in range(1, 10)) + ")"
    number = "a.d + 10 * b.d + 100 * c.d + 1000 * e.d"
    numbers = f"SELECT {number} AS i FROM {digit} a, {digit} b, {digit} c, {digit} e"
    stage.run(f"INSERT INTO t SELECT i, CAST(i AS CHAR(9)), i FROM ({numbers}) n")
    stage.run(f"INSERT INTO t SELECT id + {ROW_BY_ROW}, a, digest FROM t WHERE id < 5")
    old = stage.contents()
    assert old.tables["t"].bucketed
    assert compare(old, stage.contents()) == ()
    stage.run("UPDATE t SET a = 'other' WHERE id = 77")
    assert [worded(each) for each in losses(compare(old, stage.contents()))] == [
        "t.a changed in at least 1 row"
    ]
    stage.run("DELETE FROM t WHERE id IN (1, 2)")
    assert [worded(each) for each in losses(compare(old, stage.contents()))] == ["2 rows of t are gone"]


def test_reading_writes_nothing(stage: Stage) -> None:
    stage.run("CREATE TABLE t (id integer PRIMARY KEY)")
    stage.contents()
    assert stage.ask("SELECT count(*) FROM t") == [(0,)]

"""Every kind of table of PostgreSQL gets rows, or is named with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from stepwell.core.rows.filled import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rows.conftest import Stage

ALL_COLUMNS = """SELECT c.oid::regclass::text, quote_ident(a.attname), a.attnotnull OR t.typnotnull,
  count(*) OVER (PARTITION BY c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND a.attnum > 0
  AND NOT a.attisdropped"""

# A check or a partition that leaves no choice, and what is always made anew.
NO_VALUE = {("c_one_of", "b"), ("c_one_of", "c")}
NEVER_NULL = {
    ("c_one_of", "b"),
    ("c_single", "id"),
    ("d_serial", "id"),
    ("d_generated", "label"),
    ("d_generated", "total"),
}


@pytest.fixture
def filled(postgresql: Stage, every_table: Callable[[str], str]) -> Stage:
    """A database with tables of every kind, which have been given rows."""
    postgresql.run(every_table("postgresql"))
    result = postgresql.fill()
    assert [(each.table.name, each.reason) for each in result.unfilled] == []
    assert len(result.tables) >= 40
    return postgresql


def test_every_table_has_rows_that_differ(filled: Stage) -> None:
    few = [
        table
        for table in dict.fromkeys(row[0] for row in filled.ask(ALL_COLUMNS))
        if filled.ask(f"SELECT count(DISTINCT r::text) FROM ONLY {table} r")[0][0] < 2
        and filled.ask(f"SELECT relkind = 'r' FROM pg_class WHERE oid = '{table}'::regclass")[0][0]
    ]
    assert few == ["c_single"]


def test_every_column_has_a_value_and_where_it_may_also_null(filled: Stage) -> None:
    columns = [row for row in filled.ask(ALL_COLUMNS) if filled.ask(f"SELECT 1 FROM {row[0]} LIMIT 1")]
    empty, full = [], []
    for table, column, required, _ in columns:
        ((values, nulls),) = filled.ask(f"SELECT count({column}), count(*) - count({column}) FROM {table}")
        empty += [(table, column)] if not values else []
        full += [(table, column)] if not nulls and not required else []
    assert set(empty) <= NO_VALUE
    assert set(full) <= NEVER_NULL


def test_texts_are_as_long_as_they_may_be_and_of_any_script(filled: Stage) -> None:
    ((longest, wide),) = filled.ask("SELECT max(length(d)), bool_or(d ~ '[^\\x01-\\x7f]') FROM t_texts")
    assert longest >= 38
    assert wide


def test_a_cycle_is_closed(filled: Stage) -> None:
    assert filled.ask("SELECT count(*) > 0 FROM f_teams t JOIN f_players p ON p.id = t.captain") == [(True,)]
    assert filled.ask("SELECT count(*) > 1 FROM f_hens h JOIN f_eggs e ON e.id = h.egg") == [(True,)]
    assert filled.ask("SELECT count(*) > 0 FROM f_tree a JOIN f_tree b ON b.id = a.parent") == [(True,)]


def test_each_part_of_a_partitioned_table_has_rows(filled: Stage) -> None:
    parts = filled.ask("SELECT DISTINCT tableoid::regclass::text FROM p_events ORDER BY 1")
    assert parts == [("p_events_2031",), ("p_events_2032_few",), ("p_events_rest",)]


def test_the_same_tables_get_the_same_rows(postgresql: Stage, every_table: Callable[[str], str]) -> None:
    changing = {"d_uuid"}  # made by the server, as its default says
    postgresql.run(every_table("postgresql"))
    postgresql.fill()
    first = postgresql.contents()
    postgresql.run('DROP SCHEMA public CASCADE; DROP SCHEMA "Other Schema" CASCADE; CREATE SCHEMA public')
    postgresql.run(every_table("postgresql"))
    postgresql.fill()
    again = postgresql.contents()
    names = first.tables.keys() - changing
    assert {name: first.tables[name] for name in names} == {name: again.tables[name] for name in names}


def test_filling_again_leaves_what_is_filled_and_fills_what_has_changed(postgresql: Stage) -> None:
    postgresql.run("CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id serial PRIMARY KEY)")
    first = postgresql.fill()
    postgresql.run("ALTER TABLE b ADD name text; CREATE TABLE c (x integer)")
    second = postgresql.fill(first)
    assert {each.table.name: (each.inserted, each.kept) for each in second.tables} == {
        "a": (0, True),
        "b": (3, False),
        "c": (3, False),
    }
    assert postgresql.ask("SELECT count(*) FROM b WHERE name IS NOT NULL") == [(2,)]


def test_rows_that_are_there_stay_and_others_come_next_to_them(postgresql: Stage) -> None:
    postgresql.run(
        "CREATE TABLE roles (id serial PRIMARY KEY, name text UNIQUE);"
        " INSERT INTO roles SELECT n, 'alpha' || n FROM generate_series(1, 5) n; INSERT INTO roles VALUES (6, 'alpha')"
    )
    (roles,) = postgresql.fill().tables
    assert (roles.existing, roles.inserted) == (6, 3)
    assert postgresql.ask("SELECT count(*) FROM roles WHERE id <= 6 AND name LIKE 'alpha%'") == [(6,)]


def test_the_tables_of_the_tool_are_left_alone(postgresql: Stage) -> None:
    postgresql.run(
        "CREATE TABLE migrations (id serial); CREATE TABLE migrations_log (id serial); CREATE TABLE t (a int)"
    )
    assert [each.table.name for each in postgresql.fill().tables] == ["t"]
    assert list(postgresql.contents().tables) == ["t"]


# A type that only this database has. It reads what an integer does.
ODD = """CREATE TYPE odd;
CREATE FUNCTION odd_in(cstring) RETURNS odd LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION odd_out(odd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = integer);"""

CANNOT = {
    "a check that nothing passes": (
        "CREATE TABLE t (a integer CHECK (a > 5 AND a < 3) NOT NULL)",
        "t_a_check",
    ),
    "a trigger that refuses": (
        (
            "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not today'; END $$;"
            " CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        "not today",
    ),
    "a trigger that swallows": (
        (
            "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        "a trigger or a rule keeps rows from being inserted",
    ),
    "a rule that swallows": (
        "CREATE TABLE t (a integer); CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
        "a trigger or a rule keeps rows from being inserted",
    ),
    "a partitioned table without parts": (
        "CREATE TABLE t (a integer) PARTITION BY LIST (a)",
        "it is partitioned, and there is no partition",
    ),
    "a cycle that can't be cut": (
        (
            "CREATE TABLE t (id integer PRIMARY KEY, u integer NOT NULL);"
            " CREATE TABLE u (id integer PRIMARY KEY, t integer NOT NULL REFERENCES t);"
            " ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u"
        ),
        "its foreign keys lead to u and back, none may be NULL, and none is deferrable",
    ),
    "a type that nobody knows": (
        (
            f"{ODD} CREATE DOMAIN odder AS odd CHECK (VALUE::text = 'never');"
            " CREATE TABLE t (a odder NOT NULL)"
        ),
        "odder",
    ),
    "a table that refers to one without rows": (
        "CREATE TABLE v (id integer PRIMARY KEY CHECK (id < id)); CREATE TABLE t (v integer NOT NULL REFERENCES v)",
        "there is no row in v that it could refer to",
    ),
}


@pytest.mark.parametrize(("script", "why"), CANNOT.values(), ids=CANNOT.keys())
def test_a_table_without_rows_is_named_with_the_reason(postgresql: Stage, script: str, why: str) -> None:
    postgresql.run(script)
    filled = postgresql.fill()
    (reason,) = (each.reason for each in filled.unfilled if each.table.name == "t")
    assert why in (reason or "")
    assert any(line.startswith("no rows for t: ") for line in told(filled))


def test_an_unknown_type_is_tried_with_what_most_types_take(postgresql: Stage) -> None:
    postgresql.run(f"{ODD} CREATE TABLE t (a odd NOT NULL)")
    assert postgresql.fill().unfilled == ()


def test_triggers_that_ran_are_told(postgresql: Stage, every_table: Callable[[str], str]) -> None:
    postgresql.run(every_table("postgresql"))
    lines = told(postgresql.fill())
    assert "triggers of g_watched ran when it got rows: g_write" in lines


# What only newer servers have, by their version.
NEWER = {
    140000: ("int4multirange NOT NULL", "tstzmultirange"),
    150000: ("numeric(2, -3) NOT NULL", "numeric(2, 5)"),
}


def test_types_of_newer_servers(postgresql: Stage) -> None:
    ((version,),) = postgresql.ask("SELECT current_setting('server_version_num')::integer")
    kinds = ["integer", *(kind for since, some in NEWER.items() if version >= since for kind in some)]
    postgresql.run(f"CREATE TABLE t ({', '.join(f'c{number} {kind}' for number, kind in enumerate(kinds))})")
    assert [(each.inserted, each.reason) for each in postgresql.fill().tables] == [(3, None)]


def test_a_table_that_the_role_may_not_use_is_named(postgresql: Stage, stranger: Stage) -> None:
    role = urlsplit(stranger.url).username
    postgresql.run(
        "CREATE TABLE closed (id integer PRIMARY KEY); CREATE TABLE t (a integer, closed integer REFERENCES closed);"
        f" CREATE SCHEMA hidden; CREATE TABLE hidden.h (a integer); GRANT SELECT, INSERT ON t, hidden.h TO {role}"
    )
    filled = stranger.fill()
    assert {each.table.name: (each.inserted, each.reason) for each in filled.tables} == {
        "closed": (0, "this role may not read it and insert into it"),
        "hidden.h": (0, "this role may not read it and insert into it"),
        "t": (3, None),
    }
    assert list(stranger.contents().tables) == ["t"]


def test_forced_row_level_security_is_met(postgresql: Stage, stranger: Stage) -> None:
    role = urlsplit(stranger.url).username
    postgresql.run(
        "CREATE TABLE t (id serial PRIMARY KEY, tenant integer NOT NULL);"
        f" ALTER TABLE t OWNER TO {role}; ALTER TABLE t FORCE ROW LEVEL SECURITY;"
        " ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY p ON t USING (tenant > 0) WITH CHECK (tenant > 1)"
    )
    assert stranger.fill().tables[0].inserted == 3
    assert stranger.contents().tables["t"].count == 3


def test_many_tables_are_filled_and_read_some_at_a_time(
    postgresql: Stage, every_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.run(every_table("postgresql"))
    assert postgresql.fill().unfilled == ()
    whole = postgresql.contents()
    monkeypatch.setattr("stepwell.engines.postgresql.fill.TABLES_AT_ONCE", 2)
    monkeypatch.setattr("stepwell.engines.postgresql.digests.TABLES_AT_ONCE", 2)
    assert postgresql.contents() == whole
    postgresql.run('DROP SCHEMA public CASCADE; DROP SCHEMA "Other Schema" CASCADE; CREATE SCHEMA public')
    postgresql.run(every_table("postgresql"))
    assert postgresql.fill().unfilled == ()
    assert {name: table.count for name, table in postgresql.contents().tables.items()} == {
        name: table.count for name, table in whole.tables.items()
    }

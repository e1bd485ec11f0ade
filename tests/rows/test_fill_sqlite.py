"""Every kind of table of SQLite gets rows, or is named with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.rows.filled import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rows.conftest import Stage


@pytest.fixture
def filled(sqlite: Stage, every_table: Callable[[str], str]) -> Stage:
    """A database with tables of every kind, which have been given rows."""
    sqlite.run(every_table("sqlite"))
    result = sqlite.fill()
    assert [(each.table.name, each.reason) for each in result.unfilled] == []
    assert len(result.tables) >= 40
    return sqlite


def tables(stage: Stage) -> list[str]:
    """The names of all tables, quoted."""
    rows = stage.ask(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    return [f'"{name}"' for (name,) in rows]


def test_every_table_has_rows_that_differ(filled: Stage) -> None:
    few = [
        table
        for table in tables(filled)
        if filled.ask(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})")[0][0] < 2
    ]
    assert few == ['"c_single"']


def test_every_column_has_a_value(filled: Stage) -> None:
    empty = [
        (table, column)
        for table in tables(filled)
        for (column,) in filled.ask(f"SELECT name FROM pragma_table_xinfo({table})")
        if filled.ask(f'SELECT count("{column}") FROM {table}') == [(0,)]
    ]
    assert empty == []


def test_what_may_be_null_is_so_once(filled: Stage) -> None:
    full = [
        (table, column)
        for table in tables(filled)
        for (column,) in filled.ask(
            f'SELECT name FROM pragma_table_info({table}) WHERE NOT "notnull" AND NOT pk AND dflt_value IS NULL'
        )
        if filled.ask(f'SELECT count(*) - count("{column}") FROM {table}') == [(0,)]
    ]
    assert full == []


def test_no_foreign_key_is_broken(filled: Stage) -> None:
    assert filled.ask("PRAGMA foreign_key_check") == []
    assert filled.ask("SELECT count(*) > 0 FROM f_teams t JOIN f_players p ON p.id = t.captain") == [(1,)]
    assert filled.ask("SELECT count(*) > 1 FROM f_hens h JOIN f_eggs e ON e.id = h.egg") == [(1,)]


def test_the_same_tables_get_the_same_rows(sqlite: Stage, every_table: Callable[[str], str]) -> None:
    changing = {"d_defaults"}  # has the time of day
    sqlite.run(every_table("sqlite"))
    sqlite.fill()
    first = sqlite.contents()
    sqlite.run("".join(f"DROP TABLE {name};" for name in tables(sqlite)))
    sqlite.run(every_table("sqlite").replace("CREATE VIEW", "CREATE VIEW IF NOT EXISTS"))
    sqlite.fill()
    again = sqlite.contents()
    names = first.tables.keys() - changing
    assert {name: first.tables[name] for name in names} == {name: again.tables[name] for name in names}


def test_the_tables_of_the_tool_and_those_inside_of_others_are_left_alone(sqlite: Stage) -> None:
    sqlite.run("CREATE TABLE migrations (id); CREATE TABLE Migrations_Log (id); CREATE TABLE t (a)")
    sqlite.run("CREATE VIRTUAL TABLE words USING fts5(word)")
    filled = sqlite.fill()
    assert {each.table.name: each.inserted for each in filled.tables} == {"t": 3, "words": 0}


CANNOT = {
    "a check that nothing passes": (
        "CREATE TABLE t (a INTEGER NOT NULL CHECK (a > 5 AND a < 3))",
        "a > 5 AND a < 3",
    ),
    "a trigger that refuses": (
        "CREATE TABLE t (a); CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END",
        "not today",
    ),
    "a trigger that swallows": (
        "CREATE TABLE t (a); CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT RAISE(IGNORE); END",
        "a trigger keeps rows from being inserted",
    ),
    "a trigger that ends the transaction": (
        "CREATE TABLE t (a); CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END",
        "all of it",
    ),
    "a foreign key to nothing": ("CREATE TABLE t (a NOT NULL REFERENCES nowhere)", "nowhere"),
    "a virtual table": ("CREATE VIRTUAL TABLE t USING fts5(word)", "it is a virtual table"),
    "a table that refers to one without rows": (
        "CREATE TABLE v (id INTEGER PRIMARY KEY CHECK (id < id)); CREATE TABLE t (v INTEGER NOT NULL REFERENCES v)",
        "there is no row in v that it could refer to",
    ),
}


@pytest.mark.parametrize(("script", "why"), CANNOT.values(), ids=CANNOT.keys())
def test_a_table_without_rows_is_named_with_the_reason(sqlite: Stage, script: str, why: str) -> None:
    sqlite.run(script)
    filled = sqlite.fill()
    (reason,) = (each.reason for each in filled.unfilled if each.table.name == "t")
    assert why in (reason or "")
    assert any(line.startswith("no rows for t: ") for line in told(filled))


def test_whether_foreign_keys_are_enforced_stays_as_it_was(sqlite: Stage) -> None:
    """A parent that comes later than its children does not stand in the way of loading."""
    sqlite.run("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a)")
    sqlite.load("INSERT INTO b VALUES (1); INSERT INTO a VALUES (1)")
    assert sqlite.ask("SELECT count(*) FROM b") == [(1,)]

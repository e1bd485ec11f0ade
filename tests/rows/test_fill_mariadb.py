"""Every kind of table of MariaDB, or of MySQL where one is named, gets rows, or is named with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.rows.filled import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rows.conftest import Stage

TABLES = """SELECT table_name FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"""


@pytest.fixture
def filled(mariadb: Stage, every_table: Callable[[str], str]) -> Stage:
    """A database with tables of every kind, which have been given rows."""
    mariadb.run(every_table("mariadb"))
    result = mariadb.fill()
    assert [(each.table.name, each.reason) for each in result.unfilled] == []
    return mariadb


def test_every_column_has_a_value_and_where_it_may_also_null(filled: Stage) -> None:
    empty, full = [], []
    for table, column, nullable in filled.ask(
        "SELECT c.table_name, c.column_name, c.is_nullable = 'YES' AND c.extra NOT LIKE '%GENERATED%'"
        " FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
    ):
        ((values, nulls),) = filled.ask(
            f"SELECT COUNT(`{column}`), COUNT(*) - COUNT(`{column}`) FROM `{table}`"
        )
        empty += [(table, column)] if not values else []
        full += [(table, column)] if nullable and not nulls else []
    assert empty == []
    assert full == []


def test_rows_differ_and_cycles_are_closed(filled: Stage) -> None:
    few = [
        name
        for (name,) in filled.ask(TABLES)
        if filled.ask(f"SELECT COUNT(*) FROM (SELECT DISTINCT * FROM `{name}`) x")[0][0] < 2
    ]
    assert few == ["c_single"]
    assert filled.ask("SELECT COUNT(*) > 0 FROM f_teams t JOIN f_players p ON p.id = t.captain") == [(1,)]


def test_what_only_one_of_the_two_servers_has(mariadb: Stage) -> None:
    ((version,),) = mariadb.ask("SELECT VERSION()")
    only_here = "CREATE TABLE t (a INT NOT NULL DEFAULT (1 + 1), b GEOMCOLLECTION NOT NULL)"
    if "MariaDB" in version:
        only_here = "CREATE TABLE t (a INET6 NOT NULL, b UUID NOT NULL); CREATE SEQUENCE s"
    mariadb.run(only_here)
    assert [(each.table.name, each.inserted) for each in mariadb.fill().tables] == [("t", 3)]


CANNOT = {
    "a check that nothing passes": (
        "CREATE TABLE t (a INT NOT NULL CHECK (a > 5 AND a < 3))",
        "rows that were tried were refused",
    ),
    "a trigger that refuses": (
        (
            "CREATE TABLE t (a INT); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW"
            " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not today'"
        ),
        "not today",
    ),
    "a cycle that can't be cut": (
        (
            "CREATE TABLE t (id INT PRIMARY KEY, u INT NOT NULL);"
            " CREATE TABLE u (id INT PRIMARY KEY, t INT NOT NULL, FOREIGN KEY (t) REFERENCES t (id));"
            " ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u (id)"
        ),
        "its foreign keys lead to u and back",
    ),
}


@pytest.mark.parametrize(("script", "why"), CANNOT.values(), ids=CANNOT.keys())
def test_a_table_without_rows_is_named_with_the_reason(mariadb: Stage, script: str, why: str) -> None:
    mariadb.run(script)
    filled = mariadb.fill()
    (reason,) = (each.reason for each in filled.unfilled if each.table.name == "t")
    assert why in (reason or "")
    assert any(line.startswith("no rows for t: ") for line in told(filled))


def test_the_tables_of_the_tool_are_left_alone(mariadb: Stage) -> None:
    mariadb.run(
        "CREATE TABLE migrations (id INT); CREATE TABLE migrations_log (id INT); CREATE TABLE t (a INT)"
    )
    assert [each.table.name for each in mariadb.fill().tables] == ["t"]


def test_a_dump(mariadb: Stage) -> None:
    mariadb.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT)")
    mariadb.load(
        "/*!40101 SET NAMES utf8mb4 */;\nLOCK TABLES `t` WRITE;\n"
        "INSERT INTO `t` VALUES (1,'it\\'s; 100%'),(2,NULL);\nUNLOCK TABLES;\n"
    )
    assert mariadb.ask("SELECT * FROM t ORDER BY a") == [(1, "it's; 100%"), (2, None)]

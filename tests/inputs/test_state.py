"""Bad states of a database: what stands under the name of the history table, and what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest
from tests.inputs.conftest import Told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.inputs.conftest import Ask

    Connection = psycopg.Connection[tuple[object, ...]]

LOOK = (
    "look at it; if it belongs to something else, choose other names with the settings 'table' and 'schema'"
)
COLUMNS = (
    "id SERIAL{}, version VARCHAR(50) NOT NULL, name VARCHAR(255) NOT NULL, description TEXT, dependencies TEXT,"
    " created_at TIMESTAMP, applied_at TIMESTAMP"
)
TABLE = f"CREATE TABLE migrations ({COLUMNS.format(' PRIMARY KEY')})"
FOREIGN = COLUMNS.format("").replace("SERIAL", "INTEGER")
CHANGED = (
    "restore the file and put the change into a new migration; if the database has the change already,"
    " 'stepwell mark 001' accepts the file as it is; to go on regardless: --allow-changed"
)
DIGEST = "0" * 64


def unusable(why: str) -> Told:
    return Told(6, "history_table", f"public.migrations can't be used as stepwell's table: {why}", None, LOOK)


def contradiction(message: str, hint: str, *, place: str | None = "db/migrations/001_first.sql") -> Told:
    return Told(6, "contradiction", message, place, hint)


STANDS_THERE = {
    "a view": (
        f"CREATE TABLE under ({COLUMNS.format('')}); CREATE VIEW migrations AS SELECT * FROM under",
        unusable("it is a view"),
    ),
    "a materialized view": (
        f"CREATE TABLE under ({COLUMNS.format('')}); CREATE MATERIALIZED VIEW migrations AS SELECT * FROM under",
        unusable("it is a materialized view"),
    ),
    "a foreign table": (
        (
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            f" CREATE FOREIGN TABLE migrations ({FOREIGN}) SERVER s"
        ),
        unusable("it is a foreign table"),
    ),
    "a partitioned table": (
        f"CREATE TABLE migrations ({COLUMNS.format('')}) PARTITION BY LIST (version)",
        unusable("it is a partitioned table"),
    ),
    "a sequence": ("CREATE SEQUENCE migrations", unusable("it is a sequence")),
    "a type": ("CREATE TYPE migrations AS (id INTEGER)", unusable("it is a composite type")),
    "a table that a crash empties": (
        TABLE.replace("TABLE", "UNLOGGED TABLE", 1),
        unusable("what it holds is gone after a crash: it is unlogged"),
    ),
    "a trigger": (
        (
            f"{TABLE}; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            " CREATE TRIGGER t BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        unusable("it has triggers"),
    ),
    "a rule": (
        f"{TABLE}; CREATE RULE r AS ON INSERT TO migrations DO INSTEAD NOTHING",
        unusable("it has rules"),
    ),
    "row-level security": (
        f"{TABLE}; ALTER TABLE migrations ENABLE ROW LEVEL SECURITY",
        unusable("it has row-level security"),
    ),
    "a child": (
        f"{TABLE}; CREATE TABLE child () INHERITS (migrations)",
        unusable("it has children or a parent (inheritance, partitions)"),
    ),
    "a column more": (
        f"{TABLE}; ALTER TABLE migrations ADD COLUMN mine TEXT",
        unusable("it has other columns: another tool's table of that name?"),
    ),
    "a column less": (
        f"{TABLE}; ALTER TABLE migrations DROP COLUMN description",
        unusable("it has other columns: another tool's table of that name?"),
    ),
}


@pytest.fixture
def connection(postgresql_url: str) -> Iterator[Connection]:
    """A session that changes the database from outside."""
    with psycopg.connect(postgresql_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """Two migrations."""
    for stem in ("001_first", "002_second"):
        text = f"-- migrate:up\nCREATE TABLE t{stem[:3]} (id INTEGER);\n-- migrate:down\nDROP TABLE t{stem[:3]};\n"
        (root / f"db/migrations/{stem}.sql").write_text(text)


@pytest.mark.parametrize("case", STANDS_THERE)
def test_what_stands_there_is_no_history(
    case: str, ask: Ask, postgresql_url: str, connection: Connection
) -> None:
    statements, expected = STANDS_THERE[case]
    connection.execute(statements.encode())
    for command in ("status", "check", "migrate", "rollback", "mark 001", "unmark 001"):
        assert ask(*command.split(), "--url", postgresql_url) == expected, command


class Row(NamedTuple):
    """What is done to the history after the first migration was applied, and what `migrate` tells."""

    sql: str
    told: Told | None


INSERT = "INSERT INTO migrations (version, name, dependencies) VALUES"
ROWS = {
    "a checksum of a future format, and the same bytes": Row(
        "UPDATE migrations SET checksum = '2:abc'", None
    ),
    "a checksum of a future format, and other bytes": Row(
        f"UPDATE migrations SET checksum = '2:abc', file_hash = '{DIGEST}'",
        contradiction("changed after being applied: 001 first", CHANGED),
    ),
    "another checksum": Row(
        f"UPDATE migrations SET checksum = '1:{DIGEST}', file_hash = '{DIGEST}'",
        contradiction("changed after being applied: 001 first", CHANGED),
    ),
    "no checksum": Row("UPDATE migrations SET checksum = NULL, file_hash = NULL", None),
    "no time": Row("UPDATE migrations SET applied_at = NULL, created_at = NULL", None),
    "a time without end": Row("UPDATE migrations SET applied_at = 'infinity'", None),
    "one version twice": Row(
        f"{INSERT} ('1', 'first', '[]')",
        contradiction(
            "one version is recorded 2 times: 001 (row 1) and 1 (row 2) are the same",
            "remove the record that is too much, which runs nothing: 'stepwell unmark 001' or 'stepwell unmark 1'",
        ),
    ),
    "a version that is none": Row(f"{INSERT} ('no version!', 'x', '[]')", None),
    "a version that is missing, and older": Row(
        f"{INSERT} ('0', 'zero', '[]')",
        contradiction(
            "applied, but the file is missing: 0 zero",
            "restore the file, or forget the record with 'stepwell unmark 0', or go on without it: --allow-missing",
            place=None,
        ),
    ),
    "another project's": Row(
        "UPDATE migrations SET version = '20200101120000'",
        contradiction(
            "this looks like the history of another project: its one migration is not among these files",
            "check 'url', 'table' and 'schema'; if it is the right one all the same: --allow-missing",
            place=None,
        ),
    ),
    "of a newer deployment": Row(f"{INSERT} ('900', 'newer', '[\"001\"]')", None),
    "dependencies that nobody can read": Row("UPDATE migrations SET dependencies = '[[{'", None),
}


@pytest.mark.parametrize("case", ROWS)
def test_what_stands_in_it(case: str, ask: Ask, postgresql_url: str, connection: Connection) -> None:
    sql, expected = ROWS[case]
    assert ask("migrate", "--target", "001", "--url", postgresql_url) is None
    connection.execute(sql.encode())
    assert ask("status", "--url", postgresql_url) is None
    assert ask("migrate", "--url", postgresql_url) == expected
    assert ask("status", "--url", postgresql_url) is None

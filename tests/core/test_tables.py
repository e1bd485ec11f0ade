"""The texts of the tool's own tables, and how the rows of the journal are put together.

Texts are tried on SQLite in memory, since only a database can say what a query gives.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stepwell.core.history import Attempt, HistoryMark, JournalEntry, TableShape, mark_of
from stepwell.core.migration import Version
from stepwell.core.standing import Left
from stepwell.core.tables import (
    ALL_COLUMNS,
    LOG_COLUMNS,
    SEVEN_COLUMNS,
    TableNames,
    attempts_of,
    delete_record,
    insert_record,
    left_behind,
    log_entry,
    record_values,
    shape_of,
    update_record,
)

if TYPE_CHECKING:
    from tests.core.conftest import World

WHEN = datetime(2026, 11, 25, tzinfo=UTC)
NAMES = TableNames('"migrations"', '"migrations_log"')


@pytest.mark.parametrize(
    ("columns", "shape"),
    [
        (SEVEN_COLUMNS, TableShape.SEVEN),
        (ALL_COLUMNS, TableShape.FULL),
        ((*SEVEN_COLUMNS, "checksum"), None),
        ((*ALL_COLUMNS, "more"), None),
        (SEVEN_COLUMNS[1:], None),
        ((), None),
    ],
)
def test_only_two_shapes_are_accepted(columns: tuple[str, ...], shape: TableShape | None) -> None:
    assert shape_of(frozenset(columns)) is shape


# --- the journal ------------------------------------------------------------------------------------------------------


def rows(text: str) -> list[tuple[str, str, int, str, str, str | None]]:
    """`001 up 1 intent` is a row; semicolons are between them."""
    words = (part.split() for part in text.split(";") if part.strip())
    return [
        (version, direction, int(number), event, f"d{number}", None)
        for version, direction, number, event in words
    ]


ATTEMPTS: dict[str, tuple[str, str, list[str]]] = {
    "none": ("", "", []),
    "one that began": ("001 up 1 intent; 001 up 1 done; 001 up 2 intent", "", ["001 up: 1 done in doubt"]),
    "one that failed": ("001 up 1 intent; 001 up 1 statement_failed", "", ["001 up: 0 done"]),
    "one that was resumed": (
        "001 up 1 intent; 001 up 1 done; 001 up 2 intent; 001 up 2 statement_failed; 001 up 2 intent; 001 up 2 done",
        "",
        ["001 up: 2 done"],
    ),
    "a record came, however it did: the marks count no more": ("001 up 1 intent; 001 up 1 done", "001", []),
    "a rollback has a record as long as it is not done": (
        "001 down 1 intent; 001 down 1 done",
        "001",
        ["001 down: 1 done"],
    ),
    "a rollback whose record is gone": ("001 down 1 intent; 001 down 1 done", "", []),
    "a way back of what has no record: nothing that was done before counts": (
        "001 up 1 intent; 001 up 1 done; 001 down 1 intent; 001 down 1 done",
        "",
        ["001 up: 0 done"],
    ),
    "and what is done after it counts again": (
        "001 up 1 intent; 001 up 1 done; 001 down 1 intent; 001 up 1 intent; 001 up 1 done",
        "",
        ["001 up: 1 done"],
    ),
    "both directions": (
        "001 up 1 intent; 001 up 1 done; 001 down 1 intent",
        "001",
        ["001 down: 0 done in doubt"],
    ),
    "several": (
        "001 up 1 intent; 002 up 1 intent; 001 up 1 done; 002 up 1 statement_failed",
        "",
        ["001 up: 1 done", "002 up: 0 done"],
    ),
    "the same version with other zeros": ("001 up 1 intent; 1 up 1 done", "", ["001 up: 1 done"]),
    "the record has other zeros": ("001 up 1 intent", "1", []),
}


@pytest.mark.parametrize(("journal", "recorded", "expected"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_attempts(journal: str, recorded: str, expected: list[str]) -> None:
    found = attempts_of(rows(journal), frozenset(map(Version, recorded.split())))
    assert [
        f"{each.version} {each.direction}: {len(each.done)} done{' in doubt' if each.in_doubt else ''}"
        for each in found
    ] == expected


def test_an_attempt_keeps_its_rows_in_order() -> None:
    (made,) = attempts_of(rows("001 up 1 intent; 001 up 1 done"), frozenset())
    assert made == Attempt(
        Version("001"), "up", (JournalEntry(1, "intent", "d1"), JournalEntry(1, "done", "d1"))
    )


# --- the queries ------------------------------------------------------------------------------------------------------


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    """The two tables, as far as queries go, in memory."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE migrations ({', '.join(ALL_COLUMNS)})")
        connection.execute(f"CREATE TABLE migrations_log ({', '.join(LOG_COLUMNS)})")
        yield connection


def test_a_record_is_written_told_anew_and_taken_back(
    database: sqlite3.Connection, world: type[World]
) -> None:
    def row() -> tuple[object, ...] | None:
        found: tuple[object, ...] | None = database.execute("SELECT * FROM migrations").fetchone()
        return found

    migration = world("").migration("002", ("001",))
    database.execute(insert_record(NAMES, "'now'"), record_values(migration, "1:a"))
    told = ("002", "step", "Step 002", '["001"]', "now", "now", "1:a", "hash of 002")
    assert row() == (None, *told)
    database.execute("UPDATE migrations SET id = 7")
    database.execute(update_record(NAMES), {**record_values(migration, "1:b"), "id": 7})
    assert row() == (7, *told[:6], "1:b", "hash of 002")
    database.execute(delete_record(NAMES), {"id": 7, "version": "001"})
    assert row() is not None
    database.execute(delete_record(NAMES), {"id": 7, "version": "002"})
    assert row() is None


def log(database: sqlite3.Connection, text: str) -> None:
    """`001 up intent 1` is a row; semicolons are between them."""
    for number, part in enumerate(text.split(";"), 1):
        version, direction, event, statement = [*part.split(), None][:4]
        database.execute(
            "INSERT INTO migrations_log (id, batch, version, direction, event, statement) VALUES (?, ?, ?, ?, ?, ?)",
            (number, f"batch of {version}", version, direction, event, statement),
        )


JOURNALS = {
    "what is not of the journal": ("001 up applied; 002 up failed; 002 up undone", []),
    "what began": ("001 up intent 1; 001 up done 1", ["001 intent", "001 done"]),
    "what ended": ("001 up intent 1; 001 up done 1; 001 up applied", []),
    "what was reverted": ("001 down intent 1; 001 down reverted", []),
    "what was marked": ("001 up intent 1; 001 up marked", []),
    "what was unmarked": ("001 up intent 1; 001 down unmarked", []),
    "what failed is still open": ("001 up intent 1; 001 up failed; 001 up undone", ["001 intent"]),
    "what began again": ("001 up intent 1; 001 up applied; 001 down intent 1", ["001 intent"]),
    "the end of another": ("001 up intent 1; 002 up applied", ["001 intent"]),
}


@pytest.mark.parametrize(("text", "expected"), JOURNALS.values(), ids=JOURNALS)
def test_the_journal_has_what_began_and_was_not_closed(
    database: sqlite3.Connection, text: str, expected: list[str]
) -> None:
    log(database, text)
    found = database.execute(NAMES.select_journal).fetchall()
    assert [f"{version} {event}" for version, _, _, event, *_ in found] == expected


FINGERPRINTS = {
    "none": ("001 up applied", None),
    "the last row": ("001 up applied; - up fingerprint", (2, False)),
    "the last of several": ("- up fingerprint; 001 up applied; - down fingerprint", (3, False)),
    "something was applied": ("- up fingerprint; 001 up applied", (1, True)),
    "something was reverted": ("- up fingerprint; 001 down reverted", (1, True)),
    "a statement ran": ("- up fingerprint; 001 up intent 1", (1, True)),
    "what was undone": ("- up fingerprint; 001 up failed; 002 up undone", (1, False)),
    "a correction": ("- up fingerprint; 001 up marked; 001 down unmarked", (1, False)),
}


@pytest.mark.parametrize(("text", "expected"), FINGERPRINTS.values(), ids=FINGERPRINTS)
def test_the_last_fingerprint_and_whether_something_was_done_since(
    database: sqlite3.Connection, text: str, expected: tuple[int, bool] | None
) -> None:
    log(database, text)
    database.execute("UPDATE migrations_log SET fingerprint = id, tool = 'stepwell', started_at = 'then'")
    rows = database.execute(NAMES.select_fingerprint).fetchall()
    found = left_behind(rows, lambda moment: WHEN if moment == "then" else None)
    if expected is None:
        assert found is None
    else:
        number, overtaken = expected
        assert found == Left(number, "stepwell", "batch of -", WHEN, overtaken)  # type: ignore[arg-type]


def test_the_log_of_migrations_is_without_them(database: sqlite3.Connection) -> None:
    log(database, "001 up applied; - up fingerprint; 002 up applied")
    for of_batch, expected in ((False, [3, 1]), (True, [1])):
        rows = database.execute(
            NAMES.select_log(of_batch=of_batch), {"batch": "batch of 001", "limit": 5}
        ).fetchall()
        assert [row[0] for row in rows] == expected


def test_a_row_deleted_by_hand_makes_a_migration_pending_again_whole(database: sqlite3.Connection) -> None:
    log(database, "001 up intent 1; 001 up done 1; 001 up applied")
    found = database.execute(NAMES.select_journal).fetchall()
    assert attempts_of(found, recorded=frozenset()) == ()


def test_the_mark_is_that_of_the_rows(database: sqlite3.Connection) -> None:
    def mark() -> HistoryMark:
        return HistoryMark.of(database.execute(NAMES.select_mark).fetchone())

    assert mark() == mark_of(())
    for number in (3, 4, 9):
        database.execute("INSERT INTO migrations (id) VALUES (?)", (number,))
    assert mark() == mark_of((3, 4, 9))
    log(database, "001 up intent 1")
    assert mark() != mark_of((3, 4, 9)), "a runner that plans anew must see what another one began"


def test_records_come_in_the_order_of_application(database: sqlite3.Connection) -> None:
    for number in (9, 3, 4):
        database.execute("INSERT INTO migrations (id) VALUES (?)", (number,))
    assert [row[0] for row in database.execute(NAMES.select_records)] == [3, 4, 9]


def test_a_batch_is_confirmed_by_its_log_and_by_the_records(database: sqlite3.Connection) -> None:
    log(database, "001 up applied; 002 down reverted; 003 up applied; 004 down reverted; 005 up failed")
    database.execute("UPDATE migrations_log SET batch = 'b'")
    log(database, "006 up applied")  # of another batch
    database.execute("INSERT INTO migrations (id, version) VALUES (1, '001'), (4, '004'), (6, '006')")
    found = database.execute(NAMES.select_confirmed, {"batch": "b"}).fetchall()
    assert found == [("001",), ("002",)]


def test_the_log_is_read_from_its_end(database: sqlite3.Connection) -> None:
    log(database, "001 up applied; 002 up applied; 001 down reverted")
    every = database.execute(NAMES.select_log(of_batch=False), {"limit": 2}).fetchall()
    assert [row[LOG_COLUMNS.index("id")] for row in every] == [3, 2]
    one = database.execute(NAMES.select_log(of_batch=True), {"batch": "batch of 001", "limit": 9}).fetchall()
    assert [row[LOG_COLUMNS.index("id")] for row in one] == [3, 1]


def test_a_row_of_the_log_is_read_by_the_names_of_its_columns() -> None:
    row = [f"the {name}" for name in LOG_COLUMNS]
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    entry = log_entry(row, {"the started_at": moment}.get)
    told = [entry.id, entry.batch, entry.user, entry.host, entry.checksum, entry.tool, entry.error]
    assert " ".join(map(str, told)) == "the id the batch the db_user the host the checksum the tool the error"
    assert (entry.version, entry.started_at) == (Version("the version"), moment)
    without = [None if value == "the version" else value for value in row]
    assert log_entry(without, {}.get).version is None

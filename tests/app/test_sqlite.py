"""What only SQLite has: one file, its locks, and what must not touch it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite(
    "stepwell.testing"
)  # before its first import, whichever folder is collected first

from stepwell.core.errors import (  # noqa: E402 - see above
    ConnectionFailedError,
    HistoryTableError,
    Refusal,
    StepError,
)
from stepwell.core.migration import Direction  # noqa: E402 - see above
from stepwell.testing import Workshop  # noqa: E402 - see above
from stepwell.testing.workshop import outcomes  # noqa: E402 - see above

if TYPE_CHECKING:
    from pathlib import Path

TRY_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit(9)
"""


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder, and a file that is not there yet."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()

    return Workshop(sqlite_url, tmp_path, ask)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the database."""
    return tmp_path / "test.db"


def beside(file: Path) -> list[str]:
    """The names of all files that begin with that of the database."""
    return sorted(path.name for path in file.parent.iterdir() if path.name.startswith(file.name))


# --- what only asks ---

ASKING = {
    "migrate --dry-run": lambda project: project.migrate(dry_run=True),
    "rollback --dry-run": lambda project: project.rollback(dry_run=True),
    "preview": lambda project: project.preview(Direction.UP),
    "status": lambda project: project.status(),
    "check": lambda project: project.check(),
    "log": lambda project: project.log(),
    "unlock": lambda project: project.unlock(),
}


@pytest.mark.parametrize("verb", ASKING.values(), ids=ASKING)
def test_a_file_that_is_not_there_is_not_made(shop: Workshop, file: Path, verb: Any) -> None:
    shop.table("001_items")
    shop.run(verb(shop.project()))
    assert beside(file) == []


@pytest.mark.parametrize("verb", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_bytes_of_a_file_stay(shop: Workshop, file: Path, verb: Any, mode: str) -> None:
    shop.ask(f"PRAGMA journal_mode = {mode}")
    shop.table("001_items")
    shop.migrate()
    shop.sql("002_step", "DROP TABLE items;")
    shop.python(
        "003_step",
        """
        await database.fetch_all("SELECT * FROM items")
        await database.execute("DELETE FROM items")
        await database.fetch_val("INSERT INTO items VALUES (1) RETURNING id")
        """,
    )
    before = file.read_bytes()
    shop.run(verb(shop.project()))
    assert file.read_bytes() == before
    # A reader of a write-ahead log needs these two, and SQLite makes them.
    assert set(beside(file)) <= {"test.db", *(("test.db-wal", "test.db-shm") if mode == "wal" else ())}


@pytest.mark.parametrize("text", ["CREATE TABLE x (id INTEGER);", "-- migrate:up\nSELECT 'open;", None])
def test_wrong_files_make_no_database(shop: Workshop, file: Path, text: str | None) -> None:
    if text is None:
        shop.folder.rmdir()
    else:
        (shop.folder / "001_wrong.sql").write_text(text)
    shop.failure(shop.project().migrate())
    assert beside(file) == []


# --- locks ---


def test_opening_a_file_takes_nobody_s_lock_away(shop: Workshop, file: Path) -> None:
    """POSIX locks belong to the process: whoever opens the file beside SQLite and closes it again frees them all."""
    shop.table("001_items")
    shop.migrate()
    with closing(sqlite3.connect(file, isolation_level=None)) as own:
        own.execute("BEGIN IMMEDIATE")
        shop.status()
        shop.failure(shop.project(lock_wait=0.0).unmark("001"))
        other = subprocess.run([sys.executable, "-c", TRY_LOCK, str(file)], check=False)
        assert other.returncode == 9
        own.execute("ROLLBACK")


@pytest.mark.parametrize("transactional", [True, False], ids=["in a transaction", "without"])
def test_a_reader_that_is_slow_is_waited_for(shop: Workshop, file: Path, transactional: bool) -> None:
    """In a rollback journal a commit needs all readers to have ended; that is no reason to fail."""
    shop.table("001_items")
    shop.migrate()
    shop.sql(
        "002_rows", "INSERT INTO items VALUES (1);", options="" if transactional else "transaction:false"
    )
    reader = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM items").fetchall()
    timer = threading.Timer(0.15, reader.rollback)
    timer.start()
    try:
        assert outcomes(shop.migrate()) == ["002 applied"]
    finally:
        timer.join()
        reader.close()


def test_a_commit_that_takes_its_time_is_waited_for(shop: Workshop, file: Path) -> None:
    shop.table("001_items")
    shop.migrate()
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.15, writer.rollback)
    timer.start()
    try:
        assert shop.states() == {"001": "applied"}
    finally:
        timer.join()
        writer.close()


def test_the_lock_file_appears_only_where_it_is_needed(shop: Workshop, file: Path) -> None:
    shop.table("001_items")
    shop.migrate()
    assert beside(file) == ["test.db"]
    shop.sql("002_step", "VACUUM;", options="transaction:false")
    assert shop.migrate().ok
    assert beside(file) == ["test.db", "test.db-stepwell"]
    assert shop.migrate().ok


def test_the_lock_of_a_step_without_transaction_reaches_other_processes(shop: Workshop) -> None:
    shop.waiting("001_slow", attributes="transactional = False")

    async def both() -> int:
        import asyncio

        first = asyncio.create_task(shop.project().migrate())
        await shop.has_begun()
        other = shop.process("rollback")
        await asyncio.sleep(0.3)
        shop.let_go()
        await first
        await asyncio.to_thread(other.communicate, timeout=20)
        return other.returncode

    assert shop.run(both()) == 0 or shop.states()["001"] == "applied"


# --- refusals ---


def test_what_is_no_database(shop: Workshop, file: Path) -> None:
    file.write_text("this is a text of more than sixteen bytes")
    error = shop.failure(shop.project().status())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.NO_DATABASE
    assert file.read_text().startswith("this is")


def test_an_empty_file_is_a_database(shop: Workshop, file: Path) -> None:
    file.touch()
    shop.table("001_items")
    assert shop.migrate().ok


def test_a_folder_is_no_database(shop: Workshop, file: Path) -> None:
    file.mkdir()
    error = shop.failure(shop.project().status())
    assert isinstance(error, ConnectionFailedError)
    assert error.exit_code == 7


def test_a_folder_that_is_not_there(shop: Workshop, tmp_path: Path) -> None:
    shop.table("001_items")
    error = shop.failure(shop.project(url=f"sqlite:///{tmp_path}/none/test.db").migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.NO_DATABASE
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_only_read(shop: Workshop, sqlite_url: str) -> None:
    shop.ask("CREATE TABLE other (id INTEGER)")
    shop.table("001_items")
    error = shop.failure(shop.project(url=f"{sqlite_url}?mode=ro").migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.refusal is Refusal.READ_ONLY
    assert error.exit_code == 7


def test_relative_paths_start_at_the_root(shop: Workshop, tmp_path: Path) -> None:
    shop.table("001_items")
    assert shop.run(shop.project(url="sqlite:///relative.db").migrate()).ok
    assert (tmp_path / "relative.db").exists()


def test_a_database_in_memory(shop: Workshop) -> None:
    shop.table("001_items")
    shop.sql("002_step", "SELECT 1;", options="transaction:false")
    assert outcomes(shop.run(shop.project(url="sqlite://").migrate())) == ["001 applied", "002 applied"]


# --- the driver ---


@pytest.mark.parametrize(
    ("call", "standing"),
    [("executescript('SELECT 1')", ["001"]), ("commit()", ["001"]), ("rollback()", [])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ending_the_transaction_by_the_driver_is_found_out(
    shop: Workshop, call: str, standing: list[str]
) -> None:
    shop.table("001_items")
    path = shop.python("002_step", f"async with database.driver() as connection:\n    connection.{call}")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert "ended the transaction" in error.message
    assert str(error.place) == shop.line(path, "database.driver()")
    assert shop.applied() == standing


def test_a_conflict_clause_that_ends_the_transaction_is_found_out(shop: Workshop) -> None:
    shop.sql("001_items", "CREATE TABLE items (id INTEGER PRIMARY KEY);\nINSERT INTO items VALUES (1);")
    shop.python(
        "002_step",
        """
        try:
            await database.execute("INSERT OR ROLLBACK INTO items VALUES (1)")
        except Exception:
            pass
        await database.execute("CREATE TABLE escaped (id INTEGER)")
        """,
    )
    assert isinstance(shop.failure(shop.project().migrate()), StepError)
    assert not shop.exists("escaped")
    assert shop.pending() == ["001", "002"]


def test_a_trigger_is_one_statement(shop: Workshop) -> None:
    shop.sql(
        "001_trigger",
        """
        CREATE TABLE items (id INTEGER);
        CREATE TRIGGER t AFTER INSERT ON items BEGIN
            UPDATE items SET id = id + 1;
            UPDATE items SET id = id + 1;
        END;
        INSERT INTO items VALUES (1);
        """,
    )
    (step,) = shop.migrate().steps
    assert len(step.statements) == 3
    assert shop.column("SELECT id FROM items") == [3]


KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.executemany("INSERT INTO items VALUES (?)", [(n,) for n in range(20000)])
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_writer_left_is_taken_back_by_who_only_asks(shop: Workshop, file: Path) -> None:
    shop.table("001_items")
    shop.migrate()
    subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert "test.db-journal" in beside(file)
    assert shop.states() == {"001": "applied"}
    assert shop.column("SELECT count(*) FROM items") == [0]


@pytest.mark.parametrize("kind", ["TEXT", "TEXT PRIMARY KEY", "BIGINT PRIMARY KEY", "INTEGER", ""])
def test_an_id_that_does_not_number_itself_is_refused(shop: Workshop, kind: str) -> None:
    """No order of application could be read from it, and no record written."""
    shop.ask(
        f"CREATE TABLE migrations (id {kind}, version, name, description, dependencies, created_at, applied_at)"
    )
    shop.ask("INSERT INTO migrations (id, version, name) VALUES ('one', '001', 'first')")
    error = shop.failure(shop.project().status())
    assert isinstance(error, HistoryTableError)
    assert "its column id is" in error.message
    assert kind in error.message


def test_what_an_old_table_holds_is_read(shop: Workshop) -> None:
    shop.ask(
        "CREATE TABLE migrations"
        " (id INTEGER PRIMARY KEY, version, name, description, dependencies, created_at, applied_at)"
    )
    shop.ask("INSERT INTO migrations VALUES (1, 2, NULL, 7, 1, NULL, 'last week')")
    record = shop.entry("2").record
    assert record is not None
    assert (record.version.text, record.name, record.description, record.applied_at) == ("2", "", "7", None)
    assert [version.text for version in record.dependencies] == ["1"]
    shop.ask("UPDATE migrations SET version = NULL")
    assert isinstance(shop.failure(shop.project().status()), HistoryTableError)


def test_a_writer_that_keeps_all_readers_out_is_somebody_who_holds_the_lock(
    shop: Workshop, sqlite_url: str
) -> None:
    """As one that is paused in its COMMIT."""
    shop.table("001_items")
    shop.migrate()
    shop.table("002_others")
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        error = shop.failure(shop.project(lock_wait=0.3, lock_timeout=0.1).migrate())
        other.execute("ROLLBACK")
    assert error.exit_code == 5
    assert "holds the lock" in error.message

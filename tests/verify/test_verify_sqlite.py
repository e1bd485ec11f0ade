"""`verify` of migrations for SQLite, on scratch databases in memory; the file itself is never touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.verify.checking import must_be
from tests.verify.sqlite_cases import BASE, RIGHT, WRONG
from tests.verify.test_verify import named

from stepwell.core.errors import UsageError
from stepwell.core.proof import Verdict
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.proof import Proof


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations for a file that is not there."""
    return Workshop(sqlite_url, tmp_path, lambda _: [])


def proofs(shop: Workshop, *versions: str, rows: bool = True) -> tuple[Proof, ...]:
    found = shop.run(shop.project().verify(list(versions), rows=rows)).proofs
    assert not (shop.root / "test.db").exists()
    return found


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE, "DROP TABLE posts;")
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = proofs(shop, "002")
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down)
    found = proofs(shop, rows=False)
    assert {proof.name: proof.reasons for proof in found if proof.verdict is not Verdict.PROVED} == {}
    assert len(found) == len(RIGHT) > 25
    assert len(WRONG) > 35


def test_a_column_that_comes_back_stands_last(shop: Workshop) -> None:
    shop.sql("001_base", BASE)
    shop.sql("002_case", "ALTER TABLE users DROP COLUMN email;",
             "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';")  # fmt: skip
    (proof,) = proofs(shop, "002", rows=False)
    assert proof.verdict is Verdict.PROVED
    assert proof.notes == ("after down(), table users: order of columns id, email, age -> id, age, email",)


ON_ROWS = {
    "a column that goes takes its values along": (
        "ALTER TABLE users DROP COLUMN email;",
        "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';",
        Verdict.LOSSY,
        "lossy: drops column users.email (",
    ),
    "a value that every row lacks": (
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL;",
        "ALTER TABLE users DROP COLUMN name;",
        Verdict.FAILS_ON_ROWS,
        "Cannot add a NOT NULL column with default value NULL",
    ),
    "rows that are not taken into a table built anew": (
        (
            "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '', "
            " age INTEGER CHECK (age > 0)); DROP TABLE users; ALTER TABLE new_users RENAME TO users;"
        ),
        "SELECT 1;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows: a foreign key does not hold",
    ),
    "a unique index that rows do not meet": (
        "CREATE UNIQUE INDEX one ON users (email IS NULL);",
        "DROP INDEX one;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows: UNIQUE constraint failed",
    ),
}


@pytest.mark.parametrize("name", ON_ROWS)
def test_rows_survive_or_their_loss_is_named(shop: Workshop, name: str) -> None:
    up, down, verdict, told = ON_ROWS[name]
    shop.sql("001_base", BASE)
    shop.sql("002_case", up, down)
    must_be(proofs(shop, "002")[0], verdict, told)


# --- what reaches beyond the database in memory ---

BEYOND = {
    "ATTACH '{path}' AS live; DELETE FROM live.users;": "another database file",
    "attach /* the live one */ database '{path}' as live; DELETE FROM live.users;": "another database file",
    "VACUUM INTO '{path}.copy';": "another database file",
    "PRAGMA temp_store_directory = '{folder}';": "the files of this process",
}


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A file with rows, beside the scratch database."""
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (1)")
    return path


@pytest.mark.parametrize("sql", BEYOND)
def test_what_reaches_another_file_is_refused(shop: Workshop, live: Path, sql: str) -> None:
    before = sorted((path.name, path.read_bytes()) for path in shop.root.glob("*.db*"))
    shop.table("001_first")
    path = shop.sql(
        "002_beyond", sql.format(path=live, folder=live.parent), "SELECT 1;", options="transaction:false"
    )
    error = shop.failure(shop.project().verify())
    assert isinstance(error, UsageError)
    assert f"002 beyond: refused in a scratch database: it reaches {BEYOND[sql]}" in error.message
    assert "copy of the file" in (error.hint or "")
    assert str(error.place) == shop.line(path, sql[:6])
    assert sorted((path.name, path.read_bytes()) for path in shop.root.glob("*.db*")) == before


PYTHON = {
    'await database.execute("AT" + "TACH \'{path}\' AS live")\nawait database.execute("DELETE FROM live.users")':
        "up() fails: refused in a scratch database: it reaches another database file",
    'async with database.driver() as connection:\n    connection.execute("ATTACH ? AS live", ["{path}"])\n'
    '    connection.execute("DELETE FROM live.users")': "up() fails: DatabaseError: not authorized",
    'async with database.driver() as connection:\n    connection.execute("VACUUM INTO \'{path}.copy\'")':
        "up() fails: DatabaseError: authorization denied",
    'async with database.driver() as connection:\n    connection.execute("PRAGMA temp_store_directory = \'/\'")':
        "up() fails: DatabaseError: not authorized",
}  # fmt: skip


@pytest.mark.parametrize("body", PYTHON)
def test_what_python_makes_of_it_is_refused_too(shop: Workshop, live: Path, body: str) -> None:
    shop.python("001_beyond", body.format(path=live), "pass", attributes="transactional = False")
    (proof,) = proofs(shop)
    assert proof.verdict is Verdict.BROKEN
    assert proof.reasons[0].startswith(PYTHON[body]), proof.reasons
    with closing(sqlite3.connect(live)) as connection:
        assert connection.execute("SELECT id FROM users").fetchall() == [(1,)]
    assert not live.with_name("live.db.copy").exists()


def test_what_stays_in_memory_is_not(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_vacuum", "VACUUM; PRAGMA journal_mode = WAL;", "VACUUM;", options="transaction:false")
    attached = "ATTACH ':memory:' AS beside; CREATE TABLE beside.t (id INTEGER); DETACH beside;"
    shop.sql("003_beside", attached, "SELECT 1;", options="transaction:false")
    words = "INSERT INTO first VALUES (1, 'attach it, or vacuum it into a bag')"
    shop.sql(
        "004_words",
        f"ALTER TABLE first ADD COLUMN attach TEXT; {words};",
        "DELETE FROM first; ALTER TABLE first DROP COLUMN attach;",
    )
    assert [proof.reasons for proof in proofs(shop, rows=False)] == [()] * 4

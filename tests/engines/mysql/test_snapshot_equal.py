"""What makes no difference: the session, the name of the database, a rename and back, a dump, who asks."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NoReturn

import aiomysql
import pytest
from tests.servers import ask, connecting

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.core.schema.diff import diff
from stepwell.core.schema.words import sentences, tell
from stepwell.core.settings import Settings
from stepwell.core.url import parse_url
from stepwell.engines.mysql.connection import connect
from stepwell.ports import ConnectOptions, EngineError
from stepwell.project import Project

from .conftest import Sink, made, run, taken
from .rewrites import SAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.core.schema.snapshot import Snapshot


def told(before: Snapshot, after: Snapshot) -> list[str]:
    return sentences(tell(diff(before, after)))


def must_be_equal(one: Snapshot, other: Snapshot) -> None:
    assert told(one, other) == []
    assert one.fingerprint == other.fingerprint


# --- the session ---

SESSIONS = {
    "quotes of the standard": "SET SESSION sql_mode = 'ANSI_QUOTES'",
    "backslashes that are none": "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "no quotes": "SET SESSION sql_quote_show_create = 0",
    "a time zone": "SET SESSION time_zone = '+09:00'",
    "no foreign keys": "SET SESSION foreign_key_checks = 0",
    "names of days": "SET SESSION lc_time_names = 'de_DE'",
    "another collation": "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "an open transaction that is over": "START TRANSACTION; COMMIT",
    "no commits by itself": "SET SESSION autocommit = 0",
}


async def lent(url: str, *before: str, seen: str = "DO 0") -> tuple[Snapshot, list[Any]]:
    """The snapshot by a connection that a program lends, on which something was set; what it sees before and after."""
    options = connecting(parse_url(url))
    options["db"] = options.pop("database")
    del options["ssl_disabled"]
    connection = await aiomysql.connect(**options, autocommit=True)
    try:
        cursor = await connection.cursor()
        for statement in (*before, seen):
            await cursor.execute(statement)
        answers = [await cursor.fetchall()]
        snapshot = await Project(connect=lambda: connection, engine="mysql").snapshot()
        await cursor.execute(seen)
        answers.append(await cursor.fetchall())
    finally:
        connection.close()
    return snapshot, answers


@pytest.fixture(scope="module")
def still(kitchen: Sink, everything: str) -> Iterator[str]:
    """The URL of one that nobody changes."""
    with made(kitchen, everything) as sink:
        yield sink.url


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session(name: str, still: str, unchanged: Snapshot) -> None:
    snapshot, _ = asyncio.run(lent(still, *SESSIONS[name].split("; ")))
    must_be_equal(unchanged, snapshot)


def test_the_session_is_as_it_was(still: str) -> None:
    names = ("sql_mode", "sql_quote_show_create", "lock_wait_timeout", "time_zone", "autocommit")
    seen = f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}"
    before = (
        "SET SESSION sql_mode = 'ANSI_QUOTES', SESSION sql_quote_show_create = 0",
        "SET SESSION lock_wait_timeout = 77, SESSION time_zone = '+02:00', SESSION autocommit = 0",
    )
    _, (one, other) = asyncio.run(lent(still, *before, seen=seen))
    assert other == one == (("ANSI_QUOTES", 0, 77, "+02:00", 0),)


def test_our_own_session_takes_one_statement_a_time_again(still: str) -> None:
    async def after_a_snapshot() -> str | None:
        connection = await connect(parse_url(still), ConnectOptions(Settings(), "."))
        try:
            await connection.snapshot()
            with pytest.raises(EngineError) as caught:
                await connection._target.channel.rows("SELECT 1; SELECT 2")
            await connection.snapshot()  # and may be asked once more
        finally:
            await connection.close()
        return caught.value.fault.sqlstate

    assert asyncio.run(after_a_snapshot()) == "1064"


MADE = """CREATE TABLE a (b VARCHAR(9) DEFAULT (CONCAT('x', 'y')), c VARCHAR(20) AS (CONCAT(b, '-z')),
CHECK (b IN ('p', 'q') OR b LIKE 'r%'), d ENUM('a', 'b') DEFAULT 'a');
CREATE VIEW v AS SELECT 'one' AS word FROM a WHERE b = 'x';
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 'x'"""
CLIENTS = ("latin1", "utf8mb3", "ascii", "utf8mb4 COLLATE utf8mb4_bin")


@pytest.mark.parametrize("names", CLIENTS)
def test_the_client_that_made_it(names: str, kitchen: Sink) -> None:
    """MySQL writes the character set of the client before the texts of an expression."""
    with made(kitchen, MADE) as one, made(kitchen, f"SET NAMES {names}; {MADE}") as other:
        must_be_equal(taken(one.url), taken(other.url))


# --- how it is written ---


@pytest.mark.parametrize("name", SAME)
def test_two_ways_to_write_the_same(name: str, kitchen: Sink) -> None:
    one, other = SAME[name]
    with made(kitchen, one) as first, made(kitchen, other) as second:
        must_be_equal(taken(first.url), taken(second.url))


# --- its name ---


# Those of a table, of an alias, of a column, and one that needs quotes.
@pytest.mark.parametrize("name", ["users", "p", "email", "odd-name"])
def test_another_name_of_the_database(name: str, kitchen: Sink, everything: str, unchanged: Snapshot) -> None:
    with made(kitchen, everything, name=name) as sink:
        must_be_equal(unchanged, taken(sink.url))


def test_names_with_and_without_the_database(kitchen: Sink) -> None:
    """How a view was written, and that another database is in it, makes no difference either."""
    tables = "CREATE TABLE a (id INT); CREATE VIEW w AS SELECT id FROM a;"
    with made(kitchen, f"{tables} CREATE VIEW v AS SELECT a.id, u.user FROM a, mysql.user u") as one:
        name = one.url.rpartition("/")[2]
        first = taken(one.url)
        run(
            one.url,
            f"USE mysql; CREATE OR REPLACE VIEW {name}.v AS SELECT {name}.a.id, u.user FROM {name}.a, user u",
        )
        must_be_equal(first, taken(one.url))
    with made(kitchen, f"{tables} CREATE VIEW v AS SELECT a.id, u.user FROM a, mysql.user u") as other:
        must_be_equal(first, taken(other.url))


# --- there and back ---

THERE_AND_BACK = (
    "RENAME TABLE users TO people; RENAME TABLE people TO users",
    "ALTER TABLE users RENAME COLUMN kind TO sort; ALTER TABLE users RENAME COLUMN sort TO kind",
    "ALTER TABLE plain ADD COLUMN d INT; ALTER TABLE plain DROP COLUMN d",
    "ALTER TABLE users RENAME INDEX by_age TO x; ALTER TABLE users RENAME INDEX x TO by_age",
    "CREATE INDEX i ON plain (a); DROP INDEX i ON plain",
    "ALTER TABLE plain COMMENT = 'x'; ALTER TABLE plain COMMENT = ''",
    "INSERT INTO plain VALUES (1, 2, 'x'); INSERT INTO spread VALUES (3)",
    "ALTER TABLE users AUTO_INCREMENT = 5000",
    "ANALYZE TABLE users; OPTIMIZE TABLE plain",
    "GRANT UPDATE ON plain TO ks_reader@localhost; REVOKE UPDATE ON plain FROM ks_reader@localhost",
    "CREATE TEMPORARY TABLE passing (id INT)",
    "ALTER EVENT often DISABLE; ALTER EVENT often ENABLE",
    "ALTER EVENT often ON SCHEDULE EVERY 2 DAY; ALTER EVENT often ON SCHEDULE EVERY '1:30' HOUR_MINUTE",
    "ALTER TABLE plain CHARACTER SET latin1; ALTER TABLE plain CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
)


@pytest.mark.parametrize("statements", THERE_AND_BACK)
def test_there_and_back(statements: str, sink: Sink, unchanged: Snapshot) -> None:
    run(sink.url, statements)
    must_be_equal(unchanged, taken(sink.url))


def test_the_next_value_of_a_sequence(sink: Sink, unchanged: Snapshot) -> None:
    if "mariadb" in sink.features:
        ask(sink.url, "SELECT NEXTVAL(tickets)")
        must_be_equal(unchanged, taken(sink.url))


def test_a_table_that_only_has_the_name_is_in_it(kitchen: Sink) -> None:
    with made(kitchen, "CREATE TABLE migrations (something INT)") as sink:
        assert "migrations.something" in {fact.identity for fact in taken(sink.url).facts}


# --- a dump and a restore ---


def test_a_dump_and_a_restore(kitchen: Sink, still: str, unavailable: Callable[[str], NoReturn]) -> None:
    if "mysql" in kitchen.features:
        return  # there is no program of MySQL's own here
    if shutil.which("mariadb-dump") is None:
        unavailable("there is no mariadb-dump")
    url = connecting(parse_url(still))
    dump = subprocess.run(
        [
            "mariadb-dump", "--no-defaults", f"--host={url['host']}", f"--port={url['port']}", f"--user={url['user']}",
            f"--password={url['password']}", "--skip-ssl", "--no-data", "--routines", "--events", url["database"],
        ],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    with made(kitchen, "DO 0") as sink:
        ask(
            sink.url, "ALTER DATABASE COLLATE utf8mb4_unicode_ci"
        )  # which a dump of one database does not say
        name = sink.url.rpartition("/")[2]
        # It has the name of its database in it, before that of a sequence, to which a default would go on to lead.
        dump = dump.replace(f"`{url['database']}`.", "")
        subprocess.run(
            [
                "mariadb", "--no-defaults", f"--host={url['host']}", f"--port={url['port']}", f"--user={url['user']}",
                f"--password={url['password']}", "--skip-ssl", name,
            ],
            input=dump, text=True, check=True, capture_output=True,
        )  # fmt: skip
        lost = told(taken(still), taken(sink.url))
    assert [line for line in lost if not line.startswith("database: grants ")] == []
    assert len(lost) == 3


# Of each kind: how its names are found, and where in the answer of SHOW CREATE its sql_mode and its text stand.
SHOWN = {
    "TABLE": ("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'", None, 1),
    "VIEW": ("SHOW FULL TABLES WHERE Table_type = 'VIEW'", None, 1),
    "PROCEDURE": ("SHOW PROCEDURE STATUS WHERE Db = DATABASE()", 1, 2),
    "FUNCTION": ("SHOW FUNCTION STATUS WHERE Db = DATABASE()", 1, 2),
    "TRIGGER": ("SHOW TRIGGERS", 1, 2),
    "EVENT": ("SHOW EVENTS", 1, 3),
    "LIBRARY": ("SHOW LIBRARY STATUS WHERE Db = DATABASE()", 1, 2),
}


def dumped(url: str) -> Iterator[str]:
    """The statements that SHOW CREATE prints, as a dump has them."""
    yield "ALTER DATABASE COLLATE utf8mb4_unicode_ci"
    yield "SET foreign_key_checks = 0"
    for kind, (question, mode, text) in SHOWN.items():
        column = 1 if kind in {"PROCEDURE", "FUNCTION", "EVENT", "LIBRARY"} else 0
        for row in ask(url, question):
            shown = ask(url, f"SHOW CREATE {kind} `{str(row[column]).replace('`', '``')}`")[0]
            yield f"SET sql_mode = '{'' if mode is None else shown[mode]}'"
            yield str(shown[text]).rstrip(";")


def test_what_show_create_prints_makes_the_same(kitchen: Sink, still: str, unchanged: Snapshot) -> None:
    """On MySQL, whose own program for dumps is not there."""
    if "mariadb" in kitchen.features:
        return
    with made(kitchen, ";\n".join(dumped(still))) as sink:
        lost = told(unchanged, taken(sink.url))
    assert [line for line in lost if not line.startswith("database: grants ")] == []


# --- who asks ---


def as_stranger(url: str, *grants: str) -> str:
    """The URL for a user with these rights on the database, and no others."""
    name = url.rpartition("/")[2]
    user = f"ks_{name[-12:]}"
    ask(url, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret-of-tests'")
    for grant in grants:
        ask(url, f"GRANT {grant} ON `{name}`.* TO {user}@'%'")
    return url.replace("//tester:", f"//{user}:")


def drop_stranger(url: str) -> None:
    ask(url, f"DROP USER IF EXISTS ks_{url.rpartition('/')[2][-12:]}@'%'")


@pytest.fixture
def tables_only(kitchen: Sink) -> Iterator[str]:
    with made(
        kitchen, "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (a INT REFERENCES a (id))"
    ) as sink:
        yield sink.url
        drop_stranger(sink.url)


@pytest.mark.parametrize("grant", ["ALL PRIVILEGES", "SELECT"])
def test_a_user_with_few_rights(grant: str, tables_only: str) -> None:
    """What may be hidden is said, and is no part of the fingerprint."""
    whole = taken(tables_only)
    few = taken(as_stranger(tables_only, grant))
    must_be_equal(whole, few)
    assert diff(whole, few).notes == ("the database was not compared in full: a role may not read all of it",)
    assert whole.unreadable == ()


HIDDEN = {
    "CREATE VIEW v AS SELECT 1 AS one": "SELECT, SHOW VIEW",
    "CREATE PROCEDURE p() SELECT 1": "may not see what the procedure p consists of",
}


@pytest.mark.parametrize("sql", HIDDEN)
def test_what_is_seen_and_can_not_be_read_is_an_error(sql: str, tables_only: str) -> None:
    run(tables_only, sql)
    with pytest.raises(ConnectionFailedError) as caught:
        taken(as_stranger(tables_only, "SELECT", "EXECUTE"))
    assert caught.value.refusal is Refusal.RIGHTS
    assert HIDDEN[sql] in caught.value.message
    assert (caught.value.hint or "").startswith("GRANT ")


def test_whoever_locks_a_table_is_not_waited_for(sink: Sink, unchanged: Snapshot) -> None:
    import pymysql

    with pymysql.connect(**connecting(parse_url(sink.url))) as locking:
        locking.cursor().execute("LOCK TABLES plain WRITE, users READ")
        must_be_equal(unchanged, taken(sink.url))

"""Bad inputs 50 to 60: SQL that ends the transaction, is none, leaves something behind, or goes for our own tables."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest
from tests.inputs.conftest import Told

from stepwell.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.inputs.conftest import Ask

    Connection = psycopg.Connection[tuple[object, ...]]

TRANSACTION = (
    "stepwell opens and ends the transaction; for a part that may fail on its own write 'async with"
    " database.transaction():', for a step without transaction 'transactional = False'"
)
LEFT = "set what is needed with SET LOCAL; drop, close and give back what the migration made for itself"
NO_PSQL = "stepwell is not psql: delete the line, or write what it does in SQL"
NO_DATA = "end the statement with ';', begin the data on the next line, end them with a line '\\.'"
OPEN = "write '-- migrate:up transaction:false'; a step without transaction is best alone in its file"
IN_FUNCTION = (
    "this command can't be in a function or a DO block: write it as a statement of the migration itself"
)
IN_BLOCK = (
    "this command can't run in a transaction: set 'transactional = False' on the class, or write"
    " '-- migrate:up transaction:false'"
)
IN_BODY = (
    "a migration must not commit or abort, not even in a procedure or a DO block; without a transaction"
    " ('transactional = False') it may"
)
OWN_TABLES = "did a migration of this run drop, rename or change one of stepwell's own tables?"
GIVEN_BACK = (
    "leave out DISCARD ALL and pg_advisory_unlock_all(): unlock what the migration locked, by its key"
)
LOST = "the connection to the server was lost; run again when it is back"
FILE = "db/migrations/002_step.sql"
PROCEDURE = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN COMMIT; END$$;\nCALL p();"
INDEX = "EXECUTE 'CREATE INDEX CONCURRENTLY ON items (id)'"
ESCAPE = "\\x1b[31mred\\x07"


class Case(NamedTuple):
    """What stands in the up section, and what is told of it. `transaction` is what its marker says of that."""

    sql: str
    told: Told
    transaction: bool = True


def refused(what: str, line: int = 2) -> Told:
    message = f"{what} is refused: a migration must not begin, end or prepare a transaction itself"
    return Told(4, "file_wrong", message, f"{FILE}:{line}", TRANSACTION)


def wrong(message: str, line: int, hint: str | None = None) -> Told:
    return Told(4, "file_wrong", message, f"{FILE}:{line}", hint)


def failed(
    message: str, line: int | None, hint: str | None = None, *, code: str = "statement_failed"
) -> Told:
    return Told(1, code, message, FILE if line is None else f"{FILE}:{line}", hint)


def left(what: str) -> Told:
    return failed(f"the migration leaves behind {what}", None, LEFT, code="left_behind")


def unwritten(why: str) -> Told:
    return Told(1, "statement_failed", f"the records can't be written: {why}", None, OWN_TABLES)


GONE = unwritten('relation "public.migrations" does not exist')
NO_SCHEMA = Told(
    1, "statement_failed", "no schema has been selected to create in", "db/migrations/003_last.sql:2", None
)
LOCK_LOST = failed(
    "the lock was lost while this migration ran: it gave it back, and another run may have begun",
    None,
    GIVEN_BACK,
    code="lock_lost",
)
REFUSED = {
    "50 COMMIT": Case("INSERT INTO items VALUES (1);\nCOMMIT;", refused("COMMIT", 3)),
    "50 ROLLBACK": Case("ROLLBACK;", refused("ROLLBACK")),
    "50 COMMIT; BEGIN": Case("COMMIT; BEGIN;", refused("COMMIT")),
    "50 COMMIT AND CHAIN": Case("COMMIT AND CHAIN;", refused("COMMIT")),
    "50 PREPARE TRANSACTION": Case("PREPARE TRANSACTION 'x';", refused("PREPARE TRANSACTION")),
    "50 in a DO block": Case(
        "DO $$BEGIN COMMIT; END$$;", failed("invalid transaction termination", 2, IN_BODY)
    ),
    "50 in a procedure": Case(PROCEDURE, failed("invalid transaction termination", 3, IN_BODY)),
    "51 a dollar quote that never ends": Case(
        "SELECT 1;\nSELECT $x$ never", wrong("this dollar-quoted string is never closed", 3)
    ),
    "51 a comment that never ends": Case(
        "SELECT 1;\n/* never /* */", wrong("this comment is never closed", 3)
    ),
    "51 a delimiter, which is MySQL's": Case(
        "DELIMITER //\nSELECT 1//", failed('syntax error at or near "DELIMITER"', 2)
    ),
    "52 \\copy": Case(
        "SELECT 1;\n\\copy items from 'x'", wrong("\\copy is a command of psql, not SQL", 3, NO_PSQL)
    ),
    "52 \\set": Case("\\set x 1\nSELECT 1;", wrong("\\set is a command of psql, not SQL", 2, NO_PSQL)),
    "53 COPY without data": Case(
        "COPY items FROM STDIN;", wrong("COPY from standard input without its data", 2, NO_DATA)
    ),
    "53 COPY whose data never end": Case(
        "COPY items FROM STDIN;\n1\n2\n", wrong("COPY from standard input without its data", 2, NO_DATA)
    ),
    "53 COPY of what does not fit": Case(
        "COPY items FROM STDIN;\none\n\\.\n", failed('invalid input syntax for type integer: "one"', 2)
    ),
    "53 COPY to nobody": Case(
        "COPY items TO STDOUT;",
        failed(
            "COPY to standard output gives rows that nobody reads",
            2,
            "read rows with 'database.fetch_all()', or run the COPY by 'database.driver()'",
        ),
    ),
    "54 SET ROLE": Case("SET ROLE pg_monitor;", left("the role pg_monitor")),
    "54 SET search_path": Case(
        "SET search_path = pg_catalog;", left("the setting search_path = 'pg_catalog'")
    ),
    "54 SET SESSION AUTHORIZATION": Case(
        "SET SESSION AUTHORIZATION pg_monitor;",
        left("the session authorization pg_monitor, the role pg_monitor"),
    ),
    "55 a temporary table": Case("CREATE TEMP TABLE own (id INTEGER);", left("the temporary table own")),
    "55 LISTEN": Case("LISTEN own;", left("the listening on own"), transaction=False),
    "55 DISCARD ALL in a transaction": Case(
        "DISCARD ALL;",
        wrong("DISCARD ALL ends what a transaction stands on, but 002 step runs in one", 2, OPEN),
    ),
    "55 DISCARD ALL": Case("DISCARD ALL;", LOCK_LOST, transaction=False),
    "56 the history is dropped": Case("DROP TABLE migrations;", GONE),
    "56 both tables are dropped": Case("DROP TABLE migrations, migrations_log;", GONE),
    "56 the history is renamed": Case("ALTER TABLE migrations RENAME TO other;", GONE),
    "56 the history loses a column": Case(
        "ALTER TABLE migrations DROP COLUMN checksum;",
        unwritten('column "checksum" of relation "migrations" does not exist'),
    ),
    "56 its own record": Case(
        "INSERT INTO migrations (version, name) VALUES ('002', 'mine');",
        unwritten('duplicate key value violates unique constraint "migrations_version_key"'),
    ),
    "56 the schema is renamed": Case("ALTER SCHEMA public RENAME TO private;", NO_SCHEMA),
    "56 the schema is dropped": Case("DROP SCHEMA public CASCADE;", NO_SCHEMA),
    "57 in plain sight": Case(
        "CREATE INDEX CONCURRENTLY ON items (id);",
        wrong("CREATE INDEX CONCURRENTLY commits several times itself, but 002 step runs in one", 2, OPEN),
    ),
    "57 hidden in a DO block": Case(
        f"DO $$BEGIN {INDEX}; END$$;",
        failed("CREATE INDEX CONCURRENTLY cannot run inside a transaction block", 2, IN_BLOCK),
    ),
    "57 hidden in a DO block, without a transaction": Case(
        f"DO $$BEGIN {INDEX}; END$$;",
        failed("CREATE INDEX CONCURRENTLY cannot be executed from a function", 2, IN_FUNCTION),
        transaction=False,
    ),
    "58 it unlocks everything": Case("SELECT pg_advisory_unlock_all();", LOCK_LOST, transaction=False),
    "58 it cancels itself": Case(
        "SELECT pg_cancel_backend(pg_backend_pid());",
        failed(
            "canceling statement due to user request", 2, "the statement was stopped: see --statement-timeout"
        ),
    ),
    "60 an error with escapes": Case(
        f"DO $$BEGIN RAISE EXCEPTION '%', E'{ESCAPE}'; END$$;", failed("\x1b[31mred\x07", 2)
    ),
}
ACCEPTED = {
    "51 all kinds of quotes": "SELECT /* /* ; */ ; */ ';', $$;$$, $t$;$t$, E'\\';', $ä$ ; $$ ; $ä$;",
    "53 COPY": "COPY items FROM STDIN;\n1\n2\n\\.\nINSERT INTO items VALUES (3);",
    "54 SET LOCAL": "SET LOCAL ROLE pg_monitor;\nSET LOCAL search_path = pg_catalog;",
    "55 NOTIFY": "NOTIFY own;",
    "58 the lock of a transaction can't be given back": "SELECT pg_advisory_unlock_all();",
    "59 many rows": "SELECT generate_series(1, 1000000);",
    "60 a flood of notices": f"DO $$BEGIN FOR i IN 1..10000 LOOP RAISE NOTICE '%', E'{ESCAPE}'; END LOOP; END$$;",
}


@pytest.fixture
def connection(postgresql_url: str) -> Iterator[Connection]:
    """A session that looks at the database from outside."""
    with psycopg.connect(postgresql_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def first(root: Path, ask: Ask, postgresql_url: str) -> None:
    """The first migration is applied; the last one is behind the one that the case is about."""
    folder = root / "db/migrations"
    (folder / "001_first.sql").write_text("-- migrate:up\nCREATE TABLE items (id INTEGER);\n")
    assert ask("migrate", "--url", postgresql_url) is None
    (folder / "003_last.sql").write_text("-- migrate:up\nCREATE TABLE last (id INTEGER);\n")


def write(root: Path, sql: str, *, transaction: bool = True) -> None:
    option = "" if transaction else " transaction:false"
    (root / "db/migrations/002_step.sql").write_text(f"-- migrate:up{option}\n{sql}\n")


def recorded(connection: Connection) -> list[object]:
    return [version for (version,) in connection.execute("SELECT version FROM migrations ORDER BY id")]


def no_lock_stays(connection: Connection) -> bool:
    """Whether the lock is free. Where the session had to be left, within a COPY, the server frees it a moment later."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        (locks,) = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if locks == (0,):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("case", REFUSED)
def test_sql_that_is_refused(
    case: str, ask: Ask, root: Path, postgresql_url: str, connection: Connection
) -> None:
    sql, expected, transaction = REFUSED[case]
    write(root, sql, transaction=transaction)
    assert ask("migrate", "--url", postgresql_url) == expected
    assert recorded(connection) == ["001"]
    assert no_lock_stays(connection)


@pytest.mark.parametrize("case", ACCEPTED)
def test_sql_that_is_odd_and_right(
    case: str, ask: Ask, root: Path, postgresql_url: str, connection: Connection
) -> None:
    write(root, ACCEPTED[case])
    assert ask("migrate", "--url", postgresql_url) is None
    assert recorded(connection) == ["001", "002", "003"]


@pytest.mark.parametrize("transaction", [True, False])
def test_it_ends_its_own_session(
    transaction: bool, ask: Ask, root: Path, postgresql_url: str, connection: Connection
) -> None:
    """58."""
    write(root, "SELECT pg_terminate_backend(pg_backend_pid());", transaction=transaction)
    told = ask("migrate", "--url", postgresql_url)
    assert told is not None
    assert (told.exit_code, told.code, told.place, told.hint) == (1, "connection_lost", f"{FILE}:2", LOST)
    assert recorded(connection) == ["001"]
    write(root, "SELECT 1;")
    assert ask("migrate", "--url", postgresql_url) is None
    assert recorded(connection) == ["001", "002", "003"]


@pytest.mark.parametrize("statement", ["DELETE FROM migrations", "TRUNCATE migrations"])
def test_it_empties_the_history(
    statement: str, ask: Ask, root: Path, postgresql_url: str, connection: Connection
) -> None:
    """56: whoever may write SQL may do so; as with a row that is deleted by hand, what is gone is pending again."""
    write(root, f"{statement};")
    assert ask("migrate", "--url", postgresql_url) is None
    assert recorded(connection) == ["002", "003"]
    told = ask("migrate", "--url", postgresql_url)
    assert told is not None
    assert (told.exit_code, told.code, told.place) == (1, "statement_failed", "db/migrations/001_first.sql:2")
    assert told.message == 'relation "items" already exists'


@pytest.mark.parametrize("case", ["60 an error with escapes", "60 a flood of notices"])
def test_a_terminal_is_sent_no_escapes(
    case: str, root: Path, postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """60."""
    write(root, REFUSED[case].sql if case in REFUSED else ACCEPTED[case])
    main(["migrate", "-v", "--url", postgresql_url], root=root)
    told = "".join(capsys.readouterr())
    assert "\x1b" not in told
    assert "\x07" not in told
    assert ESCAPE in told

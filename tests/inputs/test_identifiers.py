"""Bad inputs 1 to 18: names of tables, schemas and roles, and versions that want to be paths.

A name is data: it is refused, or it is the name of one thing and does nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from tests.inputs.conftest import Told

from stepwell.core.url import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.inputs.conftest import Ask

    Connection = psycopg.Connection[tuple[object, ...]]

CHOOSE = "create it, or choose another with the setting 'schema'"
FORBIDDEN = "the version '../../etc/passwd' may hold only letters, digits, '_', '.' and '-'"
PATH = "../../etc/passwd"


def usage(message: str, hint: str | None = None) -> Told:
    return Told(2, "usage", message, None, hint)


def setting(name: str, problem: str) -> Told:
    return usage(f"the setting '{name}' (--{name}) {problem}")


OWN = "is a schema of the server's own"
REFUSED = {
    "1 a schema that closes its quote": (
        ("--schema", 'tenant"; DROP SCHEMA public CASCADE; --'),
        usage('the schema tenant"; DROP SCHEMA public CASCADE; -- does not exist', CHOOSE),
    ),
    "2 a table with its schema": (
        ("--table", "a.b"),
        setting("table", "is a table's name without its schema: that is the setting 'schema'"),
    ),
    "2 a schema with a dot": (("--schema", "a.b"), usage("the schema a.b does not exist", CHOOSE)),
    "3 no table": (("--table", ""), setting("table", "is empty")),
    "3 no schema": (("--schema", ""), setting("schema", "is empty")),
    "3 no role": (("--role", ""), setting("role", "is empty")),
    "4 a table whose log would be cut": (("--table", "x" * 60), setting("table", "is longer than 59 bytes")),
    "5 a table that would be cut": (("--table", "x" * 64), setting("table", "is longer than 59 bytes")),
    "5 a schema that would be cut": (("--schema", "x" * 64), setting("schema", "is longer than 63 bytes")),
    "5 a role that would be cut": (("--role", "x" * 64), setting("role", "is longer than 63 bytes")),
    "6 characters of four bytes": (("--table", "😀" * 15), setting("table", "is longer than 59 bytes")),
    "7 a NUL": (("--table", "a\0b"), setting("table", "holds a control character")),
    "8 a line feed": (("--schema", "a\nb"), setting("schema", "holds a control character")),
    "8 a carriage return": (("--table", "a\rb"), setting("table", "holds a control character")),
    "10 another case": (("--schema", "Public"), usage("the schema Public does not exist", CHOOSE)),
    "12 a space": (("--table", " "), setting("table", "is empty")),
    "15 pg_temp": (("--schema", "pg_temp"), setting("schema", OWN)),
    "15 pg_catalog": (("--schema", "pg_catalog"), setting("schema", OWN)),
    "15 pg_toast": (("--schema", "pg_toast"), setting("schema", OWN)),
    "15 information_schema": (("--schema", "information_schema"), setting("schema", OWN)),
    "15 a role that is a word": (
        ("--role", "none"),
        setting("role", "is a word of SQL: SET ROLE none takes on no role at all"),
    ),
    "16 right to left": (("--table", "a\u202eb"), setting("table", "holds a control character")),
    "16 decomposed, where composed is there": (
        ("--schema", "caf\u0065\u0301"),
        usage("the schema caf\u0065\u0301 does not exist", CHOOSE),
    ),
    "16 a letter that looks like another": (
        ("--schema", "\u0440ublic"),
        usage("the schema \u0440ublic does not exist", CHOOSE),
    ),
}
ACCEPTED = {
    "1 a table that closes its quote": 'tenant"; DROP SCHEMA public CASCADE; --',
    "4 as long as can be": "x" * 59,
    "6 as long as can be, in characters of four bytes": "😀" * 14 + "abc",
    "9 a word of SQL": "user",
    "10 capitals": "Migrations",
    "11 a digit first": "1st",
    "13 a parameter of a driver": "%s",
    "13 a place of a format": "{0}",
    "13 a parameter of the server": "$1",
    "14 a backtick": "a`b",
    "17 a sleep in the name of the lock": "'; SELECT pg_sleep(9)--",
}


@pytest.fixture
def connection(postgresql_url: str) -> Iterator[Connection]:
    """A session that looks at the database from outside."""
    with psycopg.connect(postgresql_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(autouse=True)
def one_migration(root: Path) -> None:
    """There is something to do."""
    (root / "db/migrations/001_first.sql").write_text("-- migrate:up\nCREATE TABLE first (id INTEGER);\n")


def tables(connection: Connection) -> set[tuple[object, ...]]:
    """All that is not the server's own."""
    return set(
        connection.execute(
            "SELECT schemaname::text, tablename::text FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
    )


@pytest.mark.parametrize("case", REFUSED)
def test_a_name_that_is_refused(case: str, ask: Ask, postgresql_url: str, connection: Connection) -> None:
    arguments, expected = REFUSED[case]
    connection.execute('CREATE SCHEMA "caf\u00e9"')
    assert ask("migrate", "--url", postgresql_url, *arguments) == expected
    assert tables(connection) == set()


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_table_of_that_name_and_nothing_else(
    case: str, ask: Ask, postgresql_url: str, connection: Connection
) -> None:
    name = ACCEPTED[case]
    assert ask("migrate", "--url", postgresql_url, "--table", name) is None
    assert tables(connection) == {("public", "first"), ("public", name), ("public", f"{name}_log")}
    rows = connection.execute(sql.SQL("SELECT version FROM {}").format(sql.Identifier(name))).fetchall()
    assert rows == [("001",)]


@pytest.mark.parametrize("case", [case for case in ACCEPTED if len(ACCEPTED[case].encode()) < 50])
def test_a_table_of_mariadb(case: str, ask: Ask, mariadb_url: str) -> None:
    name = ACCEPTED[case]
    assert ask("migrate", "--url", mariadb_url, "--table", name) is None
    assert ask("status", "--check", "--url", mariadb_url, "--table", name) is None


def test_a_schema_of_that_name_and_nothing_else(
    ask: Ask, postgresql_url: str, connection: Connection
) -> None:
    """1, 10: two schemas whose names differ in case only are two, each with a history."""
    for name in ('tenant"; DROP SCHEMA public CASCADE; --', "Tenant", "tenant"):
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        connection.execute("DROP TABLE IF EXISTS first")
        assert ask("migrate", "--url", postgresql_url, "--schema", name) is None
        assert {(name, "migrations"), (name, "migrations_log"), ("public", "first")} <= tables(connection)


def test_a_role_that_closes_its_quote(ask: Ask, postgresql_url: str, connection: Connection) -> None:
    """1."""
    told = ask("migrate", "--url", postgresql_url, "--role", 'x"; DROP SCHEMA public; --')
    assert told == Told(
        7,
        "connection_failed",
        f"{parse_url(postgresql_url).shown}: the role x\"; DROP SCHEMA public; -- can't be taken on"
        ' (role "x"; DROP SCHEMA public; --" does not exist)',
        None,
        "see the setting 'role'; to allow it: GRANT ROLE TO USER",
    )
    assert tables(connection) == set()


def test_a_search_path_that_begins_with_the_servers_own_schema(ask: Ask, postgresql_url: str) -> None:
    """15."""
    url = f"{postgresql_url}{'&' if '?' in postgresql_url else '?'}options=-c%20search_path%3Dpg_catalog"
    assert ask("migrate", "--url", url) == usage(
        "the search path begins with pg_catalog, a schema of the server's own",
        "choose another with the setting 'schema'",
    )


# --- 18: versions that want to be paths ---

PATHS = {
    "to mark": (("mark", PATH), "argument V", "mark"),
    "as a target": (("migrate", "--target", PATH), "argument --target", "migrate"),
    "to roll back to": (("rollback", "--target", PATH), "argument --target", "rollback"),
    "to depend on": (("new", "a", "--depends", PATH), "argument --depends", "new"),
}
CLASS = "from stepwell import Migration\n\n\nclass A(Migration):\n    {}\n\n    async def up(self): pass\n"
IN_FILES = {
    "a version": ("def get_version(self): return '../../etc/passwd'", f"get_version(): {FORBIDDEN}"),
    "a dependency": ("dependencies = ['../../etc/passwd']", f"each of dependencies: {FORBIDDEN}"),
}


@pytest.mark.parametrize("case", PATHS)
def test_a_version_that_is_a_path(case: str, ask: Ask, sqlite_url: str) -> None:
    """18."""
    arguments, what, command = PATHS[case]
    told = ask(*arguments, "--url", sqlite_url)
    assert told == usage(f"{what}: {FORBIDDEN}", f"see 'stepwell {command} --help'")


@pytest.mark.parametrize("case", IN_FILES)
def test_a_version_that_is_a_path_in_a_file(case: str, ask: Ask, sqlite_url: str, root: Path) -> None:
    """18."""
    body, message = IN_FILES[case]
    (root / "db/migrations/002_a.py").write_text(CLASS.format(body))
    told = ask("migrate", "--url", sqlite_url)
    assert told == Told(4, "file_wrong", message, "db/migrations/002_a.py:5", None)


def test_a_new_migration_stays_in_its_folder(ask: Ask, root: Path) -> None:
    """18."""
    before = {path for path in root.rglob("*") if path.is_file()}
    assert ask("new", PATH) is None
    made = {path for path in root.rglob("*") if path.is_file()} - before
    assert made == {root / "db/migrations/002_etc_passwd.py"}

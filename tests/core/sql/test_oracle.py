"""The databases have the last word: what they do with a script or a statement is what we say of it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import urlsplit

import psycopg
import pytest

from stepwell.core.sql.kinds import classify
from stepwell.core.sql.objects import ObjectKind
from stepwell.core.sql.split import split
from stepwell.core.sql.statement import Statement
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

SCRIPT = Path(__file__).parent / "oracle" / "postgresql.sql"
STRUCTURE = """
    SELECT 'class', c.oid::regclass::text, c.relkind::text, pg_get_viewdef(c.oid) FROM pg_class c
        WHERE c.relnamespace = 'app'::regnamespace
    UNION ALL SELECT 'column', attrelid::regclass::text, attname::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid IN ('app.users'::regclass, 'app.log'::regclass)
    UNION ALL SELECT 'function', p.oid::regprocedure::text, p.prosrc, pg_get_functiondef(p.oid) FROM pg_proc p
        WHERE p.pronamespace = 'app'::regnamespace
    UNION ALL SELECT 'rule', tablename::text, rulename::text, definition FROM pg_rules
        WHERE schemaname = 'app'
    UNION ALL SELECT 'comment', objoid::regclass::text, NULL, description FROM pg_description
        WHERE objoid = 'app.users'::regclass
    UNION ALL SELECT 'row', id::text, name, "odd;name" FROM app.users
    UNION ALL SELECT 'row', what, at::text, NULL FROM app.log
    ORDER BY 1, 2, 3, 4
"""


@pytest.fixture
def postgresql_url(postgresql_url: str) -> str:
    """The URL of a new database, of a server that is new enough for all the statements here."""
    with psycopg.connect(postgresql_url) as connection:
        if connection.info.server_version < 140000:
            pytest.skip("PostgreSQL 14 brought BEGIN ATOMIC and DETACH PARTITION CONCURRENTLY")
    return postgresql_url


class Unavailable(Protocol):
    """Leaves the test, for the reason given."""

    def __call__(self, reason: str) -> NoReturn: ...


@pytest.fixture
def other_url(postgresql_url: str) -> Iterator[str]:
    """The URL of a second database on the same server."""
    name = urlsplit(postgresql_url).path[1:] + "_other"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlsplit(postgresql_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run_statement(connection: psycopg.Connection, statement: Statement) -> None:
    if statement.copy_data is None:
        connection.execute(statement.text.encode())
        return
    with connection.cursor() as cursor, cursor.copy(statement.text.encode()) as copy:
        copy.write(statement.copy_data)


def structure(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(STRUCTURE).fetchall()


def test_statement_by_statement_a_script_does_what_it_does_in_psql(
    postgresql_url: str, other_url: str, unavailable: Unavailable
) -> None:
    psql = shutil.which("psql")
    if psql is None:
        unavailable("psql is not installed")
    command = [psql, "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(SCRIPT), postgresql_url]
    environment = {**os.environ, "PGCLIENTENCODING": "UTF8"}
    whole = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert (whole.returncode, whole.stderr) == (0, "")
    with psycopg.connect(other_url) as connection:
        for statement in split(SCRIPT.read_text(encoding="utf-8"), POSTGRESQL):
            run_statement(connection, statement)
    expected = structure(postgresql_url)
    assert len(expected) > 20
    assert structure(other_url) == expected


def test_what_we_say_is_created_is_there_afterwards(postgresql_url: str) -> None:
    statements = split(SCRIPT.read_text(encoding="utf-8"), POSTGRESQL)
    created = [made for statement in statements for made in classify(statement, POSTGRESQL).creates]
    with psycopg.connect(postgresql_url) as connection:
        for statement in statements:
            run_statement(connection, statement)
        rows = connection.execute(
            "SELECT relname::text FROM pg_class"
            " WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'v')"
            " UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'app'::regnamespace"
        ).fetchall()
    assert created[0].kind is ObjectKind.SCHEMA
    assert sorted(made.name for made in created[1:]) == sorted(str(name) for (name,) in rows)


OBJECTS = """
    CREATE TABLE t (i int PRIMARY KEY, v int);
    CREATE INDEX ix ON t (v);
    CREATE TABLE pt (i int) PARTITION BY LIST (i);
    CREATE TABLE "p;1" PARTITION OF pt FOR VALUES IN (1);
    CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
    CREATE UNIQUE INDEX mvi ON mv (a);
    CREATE TYPE mood AS ENUM ('a');
    CREATE SCHEMA s;
    CREATE SEQUENCE q;
"""
IN_A_TRANSACTION = [
    "create index concurrently on t (v)",
    "create unique index concurrently if not exists n on only t (v)",
    "create index on t (v)",
    "drop index concurrently if exists ix",
    "drop index ix",
    "reindex index concurrently ix",
    "reindex (verbose, concurrently) table t",
    "reindex (concurrently true, verbose) table t",
    "reindex (concurrently false) table t",
    "reindex (verbose) table t",
    "reindex table t",
    "reindex schema s",
    "reindex (verbose) schema s",
    "vacuum",
    "vacuum (analyze) t",
    "analyze t",
    "cluster",
    "cluster verbose",
    "cluster t using ix",
    "create database other",
    "drop database if exists other",
    "alter database postgres set work_mem = '8MB'",
    "alter database postgres set tablespace pg_default",
    "create tablespace other location '/nowhere'",
    "drop tablespace if exists other",
    "alter system set work_mem = '8MB'",
    'alter table if exists public.pt detach partition public."p;1" concurrently',
    'alter table pt detach partition "p;1"',
    "alter table t set tablespace pg_default",
    "discard all",
    "discard plans",
    "commit prepared 'x'",
    "rollback prepared 'x'",
    "refresh materialized view concurrently mv",
    "alter type mood add value 'b'",
    "truncate t",
    "do $$ begin null; end $$",
    "lock table t",
]


@pytest.fixture
def with_objects(postgresql_url: str) -> str:
    """The URL of a database with one object of each kind that the statements below name."""
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(OBJECTS)
    return postgresql_url


def test_what_refuses_a_transaction_does_so(with_objects: str) -> None:
    said, done = {}, {}
    for sql in IN_A_TRANSACTION:
        said[sql] = classify(sql, POSTGRESQL).refuses_transaction is not None
        done[sql] = error_in_transaction(with_objects, "SELECT 1", sql) == "25001"
    assert said == done


READS_AND_WRITES = [
    "select 1",
    "table t",
    "values (1)",
    "show work_mem",
    "with a as (select * from t) select * from a",
    "explain delete from t",
    "explain analyze delete from t",
    "select * from t for update",
    "select nextval('q')",
    "select setval('q', 5)",
    "select * into u from t",
    "with a as (delete from t returning *) select * from a",
    "insert into t values (9)",
    "create temp table u (a int); select 1",
    "select lo_create(0)",
    "select pg_current_xact_id()",
]


def test_what_only_reads_is_accepted_where_writing_is_not(with_objects: str) -> None:
    for sql in READS_AND_WRITES:
        refused = error_in_transaction(with_objects, "SET TRANSACTION READ ONLY", sql)
        assert refused is None or not classify(sql, POSTGRESQL).read_only, sql


def error_in_transaction(url: str, first: str, sql: str) -> str | None:
    """Run two statements in a transaction that is undone; give the SQLSTATE of the second, if it fails."""
    with psycopg.connect(url) as connection:
        connection.execute(first)
        try:
            connection.execute(sql.encode())
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            connection.rollback()
    return None


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("vacuum", True),
        ("detach database other", True),
        ("pragma synchronous = off", True),
        ("pragma wal_checkpoint", True),
        ("attach database ':memory:' as another", False),
        ("pragma foreign_keys", False),
        ("pragma user_version = 3", False),
        ("analyze", False),
    ],
)
def test_what_sqlite_refuses_in_a_transaction(tmp_path: Path, sql: str, refused: bool) -> None:
    with sqlite_in_transaction(tmp_path) as connection:
        try:
            connection.execute(sql)
        except sqlite3.OperationalError:
            failed = True
        else:
            failed = False
    connection.close()
    assert failed is refused
    assert (classify(sql, SQLITE).refuses_transaction is not None) is refused


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("journal_mode", "wal", True),
        ("foreign_keys", "on", False),  # what it is written for holds in a migration anyway
    ],
)
def test_what_sqlite_ignores_in_a_transaction(tmp_path: Path, name: str, value: str, refused: bool) -> None:
    sql = f"pragma {name} = {value}"
    with sqlite_in_transaction(tmp_path) as connection:
        before = connection.execute(f"pragma {name}").fetchone()
        connection.execute(sql)
        assert connection.execute(f"pragma {name}").fetchone() == before
    connection.close()
    assert (classify(sql, SQLITE).refuses_transaction is not None) is refused


def sqlite_in_transaction(folder: Path) -> sqlite3.Connection:
    """A connection to a new database that has written in an open transaction."""
    connection = sqlite3.connect(folder / "test.db", isolation_level=None)
    connection.execute("attach ':memory:' as other")
    connection.execute("create table t (a)")
    connection.execute("begin immediate")
    connection.execute("insert into t values (1)")
    return connection


def test_sqlite_takes_each_statement_of_a_script(tmp_path: Path) -> None:
    script = """
        CREATE TABLE [a;b] (begin, "end" DEFAULT ';', c CHECK (c <> 'it''s;'));
        CREATE TRIGGER t AFTER INSERT ON [a;b] WHEN new.begin > 0 BEGIN
            UPDATE [a;b] SET end = CASE WHEN new.begin = 1 THEN 'one;' ELSE 'more' END; -- a comment;
            UPDATE [a;b] SET c = 'x' WHERE end = 'more';
        END;
        INSERT INTO `a;b` (begin) VALUES (1), (2) /* a comment; */ ;
    """
    whole = sqlite3.connect(":memory:")
    whole.executescript(script)
    single = sqlite3.connect(tmp_path / "test.db")
    for statement in split(script, SQLITE):
        single.execute(statement.text)
    single.commit()
    assert list(single.iterdump()) == list(whole.iterdump())
    assert len(list(whole.iterdump())) == 6
    whole.close()
    single.close()

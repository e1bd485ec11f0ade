"""Databases that must not be written into: a standby, a read-only one, one whose `migrations` is another tool's."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.postgresql import SETTINGS, PostgreSQLServer, embedded_programs, running

from stepwell.core.errors import ConnectionFailedError, HistoryTableError, Refusal, StepwellError
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import NoReturn

WRITING = ("migrate", "rollback")
REPLAYED = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"

# --- a standby ---


class Pair(NamedTuple):
    """Two servers, of which one follows the other."""

    primary: PostgreSQLServer
    standby: PostgreSQLServer


@pytest.fixture(scope="module")
def programs(unavailable: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a PostgreSQL that has `pg_basebackup`, as whoever runs the server can read it."""
    return embedded_programs(tmp_path_factory.mktemp("programs"), unavailable)


@pytest.fixture(scope="module")
def pair(programs: Path) -> Iterator[Pair]:
    """A primary, and a standby that follows it."""
    with running(programs) as primary:
        standby = PostgreSQLServer(programs, primary.folder.parent / "standby")
        standby.copy(primary)
        standby.start({**SETTINGS, "hot_standby": "on"})
        try:
            yield Pair(primary, standby)
        finally:
            standby.stop()


@pytest.fixture
def replicated(pair: Pair, tmp_path: Path) -> Workshop:
    """Migrations for a new database of the primary, one of which is applied on both servers."""
    name = f"test_{uuid.uuid4().hex}"

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(of(pair.primary, name), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    with psycopg.connect(pair.primary.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    shop = Workshop(of(pair.primary, name), tmp_path, ask)
    shop.table("001_first")
    shop.migrate()
    shop.table("002_second")
    (position,) = shop.column("SELECT pg_current_wal_insert_lsn()::text")
    with psycopg.connect(pair.standby.url, autocommit=True) as connection:
        while connection.execute(REPLAYED, [position]).fetchone() != (True,):
            connection.execute("SELECT pg_sleep(0.01)")
    return shop


def of(server: PostgreSQLServer, database: str, query: str = "") -> str:
    """The URL of a database of a server."""
    return urlsplit(server.url)._replace(path=f"/{database}", query=query).geturl()


def read_only(error: StepwellError) -> ConnectionFailedError:
    """It is refused since nothing can be written there."""
    assert isinstance(error, ConnectionFailedError)
    assert (error.refusal, error.exit_code) == (Refusal.READ_ONLY, 7)
    return error


def test_a_standby_is_refused_and_can_be_asked(replicated: Workshop, pair: Pair) -> None:
    url = of(pair.standby, urlsplit(replicated.url).path[1:])
    project = replicated.project(url=url)
    for verb in WRITING:
        error = read_only(replicated.failure(getattr(project, verb)()))
        assert error.message == (
            f"postgresql://postgres@127.0.0.1:{pair.standby.port}/{urlsplit(url).path[1:]}:"
            " the database is read-only: it is a standby server"
        )
        assert error.hint == (
            "use the URL of the primary; of several hosts, ?target_session_attrs=read-write finds it"
        )
    read_only(replicated.failure(project.mark("002")))
    assert [entry.state.value for entry in replicated.run(project.status()).entries] == ["applied", "pending"]
    assert [str(step.version) for step in replicated.run(project.migrate(dry_run=True)).steps] == ["002"]
    assert replicated.states() == {"001": "applied", "002": "pending"}


def test_of_several_hosts_the_primary_is_found(replicated: Workshop, pair: Pair) -> None:
    hosts = f"127.0.0.1:{pair.standby.port},127.0.0.1:{pair.primary.port}"
    url = f"postgresql://postgres@{hosts}{urlsplit(replicated.url).path}"
    read_only(replicated.failure(replicated.project(url=url).migrate()))
    found = replicated.project(url=f"{url}?target_session_attrs=read-write")
    assert replicated.run(found.migrate()).ok
    assert replicated.exists("second")


def test_only_a_primary_is_wanted_and_there_is_none(replicated: Workshop, pair: Pair) -> None:
    url = of(pair.standby, urlsplit(replicated.url).path[1:], "target_session_attrs=read-write")
    error = read_only(replicated.failure(replicated.project(url=url).migrate()))
    assert error.hint == "use the URL of the primary"


# --- a read-only database ---


def test_it_is_refused_before_the_lock(shop: Workshop, session: Callable[..., Any]) -> None:
    """Somebody holds the lock: who asked for it first would be told that."""
    shop.table("001_first")
    shop.migrate()
    shop.table("002_second")
    (name,) = shop.column("SELECT current_database()")
    shop.waiting("003_third")
    holder = shop.process()
    try:
        shop.run(shop.has_begun(holder))
        shop.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        error = read_only(shop.failure(shop.project(lock_wait=0).migrate()))
        assert error.message.endswith("the database is read-only: it is set to read-only transactions")
        assert error.hint == (
            "use a role that may write: default_transaction_read_only is on for this role, database or server"
        )
    finally:
        shop.let_go()
        holder.communicate(timeout=60)


# --- the table of another tool ---

# As these tools make them, word for word.
LARAVEL = (
    'create table "migrations" ("id" serial not null primary key, "migration" varchar(255) not null,'
    ' "batch" integer not null)'
)
KNEX = (
    'create table "migrations" ("id" serial primary key, "name" varchar(255), "batch" integer,'
    ' "migration_time" timestamptz)'
)
TYPEORM = (
    'CREATE TABLE "migrations" ("id" SERIAL NOT NULL, "timestamp" bigint NOT NULL, "name" character varying NOT NULL,'
    ' CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY ("id"))'
)
DB_MIGRATE = (
    'CREATE TABLE IF NOT EXISTS "migrations" ("id" SERIAL PRIMARY KEY NOT NULL, "name" VARCHAR (255) NOT NULL,'
    ' "run_on" TIMESTAMP NOT NULL)'
)
POSTGRES_MIGRATIONS = (
    "CREATE TABLE IF NOT EXISTS migrations (id integer PRIMARY KEY, name varchar(100) UNIQUE NOT NULL,"
    " hash varchar(40) NOT NULL, executed_at timestamp DEFAULT current_timestamp)"
)
TOOLS = {
    "Laravel": (
        LARAVEL,
        "INSERT INTO migrations (migration, batch) VALUES ('2014_10_12_000000_create_users', 1)",
    ),
    "Knex": (
        KNEX,
        "INSERT INTO migrations (name, batch, migration_time) VALUES ('20200101_users.js', 1, now())",
    ),
    "TypeORM": (
        TYPEORM,
        "INSERT INTO migrations (timestamp, name) VALUES (1577836800000, 'Users1577836800000')",
    ),
    "db-migrate": (DB_MIGRATE, "INSERT INTO migrations (name, run_on) VALUES ('/20200101-users', now())"),
    "postgres-migrations": (
        POSTGRES_MIGRATIONS,
        "INSERT INTO migrations (id, name, hash) VALUES (0, 'create-migrations-table', 'e18db593')",
    ),
}


@pytest.mark.parametrize("rows", [False, True], ids=["empty", "with a row"])
@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_not_touched(shop: Workshop, tool: str, rows: bool) -> None:
    create, insert = TOOLS[tool]
    shop.ask(create)
    if rows:
        shop.ask(insert)
    before = shop.ask("SELECT * FROM migrations")
    shop.table("001_first")
    for verb in ("status", "check", "migrate", "rollback"):
        error = shop.failure(getattr(shop.project(), verb)())
        assert isinstance(error, HistoryTableError)
        assert error.exit_code == 6
        assert error.message == (
            "public.migrations can't be used as stepwell's table:"
            " it has other columns: another tool's table of that name?"
        )
        assert error.hint == (
            "look at it; if it belongs to something else, choose other names with the settings 'table' and 'schema'"
        )
    assert shop.ask("SELECT * FROM migrations") == before
    assert shop.column("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'") == ["migrations"]
    shop.ask("CREATE SCHEMA stepwell")
    assert shop.run(shop.project(schema="stepwell").migrate()).ok

"""A database with one of nearly everything in it, copied for each test that changes it; and its snapshots."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from tests.blocks import Block, read_blocks

from stepwell.core.schema.snapshot import Snapshot
from stepwell.project import Project

HERE = Path(__file__).parent


class Sink(NamedTuple):
    """The database that is copied, by its URL; what its server can do."""

    url: str
    version: int
    extensions: frozenset[str]

    def can(self, block: Block) -> bool:
        """Whether a block can be run here."""
        return block.fits(self.version, self.extensions)


def sibling(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def execute(url: str, statements: str) -> None:
    """Run statements, each in a transaction of its own only if there is but one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.encode())


def drop_database(server: str, url: str) -> None:
    """Drop a database with its subscriptions, which would keep it."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT subname FROM pg_subscription WHERE subdbid ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
        for (name,) in found:
            connection.execute(
                sql.SQL(
                    "ALTER SUBSCRIPTION {0} DISABLE;"
                    " ALTER SUBSCRIPTION {0} SET (slot_name = NONE); DROP SUBSCRIPTION {0}"
                ).format(sql.Identifier(name))
            )
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [urlsplit(url).path[1:]],
        )
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(urlsplit(url).path[1:]))
        )


@pytest.fixture(scope="session")
def roles(postgresql_server: str) -> None:
    """The roles that own things and have grants; every worker and every run may have made them already."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        for name in ("ks_reader", "ks_owner", "ks_stranger"):
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {name} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"
            )


@pytest.fixture(scope="session")
def sink(postgresql_server: str, roles: None) -> Iterator[Sink]:
    """The database with nearly everything."""
    url = sibling(postgresql_server, f"sink_{uuid.uuid4().hex}")
    execute(postgresql_server, f"CREATE DATABASE {urlsplit(url).path[1:]} TEMPLATE template0")
    with psycopg.connect(url, autocommit=True) as connection:
        version = connection.info.server_version // 10_000
        found = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        # One such collation is there without the library too, and can't be used.
        icu = connection.execute("SELECT 1 FROM pg_collation WHERE collprovider = 'i' OFFSET 5").fetchone()
        made = Sink(url, version, frozenset({name for (name,) in found} | ({"icu"} if icu else set())))
        for block in read_blocks(HERE / "kitchen_sink.sql"):
            if made.can(block):
                connection.execute(block.sql.encode())
    yield made
    drop_database(postgresql_server, url)


@pytest.fixture(scope="session")
def unchanged(sink: Sink, take: Callable[..., Snapshot]) -> Snapshot:
    """The snapshot of it."""
    return take(sink.url)


@pytest.fixture
def copied(postgresql_server: str, sink: Sink) -> Iterator[str]:
    """The URL of a copy of it, without its subscription: those are of the server, not of the database."""
    url = sibling(postgresql_server, f"copy_{uuid.uuid4().hex}")
    execute(
        postgresql_server,
        f"CREATE DATABASE {urlsplit(url).path[1:]} TEMPLATE {urlsplit(sink.url).path[1:]}",
    )
    yield url
    drop_database(postgresql_server, url)


@pytest.fixture(scope="session")
def take() -> Callable[..., Snapshot]:
    """A function that takes the snapshot of a URL."""

    def taken(url: str, *, own_tables: bool = False) -> Snapshot:
        return asyncio.run(Project(url).snapshot(own_tables=own_tables))

    return taken

"""Throw-away databases on a PostgreSQL server: made, kept by a connection, dropped; also those that a kill left."""

from __future__ import annotations

import secrets
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.core.redact import Redactor
from stepwell.engines.postgresql.opening import open_connection
from stepwell.engines.postgresql.tables import quote
from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from psycopg import AsyncConnection

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions

PREFIX = "stepwell_scratch_"
NO_RIGHT = "42501"
GRACE = 60  # seconds within which whoever makes one has connected to it
# Whoever uses one keeps a connection to it, so that an older one without any is nobody's.
_LEFT = f"""
SELECT d.datname::text FROM pg_catalog.pg_database d
WHERE d.datname::text ~ '^{PREFIX}[0-9a-f]{{24}}$'::text AND d.datdba = (
  SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.datname = d.datname)"""
# What makes or keeps one waits as long as it takes. The last one is there from PostgreSQL 14 on.
_NO_TIMEOUTS = """
SELECT pg_catalog.set_config(t.name, '0', false)
FROM (VALUES ('statement_timeout'), ('lock_timeout'), ('idle_session_timeout')) AS t(name)
WHERE pg_catalog.current_setting(t.name, true) IS NOT NULL"""
_END_USERS = (
    "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a"
    " WHERE a.datname = %s::name"
)


@asynccontextmanager
async def scratch(
    server: DatabaseUrl, options: ConnectOptions, *, shared: bool = False
) -> AsyncIterator[Scratch]:
    """Make an empty database on that server, and drop it in the end."""
    async with master_of(server, options) as master:
        await drop_left(master)
        async with made(master, server, options) as url:
            yield Scratch(url, shared=shared)


@asynccontextmanager
async def master_of(server: DatabaseUrl, options: ConnectOptions) -> AsyncIterator[AsyncConnection]:
    """The connection by which databases are made and dropped on that server, or one of them is kept."""
    bare = options._replace(connect=None)
    master = (await open_connection(server, bare, Redactor(server.secrets))).connection
    try:
        await master.execute(_NO_TIMEOUTS)
        yield master
    finally:
        await master.close()


@asynccontextmanager
async def made(
    master: AsyncConnection, server: DatabaseUrl, options: ConnectOptions, template: str = "template0"
) -> AsyncIterator[DatabaseUrl]:
    """A new database, kept by a connection, and dropped in the end: empty, or a copy of another."""
    name = f"{PREFIX}{int(time.time()):08x}{secrets.token_hex(8)}"
    await create(master, name, server, template)
    url = replace(server, database=name)
    try:
        async with master_of(url, options) as keeper:
            if schema := options.settings.schema:
                await keeper.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}".encode())
            yield url
    finally:
        await drop(master, name)


async def create(master: AsyncConnection, name: str, server: DatabaseUrl, template: str) -> None:
    """Create a database. Raises `ConnectionFailedError`."""
    try:
        await master.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)}".encode())
    except psycopg.Error as error:
        raise ConnectionFailedError(
            f"{server.shown}: no scratch database can be made ({error.diag.message_primary or error})",
            refusal=Refusal.RIGHTS if error.sqlstate == NO_RIGHT else Refusal.OTHER,
            hint="give a scratch_url whose user may create databases (ALTER ROLE ... CREATEDB), "
            "or install 'stepwell[embedded]'",
        ) from None


async def drop_left(master: AsyncConnection) -> None:
    """Drop what killed processes have left."""
    for (name,) in await (await master.execute(_LEFT.encode())).fetchall():
        if time.time() - int(name.removeprefix(PREFIX)[:8], 16) < GRACE:
            continue
        with suppress(psycopg.Error):  # somebody else was faster, or has begun to use it
            await master.execute(f"DROP DATABASE {quote(name)}".encode())


async def drop(master: AsyncConnection, name: str) -> None:
    """Drop a database, if it is there. Whoever still uses it is ended first."""
    with suppress(psycopg.Error):
        await master.execute(_END_USERS, [name])
        await master.execute(f"DROP DATABASE IF EXISTS {quote(name)}".encode())

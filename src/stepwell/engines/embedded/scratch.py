"""Throw-away databases on an embedded server of their own, which runs only as long as one of them is used."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg

from stepwell.core.url import parse_url
from stepwell.engines.embedded.server import EmbeddedServer
from stepwell.engines.postgresql.copies import PREFIX as TEMPLATE
from stepwell.engines.postgresql.copies import copies as copies_on_server
from stepwell.engines.postgresql.scratch import scratch as on_server
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stepwell.ports import ConnectOptions, Copy, Fill, Scratch

NAME = "scratch"
NAME_OF_COPIES = (
    "scratch-copies"  # a server of its own: what is replayed on the other one may make the same roles
)
_ROLES = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user"
_NAMED = "SELECT 1 FROM pg_catalog.pg_database WHERE datname::text LIKE %s || '%%'"


@asynccontextmanager
async def scratch(folder: Path, options: ConnectOptions) -> AsyncIterator[Scratch]:
    """Start the server, make a database there, drop it and the roles that were made meanwhile."""
    async with _running(folder, NAME) as conninfo:
        async with on_server(parse_url(conninfo), options) as made:
            yield made
        await asyncio.to_thread(_drop_roles, conninfo)


@asynccontextmanager
async def copies(folder: Path, options: ConnectOptions, key: str, fill: Fill) -> AsyncIterator[Copy]:
    """Start the server, have a database filled there, and give what makes copies of it."""
    async with _running(folder, NAME_OF_COPIES) as conninfo:
        async with copies_on_server(parse_url(conninfo), options, key, fill) as copy:
            yield copy
        await asyncio.to_thread(_drop_roles, conninfo, unless=TEMPLATE)


@asynccontextmanager
async def _running(folder: Path, name: str) -> AsyncIterator[str]:
    """A server that runs meanwhile."""
    server = EmbeddedServer(folder, name, durable=False)
    address = await asyncio.to_thread(server.start)
    try:
        yield address.conninfo()
    finally:
        await asyncio.to_thread(server.release)


def _drop_roles(conninfo: str, *, unless: str | None = None) -> None:
    """Roles belong to the server, and would be in the way of whoever makes them next; those in use stay.

    None is dropped while there are databases whose names begin with `unless`.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if unless is not None and connection.execute(_NAMED, [unless]).fetchone() is not None:
            return
        for (name,) in connection.execute(_ROLES).fetchall():
            try:
                connection.execute(f"DROP ROLE {quote(name)}".encode())
            except psycopg.Error:
                continue

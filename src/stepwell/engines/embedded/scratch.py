"""Throw-away databases on an embedded server of their own, which runs only as long as one of them is used."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg

from stepwell.core.url import parse_url
from stepwell.engines.embedded.server import EmbeddedServer
from stepwell.engines.postgresql.scratch import scratch as on_server
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stepwell.ports import ConnectOptions, Scratch

NAME = "scratch"
_ROLES = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user"


@asynccontextmanager
async def scratch(folder: Path, options: ConnectOptions) -> AsyncIterator[Scratch]:
    """Start the server, make a database there, drop it and the roles that were made meanwhile."""
    server = EmbeddedServer(folder, NAME, durable=False)
    address = await asyncio.to_thread(server.start)
    url = parse_url(address.conninfo())
    try:
        async with on_server(url, options) as made:
            yield made
        await asyncio.to_thread(_drop_roles, address.conninfo())
    finally:
        await asyncio.to_thread(server.release)


def _drop_roles(conninfo: str) -> None:
    """Roles belong to the server, and would be in the way of whoever makes them next; those in use stay."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for (name,) in connection.execute(_ROLES).fetchall():
            try:
                connection.execute(f"DROP ROLE {quote(name)}".encode())
            except psycopg.Error:
                continue

"""The engine of `embedded://NAME`: PostgreSQL's connection to a server that runs as long as somebody uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.core.url import parse_url
from stepwell.engines.postgresql.dialect import DIALECT
from stepwell.folder import NAME as FOLDER

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import About, Connection, ConnectOptions, Copy, Dialect, Fill, Scratch


class Embedded:
    """Starts the server on demand; its connection gives the server back when it is closed."""

    @property
    def dialect(self) -> Dialect:
        """PostgreSQL's."""
        return DIALECT

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Start or join the server and connect. Raises `ConnectionFailedError`."""
        from stepwell.engines.embedded.server import EmbeddedServer

        name = (url.database if url is not None else None) or ""
        server = EmbeddedServer(Path(options.root) / FOLDER, name)
        address = await asyncio.to_thread(server.start)
        try:
            return await _connect(parse_url(address.conninfo()), options, server, f"embedded://{name}")
        except BaseException:
            await asyncio.to_thread(server.release)
            raise

    def scratch(
        self, server: DatabaseUrl | None, options: ConnectOptions
    ) -> AbstractAsyncContextManager[Scratch]:
        """A database on a server that it brings, whatever URL is given."""
        from stepwell.engines.embedded.scratch import scratch

        return scratch(Path(options.root) / FOLDER, options)

    def copies(
        self, server: DatabaseUrl | None, options: ConnectOptions, key: str, fill: Fill
    ) -> AbstractAsyncContextManager[Copy]:
        """Databases on another server that it brings, whatever URL is given."""
        from stepwell.engines.embedded.scratch import copies

        return copies(Path(options.root) / FOLDER, options, key, fill)


async def _connect(url: DatabaseUrl, options: ConnectOptions, server: Any, shown: str) -> Connection:
    from stepwell.engines.postgresql.connection import PostgresConnection

    class EmbeddedConnection(PostgresConnection):
        """A connection that holds the server."""

        async def about(self) -> About:
            """What PostgreSQL says, under the name by which people know this server."""
            return (await super().about())._replace(url=shown)

        async def close(self) -> None:
            """Let go of the server too: the last one who does stops it."""
            await super().close()
            await asyncio.to_thread(server.release)

    connection = EmbeddedConnection(url, options)
    await connection.open()
    return connection

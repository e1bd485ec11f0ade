"""PostgreSQL through psycopg 3 in pipeline mode. The driver is imported when a connection is opened, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.dialect import DIALECT

if TYPE_CHECKING:
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Connection, ConnectOptions, Dialect


class PostgreSQL:
    """The engine of `postgresql://` URLs, and of psycopg connections that a program lends."""

    @property
    def dialect(self) -> Dialect:
        """Its text and policy."""
        return DIALECT

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Open a connection. Raises `ConnectionFailedError` that tells why not."""
        from stepwell.engines.postgresql.connection import connect

        return await connect(url, options)


ENGINE = PostgreSQL()

"""PostgreSQL through psycopg 3 in pipeline mode. The driver is imported when a connection is opened, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.engines.postgresql.dialect import DIALECT

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Connection, ConnectOptions, Copy, Dialect, Fill, Scratch


class PostgreSQL:
    """The engine of `postgresql://` URLs, and of psycopg connections that a program lends."""

    @property
    def dialect(self) -> Dialect:
        """Its text and policy."""
        return DIALECT

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Open a connection. Raises `ConnectionFailedError` that tells why not."""
        try:
            from stepwell.engines.postgresql.connection import connect
        except ImportError as error:
            raise without_driver(error) from error
        return await connect(url, options)

    def scratch(
        self, server: DatabaseUrl | None, options: ConnectOptions
    ) -> AbstractAsyncContextManager[Scratch]:
        """A database on the server of that URL. Raises `UsageError` without one: it brings no server of its own."""
        from stepwell.engines.postgresql.scratch import scratch

        return scratch(_given(server), options)

    def copies(
        self, server: DatabaseUrl | None, options: ConnectOptions, key: str, fill: Fill
    ) -> AbstractAsyncContextManager[Copy]:
        """Databases on the server of that URL. Raises as `scratch`."""
        from stepwell.engines.postgresql.copies import copies

        return copies(_given(server), options, key, fill)


def _given(server: DatabaseUrl | None) -> DatabaseUrl:
    if server is None:
        raise UsageError("PostgreSQL needs a server for scratch databases", hint="give scratch_url")
    return server


def without_driver(error: ImportError) -> Exception:
    """What to tell where psycopg, or the library that it needs, is not there."""
    if (error.name or "").partition(".")[0] not in {"psycopg", "psycopg_binary", "psycopg_c", ""}:
        return error
    return ConnectionFailedError(
        f"PostgreSQL needs a driver: {error}",
        refusal=Refusal.DRIVER,
        hint="pip install 'stepwell[postgres]'",
    )


ENGINE = PostgreSQL()

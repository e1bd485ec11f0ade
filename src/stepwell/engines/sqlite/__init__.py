"""SQLite through the standard library. The module `sqlite3` is imported when a connection is opened, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.sqlite.dialect import DIALECT

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Connection, ConnectOptions, Copy, Dialect, Fill, Scratch


class SQLite:
    """The engine of `sqlite://` URLs, and of `sqlite3` connections that a program lends."""

    @property
    def dialect(self) -> Dialect:
        """Its text and policy."""
        return DIALECT

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Open a connection. Raises `ConnectionFailedError` that tells why not."""
        from stepwell.engines.sqlite.connecting import connect

        return await connect(url, options)

    def scratch(
        self, server: DatabaseUrl | None, options: ConnectOptions
    ) -> AbstractAsyncContextManager[Scratch]:
        """A database in memory, whatever URL is given."""
        from stepwell.engines.sqlite.scratch import scratch

        return scratch()

    def copies(
        self, server: DatabaseUrl | None, options: ConnectOptions, key: str, fill: Fill
    ) -> AbstractAsyncContextManager[Copy]:
        """Files in a temporary folder; nobody else shares them, since each is filled in a moment."""
        from stepwell.engines.sqlite.copies import copies

        return copies(fill)


ENGINE = SQLite()

"""MySQL and MariaDB through aiomysql. The driver is imported when a connection is opened, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.mysql.dialect import MYSQL_DIALECT

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Connection, ConnectOptions, Dialect, Scratch


class MySQL:
    """The engine of `mysql://` URLs, and of aiomysql connections that a program lends.

    Takes its dialect: `mariadb://` is the same engine with that of MariaDB.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect:
        """Its text and policy."""
        return self._dialect

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Open a connection. Raises `ConnectionFailedError` that tells why not."""
        from stepwell.core.errors import ConnectionFailedError, Refusal

        try:
            from stepwell.engines.mysql.connection import connect
        except ImportError as error:
            raise ConnectionFailedError(
                f"the driver for {self._dialect.name}:// is not installed ({error.name})",
                refusal=Refusal.DRIVER,
                hint="pip install 'stepwell[mysql]'",
            ) from error
        return await connect(url, options)

    def scratch(
        self, server: DatabaseUrl | None, options: ConnectOptions
    ) -> AbstractAsyncContextManager[Scratch]:
        """A database on the server of that URL. Raises `UsageError` without one: it brings no server of its own."""
        from stepwell.core.errors import UsageError
        from stepwell.engines.mysql.scratch import scratch

        if server is None:
            raise UsageError(
                f"{self._dialect.name} needs a server for scratch databases", hint="give scratch_url"
            )
        return scratch(server, options)


ENGINE = MySQL(MYSQL_DIALECT)

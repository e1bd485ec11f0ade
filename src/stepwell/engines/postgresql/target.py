"""What every part of a PostgreSQL connection works on: the channel, and what the catalog says of the database."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.core.redact import Redactor
from stepwell.core.settings import is_of_the_server
from stepwell.core.url import parse_url
from stepwell.engines.postgresql import tables
from stepwell.engines.postgresql.channel import Channel
from stepwell.engines.postgresql.inspect import DESCRIBE, describe
from stepwell.engines.postgresql.lock import key_of
from stepwell.engines.postgresql.opening import give_back, open_connection
from stepwell.engines.postgresql.tls import unproven_server
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.postgresql.channel import Cursor, Row
    from stepwell.engines.postgresql.inspect import Description
    from stepwell.engines.postgresql.opening import Opened
    from stepwell.engines.postgresql.tables import PostgresNames
    from stepwell.ports import ConnectOptions

NO_RIGHT = "42501"
IDENTITY = (
    "SELECT pg_catalog.current_database()::text,"
    " pg_catalog.date_part('epoch'::text, pg_catalog.pg_postmaster_start_time())::text"
)


class Target:
    """A database that is connected to. `channel` is another one after `open` was called again."""

    def __init__(self, url: DatabaseUrl | None, options: ConnectOptions) -> None:
        self.url = url
        self.settings = options.settings
        self.channel: Channel
        self._options = options
        self._dialled = url  # where we really connect
        self._redactor = Redactor(url.secrets if url is not None else ())
        self._opened: Opened
        self._description: Description | None = None
        self.local_role: str | None = None  # the statement that takes on the role, for each transaction

    async def open(self) -> None:
        """Connect, again if need be."""
        self._opened = await open_connection(self._dialled, self._options, self._redactor)
        self.channel = Channel(self._opened.connection, self._redactor)
        if self.settings.role:
            await self._take_on(self.settings.role)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of the connection; one that was lent is its owner's business."""
        warning = None if self._opened.lent else unproven_server(self.channel.connection)
        return () if warning is None else (warning,)

    async def _take_on(self, role: str) -> None:
        """Behind a pooler for each transaction anew: what is set for a session is somebody else's later."""
        self.local_role = f"SET LOCAL ROLE {tables.quote(role)}"
        try:
            if await self._is_own():
                self.local_role = None
                await self.channel.send(f"SET ROLE {tables.quote(role)}")
            else:
                await self.channel.send("BEGIN")
                await self.channel.send(self.local_role)
                await self.channel.send("ROLLBACK")
        except EngineError as error:
            await self.close()
            shown = self.url.shown if self.url is not None else "the database"
            raise ConnectionFailedError(
                f"{shown}: the role {role} can't be taken on ({error.message})",
                refusal=Refusal.RIGHTS if error.fault.sqlstate == NO_RIGHT else Refusal.NO_ROLE,
                hint="see the setting 'role'; to allow it: GRANT ROLE TO USER",
            ) from error

    async def own_session(self) -> bool:
        """Whether the session is ours alone: no pooler stands in between, or `direct_url` leads past it.

        A pooler gives us a process number of its own.
        """
        if await self._is_own():
            return True
        if self.settings.direct_url is None or not self.may_dial:
            return False
        here, told = await self._identity(), self.warnings
        await self.close()
        self._dialled = parse_url(self.settings.direct_url)
        self._redactor = Redactor((*self._dialled.secrets, *(self.url.secrets if self.url else ())))
        await self.open()
        if await self._identity() != here:
            raise UsageError(
                "direct_url leads to another database than url",
                hint="it has to be the same one, without the pooler",
            )
        for warning in self.warnings:
            if warning not in told:
                self.tell(warning)
        return True

    async def _is_own(self) -> bool:
        ((number,),) = await self.channel.rows("SELECT pg_catalog.pg_backend_pid()")
        return bool(number == self.channel.connection.info.backend_pid)

    async def _identity(self) -> Row:
        """Which database of which server this is, whatever they are called."""
        (row,) = await self.channel.rows(IDENTITY)
        return row

    @property
    def may_dial(self) -> bool:
        """Whether there is an address, so that a second connection can be made."""
        return self._options.connect is None

    async def second(self) -> Channel:
        """A channel of its own to the same database. Raises `ConnectionFailedError`; a lent one has no second."""
        if not self.may_dial:
            raise UsageError("behind a pooler a connection that was lent can't be guarded", hint="lend none")
        opened = await open_connection(self._dialled, self._options, self._redactor)
        return Channel(opened.connection, self._redactor)

    def tell(self, message: str) -> None:
        """Tell people something that stops nothing."""
        self._options.tell(message)

    @property
    def keepalives(self) -> Mapping[str, str]:
        """How the server finds out that we are gone, where a network is in between."""
        from stepwell.engines.postgresql.bounds import KEEPALIVES  # only when something runs

        return KEEPALIVES if self._over_network else {}

    @property
    def client_check(self) -> Mapping[str, str]:
        """How often the server looks after its client while a statement runs, where it can."""
        from stepwell.engines.postgresql.bounds import CHECK_INTERVAL, CHECK_SINCE

        able = self._over_network and self.channel.connection.info.server_version >= CHECK_SINCE
        return dict((CHECK_INTERVAL,)) if able else {}

    @property
    def _over_network(self) -> bool:
        return not self.channel.connection.info.host.startswith("/")

    async def close(self) -> None:
        """Give the connection back; there is nobody left to tell of a failure."""
        with suppress(psycopg.Error, EngineError):
            if self.settings.role and self.local_role is None and not self.channel.broken:
                await self.channel.send("RESET ROLE")
        with suppress(psycopg.Error):
            await give_back(self._opened)

    async def describe(self, *, fresh: bool = False) -> Description:
        """What the catalog says, by default as it said before."""
        if self._description is None or fresh:
            rows = await self.channel.fetch(await self.ask_description())
            self._description = describe(rows, self.settings.table)
        return self._description

    async def ask_description(self) -> Cursor:
        """Ask the catalog; the rows are for `inspect.describe`."""
        table = self.settings.table
        return await self.channel.send(DESCRIBE, [self.settings.schema, table, f"{table}_log"])

    def tables(self, found: Description) -> PostgresNames:
        """The names of the tool's tables. Raises `UsageError` where their schema does not exist, or is the server's."""
        if found.schema is None:
            missing = self.settings.schema
            raise UsageError(
                f"the schema {missing} does not exist" if missing else "no schema of the search path exists",
                hint="create it, or choose another with the setting 'schema'",
            )
        if is_of_the_server(found.schema):
            raise UsageError(
                f"the search path begins with {found.schema}, a schema of the server's own",
                hint="choose another with the setting 'schema'",
            )
        return tables.names(found.schema, self.settings.table)

    async def names(self) -> PostgresNames:
        """The names of the tool's tables, by what the catalog said before."""
        return self.tables(await self.describe())

    async def key(self) -> int:
        """The key of the lock."""
        found = await self.describe()
        return key_of(found.database, found.schema or "", self.settings.table)

"""What every part of a connection works on: the channel, and what the server and its catalog say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.errors import UsageError
from stepwell.core.redact import Redactor
from stepwell.engines.mysql import lock, session, tables
from stepwell.engines.mysql.channel import Channel
from stepwell.engines.mysql.dialect import MARIADB_DIALECT, MYSQL_DIALECT
from stepwell.engines.mysql.inspect import (
    ABOUT,
    DESCRIBE,
    DESCRIBE_ONE,
    SWITCHES,
    described,
    own_tables,
    server_of,
)
from stepwell.engines.mysql.opening import give_back, open_by_url, open_connection, unverified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.tables import TableNames
    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.mysql.driver import DriverConnection
    from stepwell.engines.mysql.inspect import Description, Server
    from stepwell.engines.mysql.lock import Lock
    from stepwell.engines.mysql.opening import Opened
    from stepwell.ports import ConnectOptions, Dialect


class Target:
    """A database that is connected to. `channel` is another one after `open` was called again."""

    def __init__(self, url: DatabaseUrl | None, options: ConnectOptions) -> None:
        self.url = url
        self.settings = options.settings
        self.channel: Channel
        self.server: Server
        self.lock: Lock
        self.warnings: tuple[str, ...] = ()
        self._options = options
        self._redactor = Redactor(url.secrets if url is not None else ())
        self._opened: Opened
        self._is_open = False
        self._found: Sequence[Any] = ()  # how the session was, for its owner
        self._set: Sequence[Any] = ()  # how it is for us

    @property
    def dialect(self) -> Dialect:
        """That of the server."""
        return MARIADB_DIALECT if self.server.is_mariadb else MYSQL_DIALECT

    @property
    def rules(self) -> LexRules:
        """How its SQL is read."""
        return self.dialect.rules

    @property
    def shown(self) -> str:
        """The database as people see it."""
        return self.url.shown if self.url is not None else "the database"

    async def open(self) -> None:
        """Connect, again if need be, and set the session."""
        self._opened = await open_connection(self.url, self._options, self._redactor)
        self.channel = Channel(self._opened.connection, self._redactor, self._kill)
        try:
            await self._begin_session()
        except BaseException:
            await give_back(self._opened)
            raise

    async def _begin_session(self) -> None:
        (about,) = await self.channel.rows(ABOUT)
        self.server = server_of(about, await self.channel.rows(SWITCHES), self.shown)
        if not self._is_open:
            self.lock = self._make_lock()
            self._is_open = True
        if self._opened.lent:
            self._found = await self._variables()
        mode, dropped = session.readable_mode(self.server.sql_mode)
        await self.channel.execute(
            f"SET SESSION time_zone = '{session.UTC}', SESSION sql_mode = '{mode}'", shown="SET"
        )
        if self.server.cluster is not None:
            await self.channel.execute(session.see_other_nodes(galera=self.server.on("wsrep_on")))
        self.warnings = tuple(self._warnings(dropped))

    def _warnings(self, dropped: Sequence[str]) -> list[str]:
        told = []
        if dropped:
            told.append(
                f"sql_mode of the server has {', '.join(dropped)}: migrations run without, so that SQL is read alike"
            )
        if self.url is not None and not self._opened.lent:
            told += filter(None, [unverified(self.url, encrypted=self._opened.connection.encrypted)])
        if self.server.cluster is not None:
            told.append(
                f"this server is a node of {self.server.cluster}: let every run of stepwell go to the same node, "
                "not to whichever a balancer chooses"
            )
        return told

    async def _variables(self) -> Sequence[Any]:
        (row,) = await self.channel.rows(session.SELECT_VARIABLES)
        return row

    async def close(self) -> None:
        """Give the connection back, a lent one as it was."""
        if self._found and not self.channel.broken:
            await self._restore(self._found)
            if self.server.cluster is not None:
                await self.channel.execute(session.see_what_one_did(galera=self.server.on("wsrep_on")))
        await give_back(self._opened)

    # --- the session ---

    async def remember(self) -> None:
        """From here on what statements set is undone by `restore`."""
        if not self._set:
            self._set = await self._variables()

    async def restore(self) -> None:
        """Undo what statements have set since `remember`."""
        if self._set:
            await self._restore(self._set)

    async def _restore(self, former: Sequence[Any]) -> None:
        for statement in session.restore(former, await self._variables()):
            await self.channel.execute(statement)

    async def _kill(self, thread: int) -> None:
        """Stop the statement that runs on a connection of ours, by another one."""
        other = await self._second()
        try:
            await Channel(other, self._redactor, self._kill).execute(f"KILL QUERY {thread}")
        finally:
            await other.leave()

    async def cancel(self) -> None:
        """Stop the statement that runs."""
        await self._kill(self.channel.thread)

    # --- the tool's tables, the lock ---

    @property
    def names(self) -> TableNames:
        """The names of the tool's tables."""
        return tables.names(self.server.database, self.settings.table)

    @property
    def own_tables(self) -> tuple[str, ...]:
        """The same without database and quotes."""
        return tuple(self.settings.table + ending for ending in ("", "_log", "_lock"))

    def _make_lock(self) -> Lock:
        server, table = self.server, self.settings.table
        name = lock.name_of(server.database, table, folds_case=server.folds_case)
        own = lock.SessionLock(lambda: self.channel, name, is_mariadb=server.is_mariadb)
        if server.cluster is None:
            return own
        from stepwell.engines.mysql.lease import Lease

        second = None if self.url is None or self._opened.lent else self._second
        return Lease(own, server.database, f"{table}_lock", second)

    async def _second(self) -> DriverConnection:
        """Another connection to the same place."""
        if self.url is None:
            raise UsageError("a connection that was lent can't be reached a second time")
        return await open_by_url(self.url, self._redactor)

    async def describe(self) -> Description:
        """What the catalog says of the tool's tables. Raises `HistoryTableError` for those that we can't trust."""
        table = self.settings.table
        rows = await self.channel.rows(
            DESCRIBE, {"database": self.server.database, "table": table, "log": f"{table}_log"}
        )
        return described(rows, table, folds_case=self.server.folds_case)

    async def present(self) -> frozenset[str]:
        """The names of those of the tool's tables that are there and its own, as the catalog has them."""
        table = self.settings.table
        database = {"database": self.server.database}
        rows = [
            *await self.channel.rows(DESCRIBE, {**database, "table": table, "log": f"{table}_log"}),
            *await self.channel.rows(DESCRIBE_ONE, {**database, "table": f"{table}_lock"}),
        ]
        return own_tables(rows, table, folds_case=self.server.folds_case)

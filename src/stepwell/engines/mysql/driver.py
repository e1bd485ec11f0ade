"""aiomysql's connection with what it lacks: no silent fall back from TLS, keepalives, one statement a time.

The driver offers no hook for these, so it is extended by inheritance; `mysql` in pyproject.toml bounds its version.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import aiomysql
from pymysql.constants import CLIENT, COMMAND
from pymysql.err import MySQLError, OperationalError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable

T = TypeVar("T")

CLEARTEXT = "mysql_clear_password"
_ON, _OFF = b"\0\0", b"\1\0"  # of the option that the server takes several statements in one text
NO_TLS = 2026  # as MySQL's own client numbers it
NO_PLUGIN = 2059

# A peer that is gone is noticed within about ten seconds; by default it would take hours. The first three are in
# seconds and for a connection that waits; the last one, in milliseconds, is for what was sent and is not acknowledged.
_KEEPALIVE = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 10_000))


@asynccontextmanager
async def several(connection: Any) -> AsyncIterator[None]:
    """While the server takes several statements in one text; a connection that was lent may always take them."""
    if connection.client_flag & CLIENT.MULTI_STATEMENTS:
        yield
        return
    await _take_several(connection, _ON)
    try:
        yield
    finally:
        if not connection.closed:
            await _take_several(connection, _OFF)


async def _take_several(connection: Any, choice: bytes) -> None:
    await connection._execute_command(COMMAND.COM_SET_OPTION, choice)  # noqa: SLF001 - there is no other way
    await connection._read_packet()  # noqa: SLF001


class DriverConnection(aiomysql.Connection):  # type: ignore[misc]  # the driver has no types
    """Takes what `aiomysql.connect` takes, and whether TLS may be left out where the server has none."""

    def __init__(self, *, may_be_plain: bool, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._ssl_context: ssl.SSLContext | None
        self._may_be_plain = may_be_plain
        # A server that is sent two statements in one text refuses the second, whoever wrote it.
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        # As elsewhere, a row that an UPDATE finds counts, also where it has the new values already.
        self.client_flag |= CLIENT.FOUND_ROWS

    @property
    def encrypted(self) -> bool:
        """Whether what is sent can't be read on its way."""
        return bool(self._secure)

    async def open(self) -> None:
        """Connect. Raises the driver's errors; nothing is left open then."""
        try:
            # The driver's own limit ends when something answers, whatever that then says.
            async with asyncio.timeout(self.connect_timeout):
                await self._connect()
        except BaseException:
            self.close()
            raise
        raw = self._writer.transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            for name, value in _KEEPALIVE:
                if hasattr(socket, name):
                    raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    async def leave(self) -> None:
        """Say good-bye and wait until the socket is closed. Never raises."""
        writer = self._writer
        with suppress(Exception):  # there is nobody left to tell
            await self.ensure_closed()
        self.close()
        if writer is not None:
            with suppress(Exception):
                await writer.wait_closed()

    async def _read_packet(self, *kind: Any) -> Any:
        """Read a packet. One that was read in part would make the next answer another statement's."""
        return await self._whole(super()._read_packet(*kind))

    async def _read_query_result(self, unbuffered: bool = False) -> None:
        """Read an answer. What is left of one, after a row that can't be read, would be taken for the next one."""
        await self._whole(super()._read_query_result(unbuffered))

    async def _whole(self, reading: Awaitable[T]) -> T:
        """An answer, or an error of the server, which is one too. After anything else the connection is closed."""
        try:
            return await reading
        except MySQLError:
            raise
        except BaseException:
            self.close()
            raise

    async def _request_authentication(self) -> None:
        """See that the password goes where it may go."""
        if self._ssl_context is not None and not self.server_capabilities & CLIENT.SSL:
            if not self._may_be_plain:
                raise OperationalError(NO_TLS, "the server offers no TLS")
            self._ssl_context = None
            self.client_flag &= ~CLIENT.SSL
        if self._server_auth_plugin == CLEARTEXT and self._ssl_context is None:
            self._refuse_cleartext()
        await super()._request_authentication()

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if plugin_name.decode() == CLEARTEXT:
            self._refuse_cleartext()
        return await super()._process_auth(plugin_name, auth_packet)

    def _refuse_cleartext(self) -> None:
        if not self._secure:
            raise OperationalError(NO_PLUGIN, "the server asks for the password in the clear, without TLS")

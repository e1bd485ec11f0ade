"""Opens a connection by URL, or borrows the one that a program lends; tells why it can't."""

from __future__ import annotations

import inspect
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiomysql
import pymysql

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError, no_database
from stepwell.core.remote import unproven
from stepwell.engines.mysql import tls
from stepwell.engines.mysql.driver import DriverConnection
from stepwell.engines.mysql.errors import why_not

if TYPE_CHECKING:
    from stepwell.core.redact import Redactor
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions

PORT = 3306
CONNECT_TIMEOUT = 10.0
OPTIONS = (*tls.MODE_KEYS, *tls.FILE_KEYS, "connect_timeout", "unix_socket")


@dataclass(slots=True)
class Opened:
    """A connection in autocommit mode; of one that was lent, how its owner had it."""

    connection: Any
    lent: bool = False
    was_autocommit: bool = True


async def open_connection(url: DatabaseUrl | None, options: ConnectOptions, redactor: Redactor) -> Opened:
    """Connect or borrow. Raises `ConnectionFailedError`, and `UsageError` where no database is named."""
    if options.connect is not None:
        return await _borrow(options.connect)
    return Opened(await open_by_url(_named(url), redactor))


async def open_by_url(url: DatabaseUrl, redactor: Redactor) -> DriverConnection:
    """Make a connection. Raises `ConnectionFailedError`, and `UsageError` for options that are none."""
    parameters = _parameters(url)
    try:
        connection = DriverConnection(**parameters)
        await connection.open()
    except (pymysql.err.Error, OSError, RuntimeError, ValueError) as error:
        raise why_not(error, url.shown, redactor) from None
    return connection


def unverified(url: DatabaseUrl, *, encrypted: bool) -> str | None:
    """A warning where a host far away is reached without TLS, or without proof of who it is."""
    mode = tls.security(url.query)
    host = "" if url.query.get("unix_socket") or not url.hosts else url.hosts[0][0]
    demand = f"?ssl={tls.Security.VERIFY_IDENTITY}"
    return unproven(host, f"ssl={mode}", encrypted=encrypted, proven=tls.verifies(mode), demand=demand)


def _named(url: DatabaseUrl | None) -> DatabaseUrl:
    if url is None:
        raise no_database()
    if url.database is None:
        raise ConnectionFailedError(
            f"{url.shown}: the URL names no database",
            refusal=Refusal.NO_DATABASE,
            hint=f"write {url.scheme}://USER@HOST/DATABASE",
        )
    return url


def _parameters(url: DatabaseUrl) -> dict[str, Any]:
    if len(url.hosts) > 1:
        raise UsageError("the database URL names several hosts", hint="write the one that may be written to")
    if set(url.query) - set(OPTIONS):
        # The name is not told: it may be a piece of a password that holds a `?`.
        raise UsageError("an option of the database URL is not known", hint=f"known are {', '.join(OPTIONS)}")
    host, port = url.hosts[0] if url.hosts else ("localhost", None)
    path = url.query.get("unix_socket") or (host if host.startswith("/") else None)
    mode = tls.security(url.query)
    password = url.password.reveal() if url.password is not None else ""
    return {
        "host": host or "localhost",
        "port": port or PORT,
        "unix_socket": path,
        "user": url.user,
        # The driver encodes it as Latin-1; the server's are UTF-8.
        "password": password.encode().decode("latin-1"),
        "db": url.database,
        "charset": "utf8mb4",
        "autocommit": True,
        "connect_timeout": _seconds(url.query.get("connect_timeout")),
        "program_name": "stepwell",
        "ssl": None if path else tls.context(url.query, mode),
        "may_be_plain": mode is tls.Security.PREFERRED,
    }


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text) if text is not None else CONNECT_TIMEOUT
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise UsageError("the option connect_timeout of the database URL is not a number of seconds")
    return seconds


async def _borrow(connect: Any) -> Opened:
    given = connect()
    connection = await given if inspect.isawaitable(given) else given
    if not isinstance(connection, aiomysql.Connection):
        raise UsageError(
            f"connect= must give an aiomysql.Connection, not {type(connection).__name__}",
            hint="for example connect=lambda: aiomysql.connect(...)",
        )
    if connection.closed or connection.get_transaction_status():
        raise UsageError(
            "the connection that connect= gave is in a transaction, or closed",
            hint="commit before you lend it: a run has transactions of its own",
        )
    opened = Opened(connection, lent=True, was_autocommit=connection.get_autocommit())
    await connection.autocommit(True)
    return opened


async def give_back(opened: Opened) -> None:
    """Give a lent connection back as it was; close one of our own."""
    if not opened.lent:
        await opened.connection.leave()
    elif not opened.connection.closed:
        with suppress(pymysql.err.Error):
            await opened.connection.autocommit(opened.was_autocommit)

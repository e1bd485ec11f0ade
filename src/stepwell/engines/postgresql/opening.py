"""Opens a connection by URL, or borrows the one that a program lends; tells why it can't."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from stepwell.core.errors import UsageError, no_database
from stepwell.engines.postgresql.errors import why_not

if TYPE_CHECKING:
    from stepwell.core.redact import Redactor
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions

# A dead server is noticed within about ten seconds; without these, a partition would be waited for for hours.
DEFAULTS = {
    "connect_timeout": "10",
    "application_name": "stepwell",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


@dataclass(slots=True)
class Opened:
    """A connection in autocommit mode; of one that was lent, how its owner had it."""

    connection: AsyncConnection[Any]
    lent: bool = False
    was_autocommit: bool = True


async def open_connection(url: DatabaseUrl | None, options: ConnectOptions, redactor: Redactor) -> Opened:
    """Connect or borrow. Raises `ConnectionFailedError`, and `UsageError` where no database is named."""
    if options.connect is not None:
        return await _borrow(options.connect)
    if url is None:
        raise no_database()
    parameters: dict[str, Any] = {**DEFAULTS, **url.parameters()}
    try:
        connection = await AsyncConnection.connect(autocommit=True, prepare_threshold=None, **parameters)
    except psycopg.Error as error:
        raise why_not(error, url.shown, redactor) from None
    return Opened(connection)


async def _borrow(connect: Any) -> Opened:
    given = connect()
    connection = await given if inspect.isawaitable(given) else given
    if not isinstance(connection, AsyncConnection):
        raise UsageError(
            f"connect= must give a psycopg.AsyncConnection, not {type(connection).__name__}",
            hint="for example connect=lambda: psycopg.AsyncConnection.connect(...)",
        )
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise UsageError(
            "the connection that connect= gave is in a transaction, or closed",
            hint="commit before you lend it: a run has transactions of its own",
        )
    opened = Opened(connection, lent=True, was_autocommit=connection.autocommit)
    if not connection.autocommit:
        await connection.set_autocommit(True)
    return opened


async def give_back(opened: Opened) -> None:
    """Give a lent connection back as it was; close one of our own."""
    if not opened.lent:
        await opened.connection.close()
    elif not opened.connection.closed and not opened.was_autocommit:
        await opened.connection.set_autocommit(False)

"""Opens a connection to a file by its URL, or takes the one that a program lends."""

from __future__ import annotations

import inspect as python_inspect
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stepwell.core.errors import UsageError, no_database
from stepwell.engines.sqlite.channel import Channel
from stepwell.engines.sqlite.connection import SQLiteConnection
from stepwell.engines.sqlite.opening import open_file

if TYPE_CHECKING:
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions


async def connect(url: DatabaseUrl | None, options: ConnectOptions) -> SQLiteConnection:
    """Open a file by URL, or take the connection that the caller's function gives."""
    if options.connect is not None:
        given = options.connect()
        connection = await given if python_inspect.isawaitable(given) else given
        if not isinstance(connection, sqlite3.Connection):
            raise UsageError(f"connect= must give a sqlite3.Connection, not {type(connection).__name__}")
        if connection.in_transaction:
            raise UsageError(
                "the connection that connect= gave is in a transaction",
                hint="commit before you lend it: a run has transactions of its own",
            )
        return SQLiteConnection(Channel(connection, thread=None), "sqlite:// (lent)", options)
    if url is None:
        raise no_database()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stepwell-sqlite")
    try:
        opened = open_file(url, options, thread=thread)
    except BaseException:
        thread.shutdown(wait=False)
        raise
    return SQLiteConnection(Channel(opened, thread=thread), url.shown, options)

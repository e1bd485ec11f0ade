"""Renews a lease by a second connection, in a thread: a migration that computes in Python must not stop it.

It tells nobody when it fails: whether the lease is held is seen by whoever writes.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pymysql

from stepwell.core.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.engines.mysql.driver import DriverConnection

LONGEST_GOODBYE = 5.0  # seconds


class Heartbeat:
    """Runs one statement every so many seconds, from `start` to `stop`."""

    def __init__(self, connect: Callable[[], Awaitable[DriverConnection]], sql: str, every: float) -> None:
        self._connect, self._sql, self._every = connect, sql, every
        self._thread = threading.Thread(target=self._run, name="stepwell-lease", daemon=True)
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event

    def start(self) -> None:
        """Begin. The first beat comes after the first interval."""
        self._thread.start()

    async def stop(self) -> None:
        """End it, and wait a little for its good-bye."""
        await asyncio.to_thread(self._begun.wait)
        if self._loop is not None:
            with suppress(RuntimeError):  # its loop has ended by itself
                self._loop.call_soon_threadsafe(self._over.set)
        await asyncio.to_thread(self._thread.join, LONGEST_GOODBYE)

    def _run(self) -> None:
        asyncio.run(self._beat())

    async def _beat(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._begun.set()
        connection: DriverConnection | None = None
        while not await self._is_over():
            try:
                if connection is None or connection.closed:
                    connection = await self._connect()
                async with connection.cursor() as cursor:
                    await cursor.execute(self._sql)
            except (pymysql.err.Error, ConnectionFailedError, OSError):
                if connection is not None:
                    connection.close()
                connection = None  # another try at the next beat
        if connection is not None:
            await connection.leave()

    async def _is_over(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._every):
                await self._over.wait()
        return self._over.is_set()

"""One `sqlite3` connection, driven from a thread of its own so that a long statement blocks nobody's event loop.

Knows nothing of migrations. Raises `EngineError` with the statement that failed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.core.errors import FailureKind, Fault
from stepwell.engines.sqlite.dialect import HINTS
from stepwell.engines.sqlite.plain import execute
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from stepwell.ports import Origin

T = TypeVar("T")
AGAIN = 0.02  # seconds between two interrupts of a statement
Row = tuple[Any, ...]


class Channel:
    """Statements to one connection. `own` is false for one that a program lent: it is used in the caller's thread."""

    def __init__(self, connection: sqlite3.Connection, *, thread: ThreadPoolExecutor | None) -> None:
        self.connection = connection
        self._thread = thread

    async def call(self, work: Callable[[], T]) -> T:
        """Use the connection in its thread. A cancelled caller interrupts the statement and waits for it."""
        if self._thread is None:
            return work()
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():  # an interrupt that comes just before the statement begins is lost
                self.connection.interrupt()
                await asyncio.wait({future}, timeout=AGAIN)
            future.exception()
            raise

    async def execute(
        self, sql: str, params: Any = None, *, origin: Origin | None = None, shown: str | None = None
    ) -> sqlite3.Cursor:
        """Run one statement."""

        return await self._told(lambda: execute(self.connection, sql, params), origin, shown or sql)

    async def begin_immediately(self) -> None:
        """Take the write lock without waiting for it, whatever the connection's patience is."""

        def work() -> None:
            ((patience,),) = execute(self.connection, "PRAGMA busy_timeout").fetchall()
            self.connection.execute("PRAGMA busy_timeout = 0")
            try:
                self.connection.execute("BEGIN IMMEDIATE")
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {patience}")

        await self._told(work, None, "BEGIN IMMEDIATE")

    async def execute_many(self, sql: str, rows: Any, *, origin: Origin | None, shown: str) -> None:
        """Run one statement for each row of parameters."""
        await self._told(lambda: self.connection.executemany(sql, rows), origin, shown)

    async def rows(
        self,
        sql: str,
        params: Any = None,
        *,
        origin: Origin | None = None,
        shown: str | None = None,
        limit: int | None = None,
    ) -> tuple[list[str], list[Row]]:
        """Run one statement and give the names of its columns and its rows."""

        def work() -> tuple[list[str], list[Row]]:
            cursor = execute(self.connection, sql, params)
            names = [column[0] for column in cursor.description or ()]
            found = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            cursor.close()
            return names, found

        return await self._told(work, origin, shown or sql)

    async def fetch(self, cursor: sqlite3.Cursor, size: int) -> list[Row]:
        """The next rows of a cursor."""
        return await self._told(lambda: cursor.fetchmany(size), None, None)

    async def _told(self, work: Callable[[], T], origin: Origin | None, shown: str | None) -> T:
        try:
            return await self.call(work)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise translate(error, origin, shown) from error

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self.call(self.connection.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)


def translate(error: Exception, origin: Origin | None, statement: str | None) -> EngineError:
    """Turn an error of a statement into ours, with the line that issued it."""
    name = getattr(error, "sqlite_errorname", None)
    hint = next((HINTS[key] for key in HINTS if name is not None and name.startswith(key)), None)
    fault = Fault(
        message=str(error),
        code="statement_failed",
        version=origin.version if origin else None,
        place=origin.place if origin else None,
        statement=statement,
        sqlstate=name,
        hint=hint,
    )
    busy = name is not None and name.startswith("SQLITE_BUSY")
    return EngineError(fault, FailureKind.RETRYABLE if busy else FailureKind.STEP)

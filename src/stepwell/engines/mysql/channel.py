"""One aiomysql connection as a channel of statements, one at a time; it knows which one failed.

Knows nothing of migrations. Raises `EngineError` with the statement that failed. A cancelled caller stops its
statement on the server and waits for the end of it, since the driver would drop the connection, and the lock with it,
while the statement went on.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import aiomysql
import pymysql

from stepwell.core.sql.parameters import bind
from stepwell.core.sql.style import ParameterStyle
from stepwell.engines.mysql.driver import several
from stepwell.engines.mysql.errors import translate
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.mysql.spool import Spool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence

    from stepwell.core.redact import Redactor
    from stepwell.ports import Origin

T = TypeVar("T")
Row = tuple[Any, ...]

FETCH_SIZE = 1000  # rows that are read at a time
LONGEST_KILL = 5.0  # seconds to reach the server a second time, to stop a statement
_DRIVER_ERRORS = (pymysql.err.Error, pymysql.err.Warning)


class _Ours:
    """What our cursors do otherwise than the driver's.

    Warnings stay on the server: the driver would ask for each, and issue them as Python's. Values become text here: of
    bytes the driver can't make any with newer versions of its own base, and of a time it drops the zone.
    """

    async def _show_warnings(self, conn: Any) -> None:
        pass

    def _escape_args(self, args: Sequence[Any], conn: Any) -> tuple[str, ...]:
        return tuple(_literal(each, conn) for each in args)


class QuietCursor(_Ours, aiomysql.Cursor):  # type: ignore[misc]  # the driver has no types
    """One that has all its rows at once."""


class QuietStream(_Ours, aiomysql.SSCursor):  # type: ignore[misc]  # the driver has no types
    """One that reads its rows as they come."""


class Channel:
    """Statements to one connection; `kill` stops what runs on it, by another connection."""

    def __init__(self, connection: Any, redactor: Redactor, kill: Callable[[int], Awaitable[None]]) -> None:
        self.connection = connection
        self._redactor = redactor
        self._kill = kill
        self._turn = asyncio.Lock()

    # --- statements ---

    async def execute(
        self,
        sql: str,
        values: Mapping[str, object] | None = None,
        *,
        shown: str | None = None,
    ) -> int:
        """Run a statement of the tool's own, with `:name` values, and give the number of rows affected."""
        text, params = _bound(sql, values)
        return await self.send(text, params, shown=shown or sql)

    async def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """Run a query of the tool's own, with `:name` values, and give its rows."""
        text, params = _bound(sql, values)
        return (await self.fetch(text, params))[1]

    async def named(self, sql: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        """The same with rows by the names of their columns, in small letters: some servers give them in capitals."""
        text, params = _bound(sql, values)
        columns, rows = await self.fetch(text, params)
        names = [column.lower() for column in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def rows_of_each(self, queries: Sequence[str]) -> list[list[Row]]:
        """Run queries of the tool's own, sent together where that can be, and give the rows of each.

        A byte that is no text comes as `\\xff`: MariaDB prints those of a binary default as they are.
        """
        if not queries:
            return []

        async def work() -> list[list[Row]]:
            connection = self.connection
            async with several(connection), connection.cursor(QuietCursor) as cursor:
                with _undecoded(connection):
                    await cursor.execute(";\n".join(queries))
                    found = [await cursor.fetchall()]
                    while await cursor.nextset():
                        found.append(await cursor.fetchall())
            return [[_readable(row, connection.encoding) for row in rows] for rows in found]

        return await self._told(work(), None, queries[0])

    async def send(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        origin: Origin | None = None,
        shown: str | None = None,
    ) -> int:
        """Run one statement and give the number of rows affected."""

        async def work() -> int:
            async with self.connection.cursor(QuietCursor) as cursor:
                await cursor.execute(sql, params)
                return max(int(cursor.rowcount), 0)

        return await self._told(work(), origin, shown or sql)

    async def send_many(self, sql: str, rows: Sequence[Any], *, origin: Origin, shown: str) -> None:
        """Run one statement for each row of parameters; an INSERT goes out with many rows at once."""

        async def work() -> None:
            async with self.connection.cursor(QuietCursor) as cursor:
                await cursor.executemany(sql, list(rows))

        await self._told(work(), origin, shown)

    async def fetch(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        origin: Origin | None = None,
        shown: str | None = None,
        limit: int | None = None,
    ) -> tuple[list[str], list[Row]]:
        """Run one statement and give the names of its columns and its rows, at most `limit`."""

        async def work() -> tuple[list[str], list[Row]]:
            async with self.connection.cursor(QuietCursor) as cursor:
                await cursor.execute(sql, params)
                names = [column[0] for column in cursor.description or ()]
                if not names:
                    return [], []
                return names, list(await (cursor.fetchall() if limit is None else cursor.fetchmany(limit)))

        return await self._told(work(), origin, shown or sql)

    async def stream(
        self, sql: str, params: Sequence[Any] | None, *, origin: Origin, shown: str
    ) -> AsyncIterator[dict[str, Any]]:
        """Give the rows of a statement without holding all in memory, while others may run on the connection.

        The protocol lets no other statement run before the last row has been read: they are put into a file first.
        """
        with Spool() as spool:

            async def work() -> list[str]:
                async with self.connection.cursor(QuietStream) as cursor:
                    await cursor.execute(sql, params)
                    if cursor.description is None:
                        return []
                    while found := await cursor.fetchmany(FETCH_SIZE):
                        spool.put(found)
                    return [column[0] for column in cursor.description]

            names = await self._told(work(), origin, shown)
            for row in spool.rows():
                yield dict(zip(names, row, strict=True))

    async def _told(self, work: Coroutine[Any, Any, T], origin: Origin | None, shown: str | None) -> T:
        try:
            return await self._alone(work)
        except _DRIVER_ERRORS as error:
            raise translate(error, origin, shown, self._redactor, lost=self.broken) from error

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            async with self._turn:
                task = asyncio.ensure_future(work)
                try:
                    return await asyncio.shield(task)
                except asyncio.CancelledError:
                    await self._stopped(task)
                    raise
        finally:
            work.close()  # where the caller was cancelled before its turn

    async def _stopped(self, task: asyncio.Task[T]) -> None:
        """Stop what runs, and wait until the server has said so."""
        if not task.done() and not self.broken:
            with suppress(Exception):  # where it can't be stopped, it is waited for
                await asyncio.wait_for(self._kill(self.thread), LONGEST_KILL)
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()

    # --- the connection ---

    @property
    def thread(self) -> int:
        """The number by which the server knows this connection."""
        return int(self.connection.thread_id())

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return bool(self.connection.closed)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, by the last answer of the server."""
        return not self.broken and bool(self.connection.get_transaction_status())

    @property
    def autocommits(self) -> bool:
        """Whether a statement outside a transaction is committed at once, by the last answer of the server."""
        return bool(self.connection.get_autocommit())

    def drop(self) -> None:
        """Give the connection up at once."""
        self.connection.close()


@contextmanager
def _undecoded(connection: Any) -> Iterator[None]:
    """While the driver gives bytes for text."""
    former = connection.use_unicode
    connection.use_unicode = False
    try:
        yield
    finally:
        connection.use_unicode = former


def _readable(row: Row, encoding: str) -> Row:
    return tuple(
        value.decode(encoding, "backslashreplace") if isinstance(value, bytes) else value for value in row
    )


def _bound(sql: str, values: Mapping[str, object] | None) -> tuple[str, Sequence[Any] | None]:
    if values is None:
        return sql, None
    bound = bind(sql, MYSQL, values, ParameterStyle.FORMAT)
    return bound.sql, list(bound.params)


def _literal(value: Any, connection: Any) -> str:
    """A value as SQL has it; the zone of the session is UTC."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"X'{value.hex()}'"
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return str(connection.escape(value))

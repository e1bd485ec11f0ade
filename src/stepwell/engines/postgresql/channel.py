"""One psycopg connection as a channel of statements: queued in a pipeline, or one by one; it knows which one failed.

Knows nothing of migrations. Which statement failed is known without private interfaces of the driver: the cursor of
each queued statement is kept, and after an error the first one without a result belongs to it.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.pq import ConnStatus, TransactionStatus

from stepwell.core.errors import FailureKind, Fault
from stepwell.engines.postgresql.errors import translate
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from psycopg import AsyncConnection, AsyncPipeline

    from stepwell.core.redact import Redactor
    from stepwell.ports import Origin

Row = tuple[Any, ...]
Cursor = psycopg.AsyncRawCursor[Row]

# How our own statements are shown that write into our tables, and what is likely where one of them fails.
RECORD, RECORDS, LOG = "the record", "the records", "the log of these steps"
_OWN_TABLES = "did a migration of this run drop, rename or change one of stepwell's own tables?"

PRUNE_EVERY = 256  # answered statements are forgotten in lots, so that a long run keeps no memory of them


class Sent(NamedTuple):
    """A statement that was sent: its cursor, its origin, its text, how its author wrote it, the rows it must touch."""

    cursor: Cursor
    origin: Origin | None
    sql: str
    shown: str
    must_touch: int | None = None


_LAST_WORDS = frozenset({"FATAL", "PANIC"})  # severities after which a server closes the connection


class Channel:
    """Statements to one connection. Raises `EngineError` with the statement that failed."""

    def __init__(self, connection: AsyncConnection[Any], redactor: Redactor) -> None:
        self.connection = connection
        self._redactor = redactor
        self._pipeline: AsyncPipeline | None = None
        self._block: Any = None
        self._sent: deque[Sent] = deque()
        self._since_prune = 0
        self._ended = False  # the server has said that it ends the session

    # --- the pipeline ---

    @property
    def piped(self) -> bool:
        """Whether statements are queued at present."""
        return self._pipeline is not None

    async def open_pipeline(self) -> None:
        """Queue statements from here on."""
        if self._pipeline is None and not self.broken:
            self._block = self.connection.pipeline()
            self._pipeline = await self._block.__aenter__()

    async def close_pipeline(self) -> None:
        """Wait for everything and stop queueing."""
        if self._pipeline is None:
            return
        block, self._pipeline, self._block = self._block, None, None
        try:
            await block.__aexit__(None, None, None)
        except psycopg.Error as error:
            raise self._failed(error) from error
        self._settle()

    async def drop_pipeline(self) -> None:
        """Stop queueing after a failure; whatever was queued behind it is gone."""
        if self._pipeline is not None:
            block, self._pipeline, self._block = self._block, None, None
            with suppress(psycopg.Error):  # the failure that led here has been told already
                await block.__aexit__(None, None, None)
        self._sent.clear()

    @asynccontextmanager
    async def unpiped(self) -> AsyncIterator[None]:
        """Leave the pipeline for what can't be in one (COPY, the driver's own connection), and enter it again."""
        piped = self.piped
        await self.close_pipeline()
        yield
        if piped:
            await self.open_pipeline()

    async def sync(self) -> None:
        """Wait for everything that was sent. Raises the first failure."""
        if self._pipeline is not None:
            try:
                await self._pipeline.sync()
            except psycopg.Error as error:
                raise self._failed(error) from error
        self._settle()

    # --- statements ---

    async def send(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        origin: Origin | None = None,
        shown: str | None = None,
        prepare: bool | None = None,
        must_touch: int | None = None,
    ) -> Cursor:
        """Send one statement; in a pipeline its answer comes later."""
        cursor: Cursor = psycopg.AsyncRawCursor(self.connection)
        cursor.row_factory = psycopg.rows.tuple_row
        self._sent.append(Sent(cursor, origin, sql, shown or sql, must_touch))
        try:
            await cursor.execute(sql, params, prepare=prepare)
        except psycopg.Error as error:
            if error.sqlstate is None and not self.broken:
                self._forget_others()
            raise self._failed(error) from error
        self._prune()
        return cursor

    async def rows(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        origin: Origin | None = None,
        shown: str | None = None,
    ) -> list[Row]:
        """Send one statement and wait for its rows."""
        return await self.fetch(await self.send(sql, params, origin=origin, shown=shown))

    async def fetch(self, cursor: Cursor, limit: int | None = None) -> list[Row]:
        """Wait for the rows of a statement that was sent; one that gives none has an empty list."""
        try:
            if self._pipeline is not None and cursor.pgresult is None:
                await self._pipeline.sync()
            if cursor.description is None:
                return []
            return await (cursor.fetchall() if limit is None else cursor.fetchmany(limit))
        except psycopg.Error as error:
            raise self._failed(error) from error

    async def copy(self, sql: str, data: str, *, origin: Origin, shown: str) -> None:
        """Send a COPY ... FROM STDIN with its data."""
        async with self.unpiped():
            cursor: Cursor = psycopg.AsyncRawCursor(self.connection)
            self._sent.append(Sent(cursor, origin, sql, shown))
            try:
                async with cursor.copy(sql) as copy:
                    await copy.write(data)
            except psycopg.Error as error:
                raise self._failed(error) from error

    # --- what became of them ---

    @property
    def broken(self) -> bool:
        """Whether the connection is gone; or about to be, after the server's last word on it."""
        return self._ended or bool(self.connection.closed) or self.connection.pgconn.status == ConnStatus.BAD

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return self.connection.info.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }

    @property
    def failed(self) -> bool:
        """Whether the open transaction takes no more statements."""
        return self.connection.info.transaction_status == TransactionStatus.INERROR

    @property
    def unsettled(self) -> bool:
        """Whether a statement that has to touch rows was sent, and it is not known yet whether it did."""
        return any(sent.must_touch is not None for sent in self._sent)

    def _failed(self, error: psycopg.Error) -> EngineError:
        """Name the statement that failed: the first one that has no result.

        Where the connection is gone without a word, it may be any of those: then the first one that somebody wrote.
        """
        self._ended = self._ended or error.diag.severity_nonlocalized in _LAST_WORDS
        unanswered = [sent for sent in self._sent if sent.cursor.pgresult is None]
        if self.broken and error.sqlstate is None:
            unanswered.sort(key=lambda sent: sent.origin is None)
        culprit = unanswered[0] if unanswered else None
        self._sent.clear()
        lost = self.broken
        if culprit is None:
            return translate(error, None, None, self._redactor, lost=lost)
        told = translate(error, culprit.origin, culprit.shown, self._redactor, lost=lost)
        if culprit.shown in (RECORD, RECORDS, LOG) and told.kind is FailureKind.STEP:
            return _own_write(told, culprit)
        return told if told.fault.position is None else _as_written(told, culprit)

    def _forget_others(self) -> None:
        """The driver refused the newest statement unsent: no other is to blame, answered or not."""
        newest = self._sent.pop()
        self._sent.clear()
        self._sent.append(newest)

    def _prune(self) -> None:
        self._since_prune += 1
        if self._since_prune >= PRUNE_EVERY:
            self._since_prune = 0
            while self._sent and self._sent[0].cursor.pgresult is not None:
                _check_touched(self._sent.popleft())

    def _settle(self) -> None:
        """Everything is answered: see that what had to touch rows did."""
        while self._sent:
            _check_touched(self._sent.popleft())


def _as_written(told: EngineError, sent: Sent) -> EngineError:
    """With the position in the SQL as its author wrote it, with names where the server saw numbers."""
    from stepwell.core.sql.positions import written_position
    from stepwell.engines.postgresql.lexical import POSTGRESQL

    position = written_position(told.fault.position or 0, sent.sql, sent.shown, POSTGRESQL)
    return EngineError(replace(told.fault, position=position), told.kind)


def _own_write(told: EngineError, sent: Sent) -> EngineError:
    """It is not a statement of an author that failed, but one of ours, on our own tables."""
    message = f"{sent.shown} can't be written: {told.fault.message}"
    return EngineError(replace(told.fault, message=message, hint=told.fault.hint or _OWN_TABLES), told.kind)


def _check_touched(sent: Sent) -> None:
    if sent.must_touch is not None and sent.cursor.rowcount != sent.must_touch:
        raise EngineError(
            Fault(
                "the history was changed by somebody else while this step ran",
                code="lost_update",
                version=sent.origin.version if sent.origin else None,
                statement=sent.shown,
                hint="nothing may write into the history table but stepwell; run again",
            )
        )

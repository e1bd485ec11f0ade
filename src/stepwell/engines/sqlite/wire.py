"""How the statements of a step reach SQLite: the `Wire` over a channel."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import FailureKind, Fault
from stepwell.engines.sqlite.tables import quote
from stepwell.ports import EngineError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.engines.sqlite.channel import Channel
    from stepwell.engines.sqlite.watch import Watch
    from stepwell.journal import Send, StatementJournal, T
    from stepwell.ports import BoundStatement

_LENT = "stepwell_lent"
FETCH_SIZE = 1000  # rows in memory at a time when an author iterates


class SQLiteWire:
    """Statements of one step; each is done when its method returns. Outside a transaction they have a journal."""

    def __init__(
        self,
        channel: Channel,
        watch: Watch | None = None,
        *,
        holding: bool,
        journal: StatementJournal | None = None,
    ) -> None:
        self._channel = channel
        self._watch = watch
        self._holding = holding
        self._journal = journal

    async def _journalled(self, statement: BoundStatement, send: Send[T]) -> T:
        if self._watch is not None:
            await self._watch.before(statement)
        return await (send(statement) if self._journal is None else self._journal.perform(statement, send))

    async def run(self, statement: BoundStatement) -> None:
        """Run a statement."""
        await self._journalled(statement, self._run)

    async def _run(self, statement: BoundStatement) -> None:
        cursor = await self._execute(statement)
        cursor.close()
        self._must_hold(statement, "the transaction has ended with this statement")

    async def _execute(self, statement: BoundStatement) -> sqlite3.Cursor:
        self._must_hold(statement)
        return await self._channel.execute(
            statement.sql, statement.params, origin=statement.origin, shown=statement.shown
        )

    def _must_hold(
        self, statement: BoundStatement, what: str = "the transaction has ended before this statement"
    ) -> None:
        """Some errors and statements end the transaction behind our back; nothing may run on as if it were open."""
        if self._holding and not self._channel.connection.in_transaction:
            raise EngineError(
                Fault(
                    what,
                    code="transaction_ended",
                    version=statement.origin.version,
                    place=statement.origin.place,
                    statement=statement.shown,
                )
            )

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Run a statement for every row of parameters; outside a transaction for all of them or none."""
        await self._journalled(statement, lambda each: self._all_rows(each, rows))

    async def _all_rows(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        self._must_hold(statement)
        if self._channel.connection.in_transaction:
            await self._many(statement, rows)
            return
        await self._channel.execute("BEGIN IMMEDIATE")
        try:
            await self._many(statement, rows)
            await self._channel.execute("COMMIT")
        except BaseException:
            if self._channel.connection.in_transaction:
                await self._channel.execute("ROLLBACK")
            raise

    async def _many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        await self._channel.execute_many(statement.sql, rows, origin=statement.origin, shown=statement.shown)

    async def count(self, statement: BoundStatement) -> int:
        """The number of rows affected."""
        return await self._journalled(statement, self._count)

    async def _count(self, statement: BoundStatement) -> int:
        cursor = await self._execute(statement)
        return max(cursor.rowcount, 0)

    async def rows(self, statement: BoundStatement, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows as dicts, at most `limit`."""
        return await self._journalled(statement, lambda each: self._rows(each, limit))

    async def _rows(self, statement: BoundStatement, limit: int | None) -> list[dict[str, Any]]:
        self._must_hold(statement)
        names, found = await self._channel.rows(
            statement.sql, statement.params, origin=statement.origin, shown=statement.shown, limit=limit
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    async def stream(self, statement: BoundStatement) -> AsyncGenerator[dict[str, Any], None]:
        """The rows from an open cursor."""
        cursor = await self._execute(statement)
        names = [column[0] for column in cursor.description or ()]
        try:
            while found := await self._channel.fetch(cursor, FETCH_SIZE):
                for row in found:
                    yield dict(zip(names, row, strict=True))
        finally:
            cursor.close()  # a cursor that is open keeps its table from being dropped

    async def savepoint(self, name: str) -> None:
        """Open a savepoint."""
        await self._channel.execute(f"SAVEPOINT {quote(name)}")

    async def release(self, name: str) -> None:
        """Keep what happened since the savepoint."""
        await self._channel.execute(f"RELEASE {quote(name)}")

    async def abort_to(self, name: str) -> None:
        """Undo what happened since the savepoint."""
        await self._channel.execute(f"ROLLBACK TO {quote(name)}")
        await self._channel.execute(f"RELEASE {quote(name)}")

    async def flush(self) -> None:
        """Nothing is queued."""

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """Lend the `sqlite3` connection. It must give the transaction back as it was."""
        return self._lend()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Any]:
        if self._watch is not None:
            await self._watch.before_lending()
        if self._holding:
            await self._channel.execute(f"SAVEPOINT {_LENT}")
        elif self._journal is not None:
            await self._journal.begin_unseen()
        try:
            yield self._channel.connection
        except Exception as error:
            if await self._has_ended():
                raise _ended_transaction() from error
            raise
        if await self._has_ended():
            raise _ended_transaction()

    async def _has_ended(self) -> bool:
        """Whether the transaction is not the one that was lent: a savepoint of it would be gone."""
        if self._channel.connection.in_transaction != self._holding:
            return True
        if not self._holding:
            return False
        try:
            await self._channel.execute(f"RELEASE {_LENT}")
        except EngineError:
            return True
        return False


def _ended_transaction() -> EngineError:
    return EngineError(
        Fault(
            "the migration ended the transaction through the driver's own connection",
            code="transaction_ended",
            hint="a migration must not commit or abort (executescript() commits); what it committed stands",
        ),
        FailureKind.ENDED,
    )

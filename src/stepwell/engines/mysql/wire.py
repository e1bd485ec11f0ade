"""How the statements of a step reach the server: the `Wire` over a channel, with a journal around what may change."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.core.errors import Fault
from stepwell.core.sql.kinds import classify
from stepwell.engines.mysql.lexical import MARIADB
from stepwell.engines.mysql.tables import quote
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.engines.mysql.channel import Channel
    from stepwell.journal import Send, StatementJournal
    from stepwell.ports import BoundStatement

T = TypeVar("T")

# With them held, the tool's own tables can't be reached; and they end every transaction.
LOCKS = frozenset({"LOCK", "UNLOCK"})


class MySQLWire:
    """Statements of one step; each is done when its method returns. Without a journal they are reads."""

    def __init__(self, channel: Channel, journal: StatementJournal | None) -> None:
        self._channel = channel
        self._journal = journal

    async def run(self, statement: BoundStatement) -> None:
        """Run a statement."""
        await self.count(statement)

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Run a statement for every row of parameters: all of them, or none."""

        async def send(each: BoundStatement) -> None:
            own = not self._channel.in_transaction
            if own:
                await self._channel.send("BEGIN")
            await self._channel.send_many(each.sql, rows, origin=each.origin, shown=each.shown)
            if own and self._channel.in_transaction:
                await self._channel.send("COMMIT")

        await self._journalled(statement, send)

    async def count(self, statement: BoundStatement) -> int:
        """The number of rows affected."""
        return await self._journalled(
            statement,
            lambda each: self._channel.send(each.sql, each.params, origin=each.origin, shown=each.shown),
        )

    async def rows(self, statement: BoundStatement, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows as dicts, at most `limit`."""
        names, found = await self._journalled(
            statement,
            lambda each: self._channel.fetch(
                each.sql, each.params, origin=each.origin, shown=each.shown, limit=limit
            ),
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    async def stream(self, statement: BoundStatement) -> AsyncGenerator[dict[str, Any], None]:
        """The rows, with other statements between them."""
        _refuse(statement)
        async for row in self._channel.stream(
            statement.sql, statement.params, origin=statement.origin, shown=statement.shown
        ):
            yield row

    async def _journalled(self, statement: BoundStatement, send: Send[T]) -> T:
        _refuse(statement)
        if self._journal is None:
            return await send(statement)

        async def checked(each: BoundStatement) -> T:
            result = await send(each)
            await self._must_be_as_before(each)
            return result

        return await self._journal.perform(statement, checked)

    async def _must_be_as_before(self, statement: BoundStatement | None) -> None:
        """Else what is written down of this statement, and of all after it, would not be kept."""
        if self._channel.broken:
            return
        if not self._channel.autocommits:
            await self._channel.send("SET SESSION autocommit = 1")
            raise _fault(statement, "autocommit was switched off", "nothing after it would be kept")
        held = self._journal is not None and self._journal.holds_transaction
        if self._channel.in_transaction and not held:
            await self._channel.send("ROLLBACK")
            raise _fault(statement, "a transaction was left open", "commit what is begun")

    # Savepoints undo changes of rows only, and only until the next statement that commits by itself.

    async def savepoint(self, name: str) -> None:
        """Open a savepoint."""
        await self._channel.send(f"SAVEPOINT {quote(name)}")

    async def release(self, name: str) -> None:
        """Keep what happened since the savepoint."""
        await self._channel.send(f"RELEASE SAVEPOINT {quote(name)}")

    async def abort_to(self, name: str) -> None:
        """Undo what happened since the savepoint."""
        await self._channel.send(f"ROLLBACK TO SAVEPOINT {quote(name)}")
        await self._channel.send(f"RELEASE SAVEPOINT {quote(name)}")

    async def flush(self) -> None:
        """Nothing is queued."""

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """Lend aiomysql's connection. It must be given back in autocommit mode and outside any transaction."""
        return self._lend()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Any]:
        if self._journal is not None:
            await self._journal.begin_unseen()
        yield self._channel.connection
        await self._must_be_as_before(None)


def _refuse(statement: BoundStatement) -> None:
    verb = classify(statement.shown, MARIADB).verb
    if verb.partition(" ")[0] in LOCKS:
        raise _fault(
            statement,
            f"{verb} TABLES is refused: stepwell could not write down what is done",
            "leave it out: no other migration runs meanwhile, and ALTER TABLE takes its own locks",
        )


def _fault(statement: BoundStatement | None, message: str, hint: str) -> EngineError:
    return EngineError(
        Fault(
            message,
            code="transaction_ended" if statement is None else "refused",
            version=statement.origin.version if statement else None,
            place=statement.origin.place if statement else None,
            statement=statement.shown if statement else None,
            hint=hint,
        )
    )

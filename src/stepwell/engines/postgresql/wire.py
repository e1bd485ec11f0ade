"""How the statements of a step reach PostgreSQL: the `Wire` over a channel."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import FailureKind, Fault
from stepwell.core.sql.bound import bound_to_session
from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.engines.postgresql.leftovers import SESSION, Session, compare, may_leave_something, set_locally
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.postgresql.rows import left_behind, pooled
from stepwell.engines.postgresql.tables import quote
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.engines.postgresql.channel import Channel, Cursor, Row
    from stepwell.journal import Send, StatementJournal, T
    from stepwell.ports import BoundStatement

LOOP_TURNS = 4
FETCH_SIZE = 1000  # rows in memory at a time when an author iterates


class PostgresWire:
    """Statements of one step. `holding` is true in a transaction: cursors then need not outlive one.

    Outside of one, what may change something goes through the journal; `pooled`: no session is ours there.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        holding: bool,
        before_lending: Callable[[], Awaitable[None]] | None = None,
        journal: StatementJournal | None = None,
        pooled: bool = False,
    ) -> None:
        self._channel = channel
        self._holding = holding
        self._before_lending = before_lending
        self._journal, self._pooled = journal, pooled
        self._cursors = count(1)
        self.before: Cursor | None = None  # the session, before the first statement that may change it
        self.seen: Row | None = None
        self._reading: set[str] = set()  # cursors on the server whose rows are being read
        self._left: list[str] = []  # those that nobody reads any more
        self.local: set[str] = set()  # what was set for the transaction only

    async def run(self, statement: BoundStatement) -> None:
        """Queue a statement; outside a pipeline it is done when this returns."""
        await self._journalled(statement, self._run)

    async def _run(self, statement: BoundStatement) -> None:
        if statement.copy_data is not None:
            await self._channel.copy(
                statement.sql, statement.copy_data, origin=statement.origin, shown=statement.shown
            )
        else:
            await self._send(statement)

    async def _journalled(self, statement: BoundStatement, send: Send[T]) -> T:
        if self._pooled and _stays_in_session(statement.shown):
            raise pooled(statement)
        return await (send(statement) if self._journal is None else self._journal.perform(statement, send))

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Queue a statement once for every row of parameters; outside a transaction for all of them or none."""
        await self._journalled(statement, lambda each: self._all_rows(each, rows))

    async def _all_rows(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        if self._holding or self._channel.in_transaction:
            await self._many(statement, rows)
            return
        await self._channel.send("BEGIN")
        try:
            await self._many(statement, rows)
            await self._channel.send("COMMIT")
        except BaseException:
            if self._channel.in_transaction:
                await self._channel.send("ROLLBACK")
            raise

    async def _many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        for params in rows:
            await self._channel.send(statement.sql, params, origin=statement.origin, shown=statement.shown)

    async def count(self, statement: BoundStatement) -> int:
        """The number of rows affected."""
        return await self._journalled(statement, self._count)

    async def _count(self, statement: BoundStatement) -> int:
        cursor = await self._send(statement)
        await self._channel.sync()
        return max(cursor.rowcount, 0)

    async def rows(self, statement: BoundStatement, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows as dicts, at most `limit`."""
        return await self._journalled(statement, lambda each: self._rows(each, limit))

    async def _rows(self, statement: BoundStatement, limit: int | None) -> list[dict[str, Any]]:
        cursor = await self._send(statement)
        return _dicts(cursor, await self._channel.fetch(cursor, limit))

    async def stream(self, statement: BoundStatement) -> AsyncGenerator[dict[str, Any], None]:
        """The rows by a cursor on the server, so that other statements may run between two of them."""
        if self._pooled:  # a cursor would stay with a session that is not ours
            for row in await self._rows(statement, None):
                yield row
            return
        await self._watch(statement.shown)
        name = quote(f"stepwell_{next(self._cursors)}_{time.monotonic_ns()}")
        kind = "NO SCROLL CURSOR" if self._holding else "NO SCROLL CURSOR WITH HOLD"
        await self._channel.send(
            f"DECLARE {name} {kind} FOR {statement.sql}",
            statement.params,
            origin=statement.origin,
            shown=statement.shown,
        )
        self._reading.add(name)
        try:
            while name in self._reading:
                cursor = await self._channel.send(
                    f"FETCH FORWARD {FETCH_SIZE} FROM {name}", origin=statement.origin
                )
                found = _dicts(cursor, await self._channel.fetch(cursor))
                if len(found) < FETCH_SIZE:  # these are the last: nothing is held while they are looked at
                    self._reading.discard(name)
                    await self._channel.send(f"CLOSE {name}", origin=statement.origin)
                for row in found:
                    yield row
        finally:
            if name in self._reading:  # the loop was left early
                self._reading.discard(name)
                self._left.append(name)

    async def _close_left(self) -> None:
        """Close the cursors of loops that were left early: an open one keeps its table from being altered."""
        for _ in range(LOOP_TURNS if self._reading else 0):
            await asyncio.sleep(0)  # the interpreter ends an abandoned loop in a turn of the event loop
        while self._left:
            await self._channel.send(f"CLOSE {self._left.pop()}")

    async def savepoint(self, name: str) -> None:
        """Open a savepoint; everything before it is answered first."""
        await self._channel.send(f"SAVEPOINT {quote(name)}")
        await self._channel.sync()

    async def release(self, name: str) -> None:
        """Keep what happened since the savepoint."""
        await self._channel.send(f"RELEASE SAVEPOINT {quote(name)}")
        await self._channel.sync()

    async def abort_to(self, name: str) -> None:
        """Undo what happened since the savepoint; in a pipeline the failure has to be answered first."""
        piped = self._channel.piped
        await self._channel.drop_pipeline()
        await self._channel.send(f"ROLLBACK TO SAVEPOINT {quote(name)}")
        await self._channel.send(f"RELEASE SAVEPOINT {quote(name)}")
        if piped:
            await self._channel.open_pipeline()

    async def flush(self) -> None:
        """Wait for everything that was sent."""
        await self._channel.sync()

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """Lend psycopg's connection. It must give the transaction back as it was."""
        return self._lend()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Any]:
        async with self._channel.unpiped():
            if self._before_lending is not None:
                await self._before_lending()
            if self._journal is not None:
                await self._journal.begin_unseen()
            await self._look()
            before = await self._transaction_id()
            try:
                yield self._channel.connection
            except Exception as error:
                if await self._has_ended(before):
                    raise _ended_transaction() from error
                raise
            if await self._has_ended(before):
                raise _ended_transaction()

    async def _has_ended(self, before: int | None) -> bool:
        """Whether the transaction is not the one that was lent. One that has failed can't be asked, and is aborted."""
        channel = self._channel
        if channel.broken or channel.in_transaction != self._holding:
            return True
        return not channel.failed and before != await self._transaction_id()

    async def _transaction_id(self) -> int | None:
        if not self._holding:
            return None
        ((number,),) = await self._channel.rows("SELECT pg_catalog.txid_current()")
        return int(number)

    async def _watch(self, sql: str) -> None:
        """Before a statement that may change its session, ask how the session is; the answer is read at the end."""
        if may_leave_something(sql) and not self._pooled:
            await self._look()
            self.local |= {name for name in (set_locally(sql),) if name is not None}

    async def _look(self) -> None:
        if self.before is None and not self._pooled:
            self.before = await self._channel.send(SESSION)

    async def _send(self, statement: BoundStatement) -> Cursor:
        await self._close_left()
        await self._watch(statement.shown)
        cursor = await self._channel.send(
            statement.sql, statement.params, origin=statement.origin, shown=statement.shown
        )
        if not self._holding and not self._pooled and may_leave_something(statement.shown):
            await self._keep_role(statement)
        return cursor

    async def _keep_role(self, statement: BoundStatement) -> None:
        """Outside a transaction the journal is written after every statement, as who we are and as nobody else."""
        asked = await self._channel.send(SESSION)
        after = Session.of((await self._channel.fetch(asked))[0])
        before = Session.of(await self.first()) if self.before is not None else after
        left = compare(before._replace(settings=after.settings), after, ())
        if (before.user, before.login) == (after.user, after.login):
            return
        for undo in left.undo:
            await self._channel.send(undo)
        raise left_behind(left.words, statement.origin.version, statement.origin.place)

    async def first(self) -> Row:
        """The session as it was before; read once, kept for the end of the step."""
        if self.seen is None and self.before is not None:
            self.seen = (await self._channel.fetch(self.before))[0]
        return self.seen or ()


def _stays_in_session(sql: str) -> bool:
    """Whether what a statement does stays with its session, which behind a pooler somebody else gets."""
    facts = classify(sql, POSTGRESQL)
    return facts.kind is StatementKind.SETTING or bound_to_session(sql, facts)


def _dicts(cursor: Cursor, rows: list[Row]) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _ended_transaction() -> EngineError:
    return EngineError(
        Fault(
            "the migration ended the transaction through the driver's own connection",
            code="transaction_ended",
            hint="a migration must not commit or abort; what it committed stands and has to be looked at",
        ),
        FailureKind.ENDED,
    )

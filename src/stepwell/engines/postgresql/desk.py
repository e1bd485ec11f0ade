"""What the journal of a step needs of PostgreSQL: a transaction for nearly everything, and care for the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.sql.kinds import classify
from stepwell.engines.postgresql import concurrently, evidence
from stepwell.engines.postgresql.books import write_log
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.postgresql.rows import not_committed
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.engines.postgresql.channel import Channel, Row
    from stepwell.engines.postgresql.tables import PostgresNames
    from stepwell.journal import Send
    from stepwell.ports import Batch, BoundStatement

T = TypeVar("T")

# The server says so of a command that no transaction takes, and of a COMMIT in a procedure within one.
REFUSALS = frozenset({"25001", "2D000"})
# They need a transaction of the author's own: one of ours would let them pass, and end before they were of any use.
NEEDS_TRANSACTION = frozenset({"LOCK", "DECLARE"})

# A block that does so is not tried in a transaction first: what it did before, to a sequence say, would be done twice.
ENDS_TRANSACTION = re.compile(r"\b(COMMIT|ROLLBACK)\b", re.IGNORECASE)


class PostgresDesk:
    """See `stepwell.journal.Desk` for what each method promises. `check` sees that the lock is held still.

    With `bounded`, the timeouts are those of the migration, which has asked for some itself.
    """

    def __init__(
        self,
        channel: Channel,
        names: PostgresNames,
        *,
        check: Callable[[], Awaitable[None]],
        tell: Callable[[str], None],
        bounded: bool,
    ) -> None:
        self._channel, self._names = channel, names
        self._check, self._tell, self._bounded = check, tell, bounded
        self._mark = ""  # what statements outside a transaction begin with

    @property
    def in_transaction(self) -> bool:
        """Whether one is open, failed or not."""
        return self._channel.in_transaction

    async def begin(self) -> None:
        """Open a transaction, if the lock is ours."""
        await self._check()
        await self._channel.send("BEGIN ISOLATION LEVEL READ COMMITTED")

    async def commit(self) -> None:
        """Let it stand. To a transaction that has failed the server answers something else, and no error."""
        ended = await self._channel.send("COMMIT")
        if ended.statusmessage != "COMMIT":
            raise not_committed(ended.statusmessage)

    async def undo(self) -> None:
        """Undo what is open."""
        if not self._channel.broken and self._channel.in_transaction:
            try:
                await self._channel.send("ROLLBACK")
            except EngineError:  # what led here is told
                return

    async def write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the log."""
        await write_log(self._channel, self._names, lines, batch)

    async def write_apart(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """One statement is a transaction by itself."""
        await self._check()
        await self.write(lines, batch)

    async def may_share(self, statement: BoundStatement) -> bool:
        """All but what refuses a transaction."""
        facts = classify(statement.shown, POSTGRESQL)
        if facts.verb == "DO" and ENDS_TRANSACTION.search(statement.shown):
            return False
        return facts.refuses_transaction is None and facts.verb not in NEEDS_TRANSACTION

    async def settle(self, statement: BoundStatement) -> None:
        """Deferred constraints are checked here, where it is known whose statement broke them."""
        if classify(statement.shown, POSTGRESQL).may_write_rows:
            await self._channel.send(
                "SET CONSTRAINTS ALL IMMEDIATE", origin=statement.origin, shown=statement.shown
            )

    def refuses_transaction(self, error: EngineError) -> bool:
        """By its SQLSTATE."""
        return error.fault.sqlstate in REFUSALS

    async def fingerprint(self, statement: BoundStatement) -> str | None:
        """How what it would change stands now."""
        return await evidence.fingerprint(self._channel, statement.shown)

    async def alone(self, statement: BoundStatement, send: Send[T]) -> T:
        """Run it without limits of time; what a former attempt left is cleared before, what it leaves itself after."""
        async with concurrently.unbounded(self._channel, own=self._bounded):
            ready = await concurrently.prepared(self._channel, statement, self._tell, self._mark)
            before = await concurrently.invalid_ones(self._channel)
            try:
                await self._check()
                return await send(ready)
            except EngineError as error:
                raise await self._cleared(statement, error, before) from error

    async def _cleared(
        self, statement: BoundStatement, error: EngineError, before: Sequence[Row]
    ) -> EngineError:
        told = await concurrently.cleared(self._channel, statement, before)
        for each in told:
            self._tell(each)  # an interruption has no hint
        hint = "; ".join([error.fault.hint, *told] if error.fault.hint else told)
        return EngineError(replace(error.fault, hint=hint), error.kind) if told else error

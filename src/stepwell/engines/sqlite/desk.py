"""What the journal of a step needs of SQLite: every statement but a few can share a transaction with its marks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from stepwell.core.evidence import Judgement, Verdict
from stepwell.engines.sqlite import tables
from stepwell.engines.sqlite.rows import log_values
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.sql.kinds import StatementFacts
    from stepwell.core.tables import TableNames
    from stepwell.engines.sqlite.channel import Channel
    from stepwell.journal import Send, T
    from stepwell.ports import Batch, BoundStatement, Origin

# Whatever they did the first time, a second time comes to the same.
REPEATABLE = frozenset({"VACUUM"})


class SQLiteDesk:
    """See `stepwell.journal.Desk` for what each method promises. `check` finds foreign keys that do not hold."""

    def __init__(
        self,
        channel: Channel,
        names: TableNames,
        user: str,
        check: Callable[[Origin, str], Awaitable[None]],
    ) -> None:
        self._channel, self._names, self._user, self._check = channel, names, user, check

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self._channel.connection.in_transaction

    async def begin(self) -> None:
        """Take the write lock."""
        await self._channel.execute("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """Let it stand."""
        await self._channel.execute("COMMIT")

    async def undo(self) -> None:
        """Undo what is open."""
        if self.in_transaction:
            with suppress(EngineError):  # what led here is told
                await self._channel.execute("ROLLBACK")

    async def write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the log."""
        for line in lines:
            await self._channel.execute(
                tables.insert_log(self._names), log_values(line, batch, self._user, None)
            )

    async def write_apart(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """In a transaction of their own, if none is open."""
        own = not self.in_transaction
        if own:
            await self.begin()
        try:
            await self.write(lines, batch)
            if own:
                await self.commit()
        except BaseException:
            if own:
                await self.undo()
            raise

    async def may_share(self, statement: BoundStatement) -> bool:
        """All but what refuses a transaction."""
        return _facts(statement).refuses_transaction is None

    async def settle(self, statement: BoundStatement) -> None:
        """Deferred foreign keys are checked here, where it is known whose statement broke them."""
        if _facts(statement).may_write_rows:
            await self._check(statement.origin, statement.shown)

    def refuses_transaction(self, error: EngineError) -> bool:
        """What refuses one is known by its text."""
        return False

    async def fingerprint(self, statement: BoundStatement) -> str | None:
        """The command, where it may run twice."""
        verb = _facts(statement).verb
        return verb if verb in REPEATABLE else None

    async def alone(self, statement: BoundStatement, send: Send[T]) -> T:
        """Send it."""
        return await send(statement)


def _facts(statement: BoundStatement) -> StatementFacts:
    from stepwell.core.sql.kinds import classify  # most runs have nothing to do, and read no SQL
    from stepwell.engines.sqlite.lexical import SQLITE

    return classify(statement.shown, SQLITE)


async def judge(fingerprint: str) -> Judgement:
    """Whether a statement ran before which this was taken."""
    if fingerprint in REPEATABLE:
        return Judgement(Verdict.REPEATABLE, f"{fingerprint} may run twice")
    return Judgement(Verdict.UNKNOWN, "another version of stepwell wrote the fingerprint")

"""What the journal of a step needs of the server: transactions for marks, and which statements undo with one.

Statements that change rows can share a transaction with their marks. Whatever else there is commits by itself.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.sql.kinds import classify
from stepwell.engines.mysql import tables
from stepwell.engines.mysql.catalog import fingerprint
from stepwell.engines.mysql.rows import log_values
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.tables import TableNames
    from stepwell.engines.mysql.channel import Channel
    from stepwell.engines.mysql.lock import Lock
    from stepwell.journal import Send
    from stepwell.ports import Batch, BoundStatement

T = TypeVar("T")

CHANGES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
# Tables of such engines keep what an abort should have undone.
_WITHOUT_TRANSACTIONS = """
SELECT 1 FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND e.transactions <> 'YES' LIMIT 1
"""
_OTHER_DATABASES = "SELECT schema_name FROM information_schema.schemata WHERE schema_name <> DATABASE()"
_VIEWS = "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE()"


class MySQLDesk:
    """See `stepwell.journal.Desk` for what each method promises."""

    def __init__(
        self, channel: Channel, names: TableNames, rules: LexRules, own: Sequence[str], lock: Lock
    ) -> None:
        self._channel, self._names, self._rules, self._lock = channel, names, rules, lock
        self._own = own  # the bare names of the tool's tables
        self._all_undo: bool | None = None  # whether all tables here can undo; None: not known
        self._elsewhere: frozenset[str] | None = None  # other databases, whose tables are not looked at

    @property
    def in_transaction(self) -> bool:
        """By the last answer of the server."""
        return self._channel.in_transaction

    async def begin(self) -> None:
        """Open a transaction."""
        await self._channel.execute("BEGIN")

    async def commit(self) -> None:
        """Let it stand, if the lock is held still."""
        await self._lock.seal()
        await self._channel.execute("COMMIT")

    async def undo(self) -> None:
        """Undo what is open."""
        if self._channel.in_transaction:
            with suppress(EngineError):  # what led here is told
                await self._channel.execute("ROLLBACK")

    async def write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the log."""
        for line in lines:
            await self._channel.execute(
                tables.insert_log(self._names), log_values(line, batch), shown="the log of this step"
            )

    async def write_apart(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """One line is a transaction by itself, where nothing else belongs into it."""
        if len(lines) == 1 and not self._lock.fences:
            await self.write(lines, batch)
            return
        try:
            await self.begin()
            await self.write(lines, batch)
            await self.commit()
        except BaseException:
            await self.undo()
            raise

    async def may_share(self, statement: BoundStatement) -> bool:
        """What changes rows or nothing, of tables that undo with their transaction."""
        facts = classify(statement.shown, self._rules)
        return (facts.verb in CHANGES_ROWS or facts.read_only) and await self._can_undo(statement.shown)

    def refuses_transaction(self, error: EngineError) -> bool:
        """Never: it ends the transaction without a word."""
        return False

    async def fingerprint(self, statement: BoundStatement) -> str | None:
        """What the catalog says of it. What commits by itself happens whole or not at all."""
        return await fingerprint(self._channel, statement.shown, self._own)

    async def settle(self, statement: BoundStatement) -> None:
        """There are no deferred constraints."""

    async def alone(self, statement: BoundStatement, send: Send[T]) -> T:
        """Send it. It may make a table, or change the engine of one."""
        self._all_undo = self._elsewhere = None
        return await send(statement)

    async def _can_undo(self, text: str) -> bool:
        """Whether every table that the statement can name undoes with its transaction."""
        if self._all_undo is None:
            self._all_undo = not await self._channel.rows(_WITHOUT_TRANSACTIONS)
        if self._elsewhere is None:
            self._elsewhere = await self._names_elsewhere()
        shown = text.casefold()
        return self._all_undo and not any(name in shown for name in self._elsewhere)

    async def _names_elsewhere(self) -> frozenset[str]:
        """Names by which a statement reaches other databases, whose tables are not looked at: theirs, and of views."""
        databases = {str(name).casefold() for (name,) in await self._channel.rows(_OTHER_DATABASES)}
        views = await self._channel.rows(_VIEWS)
        return frozenset(databases) | {
            str(view).casefold()
            for view, definition in views
            if any(name in str(definition).casefold() for name in databases)
        }

"""When the marks of a statement are written: with it in one transaction where that can be, else before and after it.

Statements that change rows share a transaction with their intent and their done mark, so that a kill leaves all of it
or nothing. Whatever else there is commits by itself: its intent is written before it. What is written, and what follows
from it, is the run machine's business.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from stepwell.core.actions import LogEvent
from stepwell.core.sql.kinds import classify
from stepwell.engines.mysql import tables
from stepwell.engines.mysql.rows import log_values
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.tables import TableNames
    from stepwell.engines.mysql.channel import Channel
    from stepwell.ports import Batch, BoundStatement

CHANGES_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
# Tables of such engines keep what an abort should have undone.
_WITHOUT_TRANSACTIONS = """
SELECT 1 FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND e.transactions <> 'YES' LIMIT 1
"""
_OTHER_DATABASES = "SELECT schema_name FROM information_schema.schemata WHERE schema_name <> DATABASE()"
_WORD = re.compile(r"[\w$]+")


class Journal:
    """The marks of the statement at hand. One statement has them at a time."""

    def __init__(self, channel: Channel, names: TableNames, rules: LexRules) -> None:
        self._channel, self._names, self._rules = channel, names, rules
        self._intent: tuple[LogLine, Batch] | None = None
        self._written = False
        self._shares = False
        self._all_undo: bool | None = None  # whether all tables here can undo; None: not known
        self._elsewhere: frozenset[str] | None = (
            None  # names of other databases, whose tables are not looked at
        )

    # --- what the machine logs ---

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines; an intent waits until its statement is sent."""
        if [line.event for line in lines] == [LogEvent.INTENT]:
            self._intent, self._written = (lines[0], batch), False
            return
        first = [] if self._intent is None or self._written else [self._intent[0]]
        self._intent = None
        await self._write([*first, *lines], batch)

    async def _write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        if not self._shares and len(lines) > 1:
            await self._channel.execute("BEGIN")
        await self.insert(lines, batch)
        self._shares = False
        if self._channel.in_transaction:
            await self._channel.execute("COMMIT")

    async def insert(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines into whatever transaction is open."""
        for line in lines:
            await self._channel.execute(
                tables.insert_log(self._names), log_values(line, batch), shown="the log of this step"
            )

    # --- what the step sends ---

    @asynccontextmanager
    async def around(self, statement: BoundStatement) -> AsyncIterator[None]:
        """The time of one statement. Where it fails, what it shares a transaction with is undone."""
        facts = classify(statement.shown, self._rules)
        if self._intent is None or facts.read_only:
            yield
            return
        line, batch = self._intent
        self._shares = facts.verb in CHANGES_ROWS and await self._can_undo(statement.shown)
        try:
            if self._shares:
                await self._channel.execute("BEGIN")
            await self.insert([line], batch)
            self._written = True
            yield
        except BaseException:
            await self._undo()
            raise
        if not self._shares:
            self._all_undo = None  # it may have made a table, or changed the engine of one
        elif not self._channel.in_transaction:
            self._shares = False  # it has committed by itself, and its intent with it

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction that is open now is ours."""
        return self._shares

    async def _undo(self) -> None:
        if self._channel.in_transaction:
            with suppress(EngineError):  # what led here is told
                await self._channel.execute("ROLLBACK")
        if self._shares:
            self._shares = self._written = False

    async def _can_undo(self, text: str) -> bool:
        """Whether every table that the statement can name undoes with its transaction."""
        if self._all_undo is None:
            self._all_undo = not await self._channel.rows(_WITHOUT_TRANSACTIONS)
        if self._elsewhere is None:
            names = await self._channel.rows(_OTHER_DATABASES)
            self._elsewhere = frozenset(str(name).casefold() for (name,) in names)
        words = {word.casefold() for word in _WORD.findall(text)}
        return self._all_undo and not words & self._elsewhere

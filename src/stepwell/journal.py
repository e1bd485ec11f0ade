"""When the marks of a statement outside a transaction are written: with it in one transaction where that can be.

Then a kill leaves the statement with its marks, or nothing at all, and nobody has to ask. What can't be in one has its
intent written before it, with a fingerprint of what it would change: by that the next run can tell whether it ran.
What is written, and what follows from it, is the run machine's business; how it is written is that of a `Desk`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from stepwell.core.actions import LogEvent
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.evidence import Judgement
    from stepwell.core.history import Attempt
    from stepwell.ports import Batch, BoundStatement

T = TypeVar("T")
Send = Callable[["BoundStatement"], Awaitable[T]]  # how a statement is sent, and its answer awaited


class Desk(Protocol):
    """What an engine lends to its journal. Everything raises `EngineError`."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    async def begin(self) -> None:
        """Open a transaction in which a statement and its marks are."""

    async def commit(self) -> None:
        """Let it stand."""

    async def undo(self) -> None:
        """Undo whatever transaction is open. Quiet: what led here is told."""

    async def write(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the log into the transaction that is open."""

    async def write_apart(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the log in a transaction of their own."""

    async def may_share(self, statement: BoundStatement) -> bool:
        """Whether a statement can be in a transaction, and is undone with it whole."""

    def refuses_transaction(self, error: EngineError) -> bool:
        """Whether the server refused a statement, or a part of it, because it stood in a transaction."""

    async def settle(self, statement: BoundStatement) -> None:
        """Let a statement fail now that would fail at the end of its transaction."""

    async def fingerprint(self, statement: BoundStatement) -> str | None:
        """What the catalog says now of what the statement would change; None where it could tell nothing."""

    async def alone(self, statement: BoundStatement, send: Send[T]) -> T:
        """Send a statement outside any transaction, with what has to come before and after it."""


class StatementJournal:
    """The marks of the statement at hand. One statement has them at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._intent: tuple[LogLine, Batch] | None = None
        self._written = False
        self._shares = False

    @property
    def holds_transaction(self) -> bool:
        """Whether a transaction that is open now is ours."""
        return self._shares

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write lines of the machine; an intent waits until its statement is sent."""
        if [line.event for line in lines] == [LogEvent.INTENT]:
            self._intent, self._written = (lines[0], batch), False
            return
        first = [] if self._intent is None or self._written else [self._intent[0]]
        self._intent = None
        if not self._shares:
            await self._desk.write_apart([*first, *lines], batch)
            return
        await self._desk.write([*first, *lines], batch)
        await self._desk.commit()
        self._shares = False

    async def perform(self, statement: BoundStatement, send: Send[T]) -> T:
        """Send a statement between its marks. Where it fails, what it shares a transaction with is undone."""
        if self._intent is None:
            return await send(statement)
        if await self._desk.may_share(statement):
            try:
                return await self._shared(*self._intent, statement, send)
            except EngineError as error:
                if not self._desk.refuses_transaction(error):
                    raise
        return await self._alone(*self._intent, statement, send)

    async def begin_unseen(self) -> None:
        """What comes now nobody can look into: its intent is written alone, and nothing will tell if it was done."""
        if self._intent is not None:
            line, batch = self._intent
            await self._desk.write_apart([line], batch)
            self._written = True

    async def _shared(self, intent: LogLine, batch: Batch, statement: BoundStatement, send: Send[T]) -> T:
        try:
            await self._desk.begin()
            self._shares = True
            await self._desk.write([intent], batch)
            result = await send(statement)
            await self._desk.settle(statement)
        except BaseException:
            await self._desk.undo()
            self._shares = False
            raise
        self._written = True
        if not self._desk.in_transaction:
            self._shares = False  # it has committed by itself, and its intent with it
        return result

    async def _alone(self, intent: LogLine, batch: Batch, statement: BoundStatement, send: Send[T]) -> T:
        marked = replace(intent, fingerprint=await self._desk.fingerprint(statement))
        await self._desk.write_apart([marked], batch)
        self._written = True
        try:
            return await self._desk.alone(statement, send)
        except BaseException:
            await self._desk.undo()
            raise


def digest_of(sql: str, copy_data: str | None, values: object = None) -> str:
    """What the journal remembers a statement by: its text and, in short, its values; at most 80 characters."""
    text = sql if copy_data is None else f"{sql}\0{copy_data}"
    digest = "1:" + hashlib.sha256(text.encode()).hexdigest()
    return f"{digest}:{hashlib.sha256(repr(values).encode()).hexdigest()[:13]}" if values else digest


async def judged(
    attempts: Iterable[Attempt], judge: Callable[[str], Awaitable[Judgement]]
) -> tuple[Attempt, ...]:
    """Unfinished attempts with what the catalog says now of the statement at which each was cut off."""
    found = []
    for attempt in attempts:
        cut = attempt.cut_off
        if cut is not None and cut.fingerprint is not None:
            found.append(attempt._replace(judgement=await judge(cut.fingerprint)))
        else:
            found.append(attempt)
    return tuple(found)

"""The running step's side of `database`: takes SQL apart, refuses what would end the transaction, binds and sends.

It decides nothing about migrations; how a statement reaches the database is the `Wire` of the engine.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.app.calls import Block, Call, CallBook, Rows
from stepwell.app.lending import Lending
from stepwell.app.telling import in_file, told
from stepwell.core.errors import Fault, MisuseError, Place
from stepwell.core.report import StatementReport
from stepwell.core.sql.bound import bound_to_session
from stepwell.core.sql.errors import MissingValueError, SqlSyntaxError
from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.core.sql.parameters import bind
from stepwell.core.sql.refusals import MISSING, Savepoints, refuse
from stepwell.core.sql.split import split
from stepwell.journal import digest_of
from stepwell.ports import BoundStatement, EngineError, Origin

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
    from types import FrameType

    from stepwell.app.gate import Gate
    from stepwell.author import Row, Values
    from stepwell.core.sql.kinds import StatementFacts
    from stepwell.core.sql.statement import Statement
    from stepwell.ports import Dialect, Forbidden, Wire

T = TypeVar("T")
MAX_FRAMES = 30  # how far up a caller in the migration's own file is looked for


class StepHandle:
    """What `database` stands for while one step runs. Values are kept in its report only if `keeps_values` says so."""

    def __init__(
        self,
        wire: Wire,
        dialect: Dialect,
        version: str,
        *,
        file: str,
        path: str,
        gate: Gate | None = None,
        sent: Callable[[int], None] = lambda _: None,
        shown: Callable[[str], str] = str,
        keeps_values: bool = False,
        forbid: Callable[[str], Forbidden | None] = lambda _: None,
    ) -> None:
        self.engine = dialect.name
        self.statements: list[StatementReport] = []
        self.wrote_data = False
        self._wire, self._dialect, self._version = wire, dialect, version
        self._file, self._path, self._shown = file, path, shown
        self._gate, self._sent, self._keeps_values = gate, sent, keeps_values
        self._forbid = forbid
        self.book = CallBook(version)
        self._blocking: asyncio.AbstractEventLoop | None = None
        self._poison: EngineError | None = None
        self._savepoints = Savepoints()
        self._names = count(1)

    # --- what `database` calls ---

    def call(self, verb: str, frame: FrameType, *arguments: Any) -> Any:
        """An awaitable, or in a plain `def` the result."""
        place = self._place(frame)
        method: Callable[..., Any] = getattr(self, f"_{verb}")
        made = Call[Any](self.book, f"{verb}()", place, lambda: method(place, *arguments))
        return made if self._blocking is None else self._block(made)

    def enter(self, verb: str, frame: FrameType) -> Block[Any]:
        """A context manager."""
        place = self._place(frame)
        make: Callable[[Place], tuple[Any, Any]] = getattr(self, f"_{verb}")
        enter, leave = make(place)
        return Block(self.book, f"{verb}()", place, enter=enter, leave=leave, loop=self._blocking)

    def iterate(self, frame: FrameType, sql: str, values: Values | None) -> Rows:
        """An iterator over rows, async, and in a plain `def` blocking."""
        place = self._place(frame)
        return Rows(self.book, "iterate()", place, self._iterate(place, sql, values), self._blocking)

    def blocking(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From here on calls come from a thread and wait for their result; with None they are awaited again."""
        self._blocking = loop

    def _block(self, made: Call[T]) -> T:
        async def wait() -> T:
            return await made

        assert self._blocking is not None  # noqa: S101 - only called where it is set
        return asyncio.run_coroutine_threadsafe(wait(), self._blocking).result()

    def close(self) -> None:
        """The step has ended. Raises for calls that were forgotten, and for a failure that was caught, not undone."""
        self.book.close()
        if self._poison is not None:
            raise self._poison

    async def abandon(self) -> None:
        """The step has failed or was cancelled: nothing that it started may reach the database any more."""
        await self.book.abandon()

    # --- the verbs ---

    async def _execute(self, place: Place, sql: str, values: Values | None) -> None:
        if values is not None:
            await self._through(self._one(sql, values, place), self._wire.run)
            return
        for statement in self._split(sql, place):
            await self._through(self._bare(statement, place), self._wire.run)

    async def _execute_many(self, place: Place, sql: str, list_of_values: Sequence[Values]) -> None:
        if not list_of_values:
            return
        first = self._one(sql, list_of_values[0], place)
        rows = [self._bind(sql, values, place)[1] for values in list_of_values]
        await self._through(
            first, lambda statement: self._wire.run_many(statement, rows), values=list_of_values
        )

    async def _execute_count(self, place: Place, sql: str, values: Values | None) -> int:
        return await self._through(self._one(sql, values, place), self._wire.count, answers=True) or 0

    async def _fetch_all(self, place: Place, sql: str, values: Values | None) -> list[Row]:
        return await self._rows(place, sql, values, None)

    async def _fetch_one(self, place: Place, sql: str, values: Values | None) -> Row | None:
        return next(iter(await self._rows(place, sql, values, 1)), None)

    async def _fetch_val(self, place: Place, sql: str, values: Values | None) -> Any:
        row = await self._fetch_one(place, sql, values)
        return next(iter(row.values()), None) if row else None

    async def _rows(self, place: Place, sql: str, values: Values | None, limit: int | None) -> list[Row]:
        found = await self._through(
            self._one(sql, values, place), lambda each: self._wire.rows(each, limit=limit), answers=True
        )
        return found or []

    async def _iterate(self, place: Place, sql: str, values: Values | None) -> AsyncGenerator[Row, None]:
        statement, facts = self._one(sql, values, place)
        self._must_be_open(statement)
        if self._gate is not None and not facts.harmless:
            raise self._misuse("outside a transaction iterate() only reads: use fetch_all()", place)
        self._note(statement)
        self.wrote_data = self.wrote_data or facts.may_write_rows
        try:
            async with aclosing(self._wire.stream(statement)) as rows:
                async for row in rows:
                    yield row
        except EngineError as error:
            raise self._failed(error, statement) from error

    async def _flush(self, place: Place) -> None:
        await self._guarded(self._wire.flush(), place)

    def _transaction(
        self, place: Place
    ) -> tuple[Callable[[], Coroutine[Any, Any, None]], Callable[..., Coroutine[Any, Any, bool]]]:
        name = f"stepwell_{next(self._names)}"

        async def enter() -> None:
            if self._gate is not None:
                raise self._misuse(
                    "database.transaction() needs a transaction, and this migration runs without one", place
                )
            if self._savepoints.of_another_task(self._task()):
                raise self._misuse("database.transaction() is open in another task: one at a time", place)
            self._savepoints.enter(name, self._task())
            try:
                await self._guarded(self._wire.savepoint(name), place)
            except BaseException:
                self._savepoints.leave(name)
                raise

        async def leave(kind: type[BaseException] | None, *_: object) -> bool:
            if self.book.closed:  # the transaction has been undone, and this savepoint with it
                return False
            self._savepoints.leave(name)
            if kind is None and self._poison is None:
                try:
                    await self._guarded(self._wire.release(name), place)
                except EngineError:
                    await self._wire.abort_to(name)
                    self._poison = None
                    raise
                return False
            await self._wire.abort_to(name)
            poison, self._poison = self._poison, None
            if kind is None and poison is not None:
                raise poison
            return False

        return enter, leave

    def _task(self) -> object:
        """Who opens a savepoint; in a plain function every call is a task of its own, and it is one thread."""
        return None if self._blocking is not None else asyncio.current_task()

    def _driver(
        self, place: Place
    ) -> tuple[Callable[[], Coroutine[Any, Any, Any]], Callable[..., Coroutine[Any, Any, bool]]]:
        lent: list[Any] = []
        lending: list[Lending] = []

        async def enter() -> Any:
            if self._blocking is not None and self._dialect.abilities.pipeline:
                raise self._misuse("database.driver() gives an async connection: write 'async def'", place)
            self.wrote_data = True
            if self._gate is not None:
                lending.append(Lending(self._gate, self._wire, self._version, place))
                return await self._guarded(lending[0].enter(), place)
            lent.append(self._wire.driver())
            return await self._guarded(lent[0].__aenter__(), place)

        async def leave(*exc: Any) -> bool:
            left = lending[0].leave(*exc) if lending else lent[0].__aexit__(*exc)
            return bool(await self._guarded(left, place))

        return enter, leave

    # --- from text to the wire ---

    async def run_statement(self, statement: Statement, place: Place) -> None:
        """Run one statement of an SQL file."""
        try:
            await self._through(self._bare(statement, place), self._wire.run)
        except EngineError as error:
            raise self._at_position(error, statement) from error

    async def _through(
        self,
        prepared: tuple[BoundStatement, StatementFacts],
        send: Callable[[BoundStatement], Awaitable[T]],
        *,
        answers: bool = False,
        values: object = None,
    ) -> T | None:
        statement, facts = prepared
        self._must_be_open(statement)
        index = self._note(statement)
        self._savepoints.follow(facts)
        if self._poison is not None and facts.verb == "ROLLBACK TO" and facts.savepoint is not None:
            await self._recover(facts.savepoint)
            return None
        began = time.perf_counter()
        self.wrote_data = self.wrote_data or facts.may_write_rows
        try:
            if self._gate is None:
                result: T | None = await told(send, statement)
            elif facts.harmless or facts.kind is StatementKind.SETTING:
                # A run that resumes does it again: what reads, and what is set, which went with the old session.
                result = await self._gate.beside(lambda: told(send, statement))
            else:
                result = await self._gate.through(
                    digest_of(statement.shown, statement.copy_data, values or statement.values),
                    lambda: told(send, statement),
                    answers=answers,
                    bound=bound_to_session(statement.shown, facts),
                )
        except EngineError as error:
            raise self._failed(error, statement) from error
        if self._gate is not None or not self._dialect.abilities.pipeline:
            elapsed_ms = (time.perf_counter() - began) * 1000
            self.statements[index] = self.statements[index]._replace(elapsed_ms=elapsed_ms)
        return result

    async def _recover(self, savepoint: str) -> None:
        """Go back to a savepoint of the author's own, behind a failure: it stays open, as they expect."""
        await self._wire.abort_to(savepoint)
        await self._wire.savepoint(savepoint)
        self._poison = None

    def _must_be_open(self, statement: BoundStatement) -> None:
        if self.book.closed:
            raise self._misuse("the migration has ended before this was sent", statement.origin.place)

    def _note(self, statement: BoundStatement) -> int:
        values = (statement.values if self._keeps_values else None) or None
        self.statements.append(StatementReport(statement.shown, values=values))
        self._sent(len(self.statements))
        return len(self.statements) - 1

    def _split(self, sql: str, place: Place) -> list[Statement]:
        try:
            found = split(sql, self._dialect.rules)
        except SqlSyntaxError as error:
            raise self._misuse(f"the SQL can't be read: {error}", place) from error
        if not found:
            raise self._misuse("there is no statement in this SQL", place)
        return found

    def _one(self, sql: str, values: Values | None, place: Place) -> tuple[BoundStatement, StatementFacts]:
        found = self._split(sql, place)
        if len(found) > 1:
            raise self._misuse(
                f"{len(found)} statements in one call: only execute() without values takes a script", place
            )
        if values is None:
            return self._bare(found[0], place)
        text, params = self._bind(found[0].text, values, place)
        facts = self._judge(found[0], place)
        origin = Origin(self._version, place)
        return BoundStatement(text, params, origin, found[0].text, values=values), facts

    def _bare(self, statement: Statement, place: Place) -> tuple[BoundStatement, StatementFacts]:
        facts = self._judge(statement, place)
        origin = Origin(self._version, place)
        return BoundStatement(statement.text, None, origin, statement.text, statement.copy_data), facts

    def _judge(self, statement: Statement, place: Place) -> StatementFacts:
        facts = classify(statement, self._dialect.rules)
        if self._gate is not None and facts.kind is StatementKind.SAVEPOINT:
            raise self._misuse(
                f"{facts.verb} needs a transaction, and this migration runs without one", place
            )
        why, hint = refuse(facts, self._savepoints), MISSING
        if why is None and (forbidden := self._forbid(statement.text)) is not None:
            why, hint = forbidden
        if why is not None:
            fault = Fault(why, code="refused", version=self._version, place=place, statement=statement.text)
            raise MisuseError(replace(fault, hint=hint))
        return facts

    def _bind(self, sql: str, values: Values, place: Place) -> tuple[str, Any]:
        try:
            bound = bind(sql, self._dialect.rules, values, self._dialect.parameters)
        except (MissingValueError, SqlSyntaxError) as error:
            raise self._misuse(str(error), place) from error
        return bound.sql, bound.params

    # --- failures ---

    async def _guarded(self, awaitable: Awaitable[T], place: Place) -> T:
        try:
            return await awaitable
        except EngineError as error:
            raise self._failed(error, None, place) from error

    def _failed(
        self, error: EngineError, statement: BoundStatement | None, place: Place | None = None
    ) -> EngineError:
        """Say whose statement it was where the engine could not, and remember it: it can't be caught and forgotten."""
        fault = error.fault
        if fault.version is None:
            own = statement.origin.place if statement else place
            fault = replace(fault, version=self._version, place=fault.place or own)
            if statement is not None and fault.statement is None:
                fault = replace(fault, statement=statement.shown)
        named = EngineError(fault, error.kind)
        if self._dialect.abilities.failure_poisons and self._gate is None and self._poison is None:
            self._poison = named
        return named

    def _at_position(self, error: EngineError, statement: Statement) -> EngineError:
        """In an SQL file the line is that of the position, not only of the statement's beginning."""
        return EngineError(in_file(error.fault, statement, self._version), error.kind)

    def _misuse(self, message: str, place: Place | None) -> MisuseError:
        return MisuseError(Fault(message, code="misuse", version=self._version, place=place))

    def _place(self, frame: FrameType) -> Place:
        """The line of the migration's own file that led to the call, or else of the caller."""
        each: FrameType | None = frame
        for _ in range(MAX_FRAMES):
            if each is None:
                break
            if each.f_code.co_filename == self._file:
                return Place(self._path, each.f_lineno)
            each = each.f_back
        return Place(self._shown(frame.f_code.co_filename), frame.f_lineno)

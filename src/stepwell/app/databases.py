"""Scratch databases for tests, with migrations applied: where the engine can, copies of one that was migrated once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from typing import TYPE_CHECKING, Any, Protocol

from stepwell.app.arguments import check_arguments
from stepwell.app.drift import drift
from stepwell.app.replay import scratch_of
from stepwell.app.rollback import rollback
from stepwell.app.runs import run_wish
from stepwell.app.snapshot import must_be_able, taken
from stepwell.app.status import status
from stepwell.core.errors import TargetError, UsageError
from stepwell.core.history import State
from stepwell.core.migration import BASE, Direction
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.parameters import bind
from stepwell.core.wish import Wish
from stepwell.ports import BoundStatement, Origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.app.context import Context, CopyContext
    from stepwell.author import Row, Values
    from stepwell.core.answers import DiffReport, StatusReport
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot

_HERE = Origin("", None)
Around = Callable[[], AbstractContextManager[None]]


class Database:
    """A scratch database for a test. What is done here concerns no other. It is shown without its password."""

    def __init__(self, context: Context, around: Around) -> None:
        self._context, self._around = context, around

    def __repr__(self) -> str:
        url = self._context.url
        return f"<Database {'in memory' if url is None else url.shown}>"

    @property
    def url(self) -> str:
        """What a driver reaches it by. Raises `UsageError` for one in memory, which nobody else can reach."""
        if self._context.url is None:
            raise UsageError("a database in memory has no URL that could be given to anybody")
        return self._context.url.whole

    @property
    def path(self) -> str | None:
        """The file of an SQLite database."""
        return None if self._context.url is None else self._context.url.path

    async def up(self, target: str | None = None, *, everything: bool = False) -> RunReport:
        """Apply the next migration, all up to and including `target`, or everything. Raises as `Project.migrate`."""
        check_arguments({"target": target, "everything": everything})
        if target is None and not everything:
            target = await self._next()
        with self._around():
            return await run_wish(self._context, Wish(Direction.UP, target=target))

    async def down(self, target: str | None = None) -> RunReport:
        """Revert the last migration, or all behind `target`; `base` is for all. Raises as `Project.rollback`."""
        check_arguments({"target": target})
        with self._around():
            return await rollback(self._context, target=target)

    async def status(self) -> StatusReport:
        """Every migration and its state."""
        return await status(self._context)

    async def snapshot(self) -> Snapshot:
        """The structure as a value. Raises `UsageError` for an engine without snapshots."""
        must_be_able(self._context)
        return await taken(self._context)

    async def drift(self) -> DiffReport:
        """What is other here than the applied migrations give. Raises as `Project.drift`."""
        with self._around():
            return await drift(self._context)

    async def execute(self, script: str) -> None:
        """Run one or several statements, and commit. Raises `StepError` for what the database refuses."""
        connection = await self._context.connect(False)
        try:
            rehearsal = connection.rehearsal()
            if rehearsal is None:
                raise UsageError(f"there is no way to run a script on {connection.dialect.name} here")
            await rehearsal.load(script)
        except SqlSyntaxError as error:
            raise UsageError(str(error)) from error
        finally:
            await connection.close()

    async def fetch_all(self, sql: str, values: Values | None = None) -> list[Row]:
        """The rows of a query, as dicts. It only reads. Raises `StepError` for what the database refuses."""
        return await self._rows(sql, values, None)

    async def fetch_one(self, sql: str, values: Values | None = None) -> Row | None:
        """The first row, or None."""
        return next(iter(await self._rows(sql, values, 1)), None)

    async def fetch_val(self, sql: str, values: Values | None = None) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(sql, values)
        return next(iter(row.values()), None) if row else None

    async def _rows(self, sql: str, values: Values | None, limit: int | None) -> list[Row]:
        dialect = self._context.dialect
        try:
            bound = None if values is None else bind(sql, dialect.rules, values, dialect.parameters)
        except SqlSyntaxError as error:
            raise UsageError(str(error)) from error
        text, params = (sql, None) if bound is None else (bound.sql, bound.params)
        connection = await self._context.connect(True)
        try:
            async with connection.reader() as wire:
                statement = BoundStatement(text, params, _HERE, sql, values=values)
                return await wire.rows(statement, limit=limit)
        finally:
            await connection.close()

    async def _next(self) -> str:
        for entry in (await self.status()).entries:
            if entry.state is State.PENDING:
                return entry.version.text
        raise TargetError("no migration is pending: all are applied", hint="revert one with down()")


class Make(Protocol):
    """What makes databases."""

    def __call__(self, at: str | None = None) -> AbstractAsyncContextManager[Database]:
        """One with all migrations applied, or those up to the version given; it is dropped in the end."""


@asynccontextmanager
async def databases(context: Context, share: str, around: Around) -> AsyncIterator[Make]:
    """What makes databases for tests. Processes that give the same `share` share what can be shared.

    The code of migrations runs `around` which the caller puts what it needs. Raises what a run raises, and `UsageError`
    where no scratch database can be made.
    """
    async with AsyncExitStack() as stack:
        yield _Maker(context, share, around, stack).make


class _Maker:
    """Migrates once for each version that is asked for, and gives copies; where nothing can be copied, each time."""

    def __init__(self, context: Context, share: str, around: Around, stack: AsyncExitStack) -> None:
        self._context, self._share, self._around, self._stack = context, share, around, stack
        self._copies: dict[str | None, CopyContext] = {}
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def make(self, at: str | None = None) -> AsyncIterator[Database]:
        """A database at that version."""
        check_arguments({"at": at})
        if at == BASE:
            async with scratch_of(self._context) as place:
                # What is rolled back there may drop roles, which copies use that are on a server by themselves.
                if place.url is not None:
                    yield Database(place, self._around)
                    return
        if self._context.dialect.abilities.copies:
            async with (await self._copy(at))() as place:
                yield Database(place, self._around)
            return
        async with scratch_of(self._context) as place:
            await self._fill(place, at)
            yield Database(place, self._around)

    async def _copy(self, at: str | None) -> CopyContext:
        async with self._one_at_a_time:
            if at not in self._copies:
                assert self._context.copies is not None  # noqa: S101 - who joins us gives it with the ability
                entered = self._context.copies(self._key(at), lambda place: self._fill(place, at))
                self._copies[at] = await self._stack.enter_async_context(entered)
            return self._copies[at]

    async def _fill(self, place: Context, at: str | None) -> None:
        if at == BASE:
            return
        with self._around():
            await run_wish(place, Wish(Direction.UP, target=at))

    def _key(self, at: str | None) -> str:
        """What the copies of others would have to be made of, so that they can be taken for ours."""
        settings = self._context.settings
        files = [(file.path, file.file_hash) for file in self._context.source.read().files]
        return repr((self._share, at, settings.table, settings.schema, files))

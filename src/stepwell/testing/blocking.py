"""The same for tests that do not await: a thin facade over an event loop of its own.

It may be used inside a running event loop too, which it blocks for that long.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from stepwell.testing import databases as awaited
from stepwell.testing import proofs

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell import project
    from stepwell.app import databases as app
    from stepwell.author import Row, Values
    from stepwell.core.answers import DiffReport, StatusReport
    from stepwell.core.proof import VerifyReport
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot

    class Blocking(Protocol):
        """A `stepwell.blocking.Project`."""

        project: project.Project

    Given = project.Project | Blocking
T = TypeVar("T")


class _Loop:
    """An event loop that stands still between two calls, with what was opened in it.

    It runs in the thread of the caller, or, where a loop runs there, in one that is gone when the call returns.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._one_at_a_time = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something to its end there. An interrupt cancels it."""

        def alone() -> T:
            # Threads that stayed would be in the way of a test that forks.
            with ThreadPoolExecutor(thread_name_prefix="stepwell") as threads:
                self._runner.get_loop().set_default_executor(threads)
                return self._runner.run(coroutine)

        with self._one_at_a_time:
            return _apart(alone)

    @contextmanager
    def within(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Enter and leave a context manager there."""

        async def enter() -> T:
            return await manager.__aenter__()

        async def leave() -> None:
            await manager.__aexit__(None, None, None)

        entered = self.run(enter())
        try:
            yield entered
        finally:
            self.run(leave())

    def close(self) -> None:
        """Close it."""
        _apart(self._runner.close)


def _apart(function: Callable[[], T]) -> T:
    """Call what runs a loop: in a thread of its own where another loop runs in this one."""
    if not _in_a_loop():
        return function()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _loop() -> Iterator[_Loop]:
    loop = _Loop()
    try:
        yield loop
    finally:
        loop.close()


class Database:
    """As `stepwell.testing.Database`; each call returns when it is done."""

    def __init__(self, database: app.Database, loop: _Loop) -> None:
        self._database, self._loop = database, loop

    def __repr__(self) -> str:
        return repr(self._database)

    @property
    def url(self) -> str:
        """What a driver reaches it by."""
        return self._database.url

    @property
    def path(self) -> str | None:
        """The file of an SQLite database."""
        return self._database.path

    def up(self, target: str | None = None, *, everything: bool = False) -> RunReport:
        """Apply the next migration, all up to a target, or everything."""
        return self._loop.run(self._database.up(target, everything=everything))

    def down(self, target: str | None = None) -> RunReport:
        """Revert the last migration, or all behind a target."""
        return self._loop.run(self._database.down(target))

    def status(self) -> StatusReport:
        """Every migration and its state."""
        return self._loop.run(self._database.status())

    def snapshot(self) -> Snapshot:
        """The structure as a value."""
        return self._loop.run(self._database.snapshot())

    def drift(self) -> DiffReport:
        """What is other here than the applied migrations give."""
        return self._loop.run(self._database.drift())

    def execute(self, script: str) -> None:
        """Run one or several statements, and commit."""
        self._loop.run(self._database.execute(script))

    def fetch_all(self, sql: str, values: Values | None = None) -> list[Row]:
        """The rows of a query, as dicts."""
        return self._loop.run(self._database.fetch_all(sql, values))

    def fetch_one(self, sql: str, values: Values | None = None) -> Row | None:
        """The first row, or None."""
        return self._loop.run(self._database.fetch_one(sql, values))

    def fetch_val(self, sql: str, values: Values | None = None) -> Any:
        """The first column of the first row, or None."""
        return self._loop.run(self._database.fetch_val(sql, values))


class Make:
    """What makes databases: an object, so that it may be an attribute of a class, which would bind a function."""

    def __init__(self, make: app.Make, loop: _Loop) -> None:
        self._make, self._loop = make, loop

    @contextmanager
    def __call__(self, at: str | None = None) -> Iterator[Database]:
        """One with all migrations applied, or those up to the version given; it is dropped in the end."""
        with self._loop.within(self._make(at)) as database:
            yield Database(database, self._loop)


@contextmanager
def databases(project: Given, *, share: str | None = None) -> Iterator[Make]:
    """As `Project.databases`: `with make() as database`, or `make("004")` for a version."""
    with _loop() as loop, loop.within(awaited_project(project).databases(share=share)) as make:
        yield Make(make, loop)


@contextmanager
def migrated_database(project: Given, *, at: str | None = None) -> Iterator[Database]:
    """A scratch database with every migration applied, or those up to a version."""
    with _loop() as loop, loop.within(awaited.migrated_database(awaited_project(project), at=at)) as database:
        yield Database(database, loop)


def assert_verified(project: Given, versions: Sequence[str] = (), **choice: Any) -> VerifyReport:
    """Every migration, or those given, goes up, down and up again."""
    return run(proofs.assert_verified(awaited_project(project), versions, **choice))


def assert_clean(project: Given) -> None:
    """The files have no finding of `check`."""
    run(proofs.assert_clean(awaited_project(project)))


def assert_one_head(project: Given) -> None:
    """There is one migration at most on which no other depends."""
    run(proofs.assert_one_head(awaited_project(project)))


def assert_no_drift(project: Given) -> None:
    """A database that was migrated has what its migrations give when they are replayed."""
    run(proofs.assert_no_drift(awaited_project(project)))


def assert_rolls_back(project: Given) -> None:
    """A rollback of all migrations leaves nothing."""
    run(proofs.assert_rolls_back(awaited_project(project)))


def assert_models_match(project: Given, create: proofs.Create) -> None:
    """The tables that `create` makes are those of the migrations."""
    run(proofs.assert_models_match(awaited_project(project), create))


def awaited_project(given: Given) -> project.Project:
    """The project whose verbs are awaited, also of one whose are not."""
    inner: Any = getattr(given, "project", given)
    return cast("project.Project", inner)


def run(proof: Coroutine[Any, Any, T]) -> T:
    """Run something that is awaited to its end."""
    with _loop() as loop:
        return loop.run(proof)

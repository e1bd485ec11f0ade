"""Several runners in one event loop, whose statements are interleaved by a seed, and some of which come to grief.

Every exchange with a database, and every pause, is a gate: a runner waits there until the schedule lets it through.
The gates stand at the boundary of the drivers (for SQLite, at the one place that calls its driver); the product knows
nothing of them. The same seed gives the same schedule, as long as no statement waits for a lock of another runner.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import aiomysql
import psycopg
import pytest
from psycopg.pq import ConnStatus

from stepwell.core.errors import StepwellError
from stepwell.engines.sqlite.channel import Channel
from stepwell.engines.sqlite.lock import SessionLock

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

    from stepwell.core.report import RunReport

BLOCKED = 0.1  # seconds after which a statement is taken to wait for a lock that another runner holds
sleep = asyncio.sleep


class Death(BaseException):
    """Ends a runner where it is: nothing that it does later reaches the database."""


class Grief(StrEnum):
    """What may befall a runner at one of its gates."""

    DIES = "dies"  # as by SIGKILL: its connections are closed by the kernel, without a word
    IS_CUT_OFF = "is cut off"  # its connections are gone, it lives
    IS_CANCELLED = "is cancelled"


@dataclass
class Runner:
    """One runner: what befalls it, and at which of its gates; what came of it."""

    name: str
    grief: Grief | None
    at: int
    passed: int = 0
    dead: bool = False
    befallen: bool = False
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    cut: dict[int, Callable[[], None]] = field(default_factory=dict)
    die: dict[int, Callable[[], None]] = field(default_factory=dict)
    task: asyncio.Task[RunReport] | None = None

    @property
    def gates(self) -> list[asyncio.Future[None]]:
        """The gates at which it waits."""
        self.waiting = [gate for gate in self.waiting if not gate.done()]
        return self.waiting

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.task is not None and self.task.done()

    def told(self) -> RunReport | StepwellError | None:
        """Its report, or its error; None for one that died or was cancelled."""
        assert self.task is not None
        if self.task.cancelled() or self.dead:
            return None
        error = self.task.exception()
        if error is None:
            return self.task.result()
        if isinstance(error, StepwellError):
            return error
        raise error


class Schedule:
    """Lets one runner at a time through its gate, chosen by the seed."""

    def __init__(self, seed: int, griefs: tuple[Grief, ...]) -> None:
        self.random = random.Random(seed)
        self.runners = [self._runner(name, griefs) for name in "ABC"]
        self.exchanges = 0
        self._changed = asyncio.Event()

    def _runner(self, name: str, griefs: tuple[Grief, ...]) -> Runner:
        grief = self.random.choice(griefs) if self.random.random() < 0.6 else None
        return Runner(name, grief, self.random.randrange(2, 70))

    async def run(self, make: Callable[[str], Coroutine[Any, Any, RunReport]]) -> None:
        """Run all runners to their ends. Takes what a runner does, by its name."""
        asyncio.get_running_loop().set_exception_handler(_unless_death)
        for runner in self.runners:
            runner.task = asyncio.create_task(self._live(runner, make))
        while not all(runner.done for runner in self.runners):
            ready = [runner for runner in self.runners if runner.gates and not runner.done]
            if not ready:
                await self._change()
                continue
            chosen = self.random.choice(ready)
            self._let_through(chosen)
            while not chosen.done and not chosen.gates and await self._change():
                pass

    async def _live(self, runner: Runner, make: Callable[[str], Coroutine[Any, Any, RunReport]]) -> RunReport:
        running.set((self, runner))
        try:
            return await make(runner.name)
        finally:
            self._changed.set()

    async def _change(self) -> bool:
        """Wait until a runner has come to a gate or to its end; false where that takes too long."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), BLOCKED)
        except TimeoutError:
            return False
        return True

    def _let_through(self, runner: Runner) -> None:
        runner.passed += 1
        if runner.passed >= runner.at and not runner.befallen and runner.grief is not None:
            runner.befallen = True
            if self._befall(runner, runner.grief):
                return
        for gate in runner.gates:
            gate.set_result(None)

    def _befall(self, runner: Runner, grief: Grief) -> bool:
        """Let it happen; true where the gates are taken care of."""
        assert runner.task is not None
        if grief is Grief.IS_CANCELLED:
            return runner.task.cancel()
        if grief is Grief.IS_CUT_OFF:
            for cut in runner.cut.values():
                cut()
            return False
        runner.dead = True
        for die in runner.die.values():
            die()
        for gate in runner.gates:
            gate.set_exception(Death())
        return True

    async def gate(self, runner: Runner) -> None:
        """Wait to be let through."""
        if runner.dead:
            raise Death
        waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        runner.waiting.append(waits)
        self._changed.set()
        await waits
        self.exchanges += 1


running: ContextVar[tuple[Schedule, Runner] | None] = ContextVar("running", default=None)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put gates before every exchange and pause of a scheduled runner; anybody else passes them freely."""
    for owner, name, make in _GATES:
        monkeypatch.setattr(owner, name, make(getattr(owner, name)))


def _unless_death(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a dead runner leaves behind is nobody's fault."""
    if not isinstance(context.get("exception"), Death):
        loop.default_exception_handler(context)


def _psycopg(original: Any) -> Any:
    async def wait(self: psycopg.AsyncConnection[Any], *arguments: Any, **named: Any) -> Any:
        def cut() -> None:
            _shut(self.pgconn)

        def die() -> None:
            _shut(self.pgconn)
            self.pgconn.finish()

        async with _let_through(cut, die, self):
            return await original(self, *arguments, **named)

    return wait


def _aiomysql(original: Any) -> Any:
    async def query(self: Any, *arguments: Any, **named: Any) -> Any:
        cut = self._writer.transport.abort

        def die() -> None:
            cut()
            self.close()  # a word of the driver to itself alone

        async with _let_through(cut, die, self):
            return await original(self, *arguments, **named)

    return query


def _sqlite(original: Any) -> Any:
    async def call(self: Channel, work: Callable[[], Any]) -> Any:
        def die() -> None:
            assert self._thread is not None
            self._thread.submit(self.connection.close).result()
            self._thread.shutdown()

        async with _let_through(None, die, self):
            return await original(self, work)

    return call


def _flock(original: Any) -> Any:
    def take(self: SessionLock) -> bool:
        if (scheduled := running.get()) is not None:
            scheduled[1].die[id(self)] = self.give_back
        taken: bool = original(self)
        return taken

    return take


def _pause(original: Any) -> Any:
    async def paused(delay: float, *arguments: Any) -> Any:
        scheduled = running.get()
        if scheduled is None or delay == 0:
            return await original(delay, *arguments)
        await scheduled[0].gate(scheduled[1])
        return await original(0.001)  # for what goes by the clock

    return paused


@contextlib.asynccontextmanager
async def _let_through(
    cut: Callable[[], None] | None, die: Callable[[], None], owner: object
) -> AsyncIterator[None]:
    scheduled = running.get()
    if scheduled is not None:
        schedule, runner = scheduled
        runner.die[id(owner)] = die
        if cut is not None:
            runner.cut[id(owner)] = cut
        await schedule.gate(runner)
    yield


def _shut(connection: PGconn) -> None:
    """Close its socket for both sides, without a word of its protocol."""
    if connection.status is not ConnStatus.BAD:
        with socket.socket(fileno=os.dup(connection.socket)) as found:
            found.shutdown(socket.SHUT_RDWR)


_GATES: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (psycopg.AsyncConnection, "wait", _psycopg),
    (aiomysql.Connection, "query", _aiomysql),
    (Channel, "call", _sqlite),
    (SessionLock, "take", _flock),
    (asyncio, "sleep", _pause),
)

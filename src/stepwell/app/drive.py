"""The loop: perform an action of the run machine, send it the outcome; cancellation is an outcome too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from stepwell.app.body import locate_in_sections, run_body
from stepwell.app.gate import Gate
from stepwell.app.handle import StepHandle
from stepwell.app.opened import OpenStep, watched
from stepwell.app.telling import cleaned
from stepwell.author import Migration as Author
from stepwell.core.actions import (
    Abort,
    Acquire,
    Apply,
    Commit,
    Committed,
    Confirm,
    Confirmed,
    Execute,
    Failed,
    Inquire,
    Inquired,
    Keep,
    Log,
    LogEvent,
    Ok,
    Prepare,
    Resume,
    Sleep,
)
from stepwell.core.errors import (
    ConnectionFailedError,
    FailureKind,
    Fault,
    StepError,
    StepwellError,
)
from stepwell.core.events import (
    Retrying,
    SegmentAborted,
    SegmentCommitted,
    StatementSent,
    StepFinished,
    StepStarted,
    Waiting,
)
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Outcome as StepOutcome
from stepwell.ports import EngineError, Kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stepwell.app.calls import CallBook
    from stepwell.app.context import Context
    from stepwell.core.actions import (
        Action,
        LogLine,
        Outcome,
    )
    from stepwell.core.history import History
    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan, Segment, Step
    from stepwell.core.run import Machine
    from stepwell.ports import Batch, Connection

logger = logging.getLogger("stepwell")

T = TypeVar("T")
Classes = Mapping[Version, type[Author] | None]


LONGEST_RECOVERY = 30.0  # seconds that a server has to come back
RECOVERY_PAUSE = 0.2
_DONE = {Direction.UP: StepOutcome.APPLIED, Direction.DOWN: StepOutcome.REVERTED}


class Shell:
    """Performs the actions of one run on one connection."""

    def __init__(
        self,
        context: Context,
        connection: Connection,
        plan: Plan,
        *,
        classes: Classes,
        batch: Batch,
        checksum: Callable[[Step], str],
    ) -> None:
        self._context, self._connection, self._plan = context, connection, plan
        self._classes, self._batch, self._checksum = classes, batch, checksum
        self._positions = {step.version: index for index, step in enumerate(plan.steps, 1)}
        self._open: OpenStep | None = None
        self._patience = min(context.settings.lock_wait, LONGEST_RECOVERY)
        self._books: list[CallBook] = []  # of the steps that ran; a task of one may come late

    async def drive(self, machine: Machine) -> RunEnd:
        """Run the machine to its end. A cancellation is told to it once as a failure; a second one is let through."""
        action = next(machine)
        while True:
            outcome = await self._attempt(action)
            try:
                action = machine.send(outcome)
            except StopIteration as stop:
                end: RunEnd = stop.value
                return end

    async def _attempt(self, action: Action) -> Outcome:
        outcome = await self._told(action)
        if not isinstance(outcome, Failed):
            return outcome
        return replace(outcome, fault=cleaned(outcome.fault, self._context.clean))

    async def _told(self, action: Action) -> Outcome:
        try:
            return await self._perform(action)
        except EngineError as error:
            return Failed(locate_in_sections(error.fault, self._plan.steps), error.kind)
        except StepError as error:
            return Failed(error.fault)
        except StepwellError as error:
            return Failed(Fault(error.message, code="failed", place=error.place, hint=error.hint))
        except Exception as error:  # noqa: BLE001 - a transaction may be open, and has to be ended
            return await self._unexpected(error, action)
        except asyncio.CancelledError:
            await self._stop_open()
            if isinstance(action, Apply | Keep):
                await self._stop_queued()
            return Failed(
                Fault("interrupted", code="interrupted", version=_version_of(action)), FailureKind.INTERRUPTED
            )

    async def _unexpected(self, error: Exception, action: Action) -> Outcome:
        """A flaw of ours, or no memory: it may have been done all the same, and nobody knows how the connection is."""
        logger.error("unexpected, at %s", type(action).__name__, exc_info=error)
        await self._stop_open()
        await self._connection.cut()
        what = f"{type(error).__name__}: {error}"
        hint = "this should not happen: please report it, with what the log 'stepwell' says"
        return Failed(Fault(what, code="internal", version=_version_of(action), hint=hint), FailureKind.LOST)

    async def _perform(self, action: Action) -> Outcome:  # noqa: C901, PLR0911 - one line an action
        match action:
            case Prepare():
                return await self._connection.prepare() or Ok()
            case Acquire(segment):
                return await self._connection.acquire(transactional=segment.transactional)
            case Apply(step, segment):
                return await self._apply(step, segment)
            case Execute(step):
                async with watched(self._context, self._connection, step.version):
                    return await self._opened.execute(step.version.text, self._connection.cancel)
            case Resume():
                return await self._opened.resume()
            case Keep(step, line):
                await self._keep(step, line)
                return Ok()
            case Log(lines):
                await self._log(lines)
                return Ok()
            case Commit(segment):
                return await self._commit(segment)
            case Abort(segment, reason):
                return await self._abort(segment, reason)
            case Confirm():
                return await self._confirm()
            case Inquire(step):
                return await self._inquire(step)
            case Sleep():
                return await self._sleep(action)

    # --- a step ---

    async def _apply(self, step: Step, segment: Segment) -> Outcome:
        position, total = self._positions[step.version], len(self._plan.steps)
        name = step.migration.name
        self._context.emit(StepStarted(step.version, name, step.direction, position, total))
        began = self._context.clock()
        wire = await self._connection.begin_step(step)
        gate = None if segment.transactional else Gate()
        file = self._context.loader.file_of(step.migration)
        handle = StepHandle(
            wire,
            self._connection.dialect,
            step.version.text,
            file=file,
            path=step.migration.path,
            gate=gate,
            sent=lambda count: self._context.emit(StatementSent(step.version, count)),
            forbid=self._context.forbid,
        )
        self._books.append(handle.book)

        async def body() -> None:
            await run_body(step, self._classes[step.version], handle, file)
            await self._connection.end_step(step, wrote_data=handle.wrote_data)

        def finished() -> Ok:
            # In a pipeline all that is known is that the statements were sent; how long that took tells nothing.
            queued = gate is None and self._connection.dialect.abilities.pipeline
            elapsed_ms = None if queued else (self._context.clock() - began) * 1000
            outcome = None if queued else _DONE[step.direction]
            self._context.emit(StepFinished(step.version, name, outcome, len(handle.statements), elapsed_ms))
            return Ok(elapsed_ms, tuple(handle.statements))

        if gate is None:
            await body()
            return finished()
        self._open = OpenStep(gate, asyncio.create_task(body()), finished, self._context.clock)
        return await self._open.next()

    async def _keep(self, step: Step, line: LogLine) -> None:
        if step.direction is Direction.UP:
            await self._connection.record(Kept(step.migration, self._checksum(step)), line, self._batch)
        elif step.record is not None:
            await self._connection.forget(step.record, line, self._batch)
        else:  # what was half applied has no record
            await self._connection.log((line,), self._batch)

    @property
    def _opened(self) -> OpenStep:
        if self._open is None:
            raise StepwellError("no step is open")
        return self._open

    # --- segments ---

    async def _commit(self, segment: Segment) -> Outcome:
        for book in self._books:
            if book.late is not None:
                raise book.late
        sealed = await self._connection.commit()
        self._context.emit(SegmentCommitted(segment.number, tuple(step.version for step in segment.steps)))
        return Committed(sealed.mark, sealed.elapsed_ms)

    async def _abort(self, segment: Segment, reason: str) -> Outcome:
        interrupted = self._open is not None and self._open.interrupted
        await self._stop_open()
        self._books.clear()
        await self._connection.abort()
        self._context.emit(SegmentAborted(segment.number, reason, segment.transactional))
        if interrupted:
            raise asyncio.CancelledError
        return Ok()

    async def _stop_queued(self) -> None:
        """Whoever awaits an answer stops it himself; but what was only queued may be running on the server too."""
        with suppress(Exception):  # where it can't be stopped, the abort waits for its end
            await self._connection.cancel()

    async def _stop_open(self) -> None:
        if self._open is not None:
            await self._open.stop()
            self._open = None

    async def _log(self, lines: Sequence[LogLine]) -> None:
        if not lines:
            return
        if self._open is None:  # within a step a new connection would not have the lock
            await self._recover()
        await self._connection.log(lines, self._batch)

    async def _recover(self) -> None:
        """Wait for the server where the connection to it was lost: for a while, and once."""
        await self._insist(self._connection.recover)

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again while the server is away; also where it goes away in the middle of the question."""
        limit = self._context.clock() + self._patience
        while True:
            try:
                return await ask()
            except (ConnectionFailedError, EngineError) as error:
                if not _passes(error) or self._context.clock() >= limit:
                    self._patience = 0.0
                    raise
            await asyncio.sleep(RECOVERY_PAUSE)

    async def _inquire(self, step: Step) -> Outcome:
        async def read() -> History:
            await self._connection.recover()
            return await self._connection.read()

        history = await self._insist(read)
        meant = (step.version, step.direction.value)
        found = [each for each in history.attempts if (each.version, each.direction) == meant]
        return Inquired(found[0] if found else None)

    async def _confirm(self) -> Outcome:
        async def confirm() -> frozenset[Version]:
            await self._connection.recover()
            return await self._connection.confirm(self._batch)

        try:
            return Confirmed(await self._insist(confirm))
        except StepwellError:
            return Confirmed(None)

    async def _sleep(self, action: Sleep) -> Outcome:
        if action.retry_of is not None:
            self._context.emit(Retrying(0, action.attempt, action.seconds, action.retry_of))
        else:
            limit = self._context.settings.lock_wait
            self._context.emit(Waiting(action.holder, action.waited, limit))
        await asyncio.sleep(action.seconds)
        return Ok()


def _passes(error: ConnectionFailedError | EngineError) -> bool:
    return error.kind is FailureKind.LOST if isinstance(error, EngineError) else error.refusal.passes


def _version_of(action: Action) -> str | None:
    match action:
        case Apply(step) | Execute(step) | Resume(step) | Keep(step):
            return step.version.text
        case Log(lines) if lines and lines[0].event is LogEvent.INTENT:
            return lines[0].version.text
        case _:
            return None

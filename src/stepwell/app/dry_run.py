"""What a plan would send: SQL files are only read, Python migrations run with a handle that records.

Nothing but reads is executed, each in a short read-only transaction of its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from stepwell.app.body import nothing, python_fault, run_body
from stepwell.app.handle import StepHandle
from stepwell.core.errors import MisuseError, StepError
from stepwell.core.report import StatementReport
from stepwell.core.sql.kinds import classify
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from stepwell.app.context import Context
    from stepwell.app.drive import Classes
    from stepwell.core.errors import Fault, Place
    from stepwell.core.plan import Plan, Step
    from stepwell.core.report import StepReport
    from stepwell.ports import BoundStatement, Connection

SEEN_BEFORE = "seen before the pending steps"
DEPENDS = "the rest depends on data"


class RecordingEnded(BaseException):
    """The migration needs an answer that only a real run has. No `Exception`, so that no author catches it."""

    def __init__(self, reason: str, place: Place | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


async def record(
    context: Context, connection: Connection, plan: Plan, classes: Classes, steps: Sequence[StepReport]
) -> tuple[StepReport, ...]:
    """Add to every planned step the statements that it would send."""
    recorded = []
    for step, report in zip(plan.steps, steps, strict=True):
        recorded.append(await _record_step(context, connection, step, classes, report))
    return tuple(recorded)


async def _record_step(
    context: Context, connection: Connection, step: Step, classes: Classes, report: StepReport
) -> StepReport:
    cls = classes[step.version]
    if cls is None:
        statements = step.migration.statements(step.direction)
        return report._replace(statements=tuple(StatementReport(each.text) for each in statements))
    file = context.loader.file_of(step.migration)
    wire = RecordingWire(connection)
    handle = StepHandle(
        wire, connection.dialect, step.version.text, file=file, path=step.migration.path, keeps_values=True
    )
    wire.note = lambda text: _note_last(handle, text)
    note = await _ended_early(step, handle, file, lambda: run_body(step, cls, handle, file))
    return report._replace(statements=tuple(handle.statements), note=note)


async def _ended_early(step: Step, handle: StepHandle, file: str, body: Callable[[], Any]) -> str | None:
    """Why the recording of a step ended before the step did, or None."""
    try:
        await body()
    except RecordingEnded as ended:
        where = ended.place or python_fault(ended, step, file).place
        return f"{where}: {ended.reason}: {DEPENDS}"
    except MisuseError:
        raise
    except StepError as error:
        fault = error.fault if error.__cause__ is None else python_fault(error.__cause__, step, file)
        return f"{fault.place or step.migration.place}: {error.fault.message}: {DEPENDS}"
    return None


def _note_last(handle: StepHandle, text: str) -> None:
    handle.statements[-1] = handle.statements[-1]._replace(note=text)


class RecordingWire:
    """Executes nothing but reads, each in a short read-only transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rules = connection.dialect.rules
        self._one_at_a_time = asyncio.Lock()  # reads of several tasks would end each other's transaction
        self.note: Callable[[str], None] = nothing

    async def run(self, statement: BoundStatement) -> None:
        """The handle has noted it; that is all."""

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Noted once, with how many rows of values it has."""
        self.note(f"once for each of {len(rows)} rows of values")

    async def count(self, statement: BoundStatement) -> int:
        """How many rows it would affect is not known."""
        raise RecordingEnded("the number of rows affected is known only when it runs", statement.origin.place)

    async def rows(self, statement: BoundStatement, *, limit: int | None = None) -> list[dict[str, Any]]:
        """A read is answered; a read that writes, or that can't be answered yet, ends the recording."""
        self._must_only_read(statement)
        try:
            async with self._one_at_a_time, self._connection.reader() as wire:
                found = await wire.rows(statement, limit=limit)
        except EngineError as error:
            raise self.unanswered(statement, error.fault) from error
        self.note(SEEN_BEFORE)
        return found

    async def stream(self, statement: BoundStatement) -> AsyncGenerator[dict[str, Any], None]:
        """As `rows`, which are all read first: between two of them the migration may read something else."""
        for row in await self.rows(statement):
            yield row

    async def savepoint(self, name: str) -> None:
        """Nothing is sent."""

    async def release(self, name: str) -> None:
        """Nothing is sent."""

    async def abort_to(self, name: str) -> None:
        """Nothing is sent."""

    async def flush(self) -> None:
        """Nothing is waited for."""

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """What is done with the driver's own connection can't be recorded."""
        raise RecordingEnded("driver() is used", None)

    def _must_only_read(self, statement: BoundStatement) -> None:
        if not classify(statement.shown, self._rules).read_only:
            raise RecordingEnded("a read that writes", statement.origin.place)

    def unanswered(self, statement: BoundStatement, fault: Fault) -> BaseException:
        """What a read raises that the database refused."""
        return RecordingEnded(f"a read that can't be answered yet ({fault.message})", statement.origin.place)

"""Asks a migration whether it is applied already: `is_applied()`, with a handle that only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.body import ask_body, place_of, python_fault
from stepwell.app.dry_run import RecordingEnded, RecordingWire
from stepwell.app.handle import StepHandle
from stepwell.app.telling import cleaned
from stepwell.core.errors import Fault, MisuseError, StepError
from stepwell.core.migration import Direction, PythonBody
from stepwell.core.plan import Step
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from stepwell.app.context import Context
    from stepwell.core.errors import Place
    from stepwell.core.migration import Migration
    from stepwell.ports import BoundStatement, Connection

ONLY_ASKS = "is_applied() only asks"


def can_be_asked(migration: Migration) -> bool:
    """Whether it defines `is_applied()`."""
    return isinstance(migration.body, PythonBody) and migration.body.has_is_applied


async def is_applied(context: Context, connection: Connection, migration: Migration) -> bool:
    """What its `is_applied()` says. Raises `StepError` where that fails, and `MisuseError` where it writes."""
    effective, cls = context.loader.load(migration)
    assert cls is not None  # noqa: S101 - only a class can be asked
    step, file = Step(effective, Direction.UP), context.loader.file_of(migration)
    # Each read is a transaction of its own: one that fails, and whose failure is caught, spoils nothing.
    abilities = connection.dialect.abilities._replace(failure_poisons=False)
    dialect = connection.dialect._replace(abilities=abilities)
    handle = StepHandle(
        ReadingWire(connection), dialect, migration.version.text, file=file, path=migration.path
    )
    try:
        answer = await ask_body(step, cls, handle, file)
    except StepError as error:
        raise type(error)(cleaned(error.fault, context.clean)) from None
    except RecordingEnded as ended:
        raise _misuse(step, ended.reason, ended.place or python_fault(ended, step, file).place) from None
    if not (isinstance(answer, int) and answer in (0, 1)):  # of some engines, 1 is what EXISTS gives
        place = place_of(vars(cls).get("is_applied"), migration)
        raise _misuse(step, f"it must give True or False, not {answer!r}", place)
    return bool(answer)


def _misuse(step: Step, reason: str, place: Place | None) -> MisuseError:
    return MisuseError(
        Fault(
            f"{ONLY_ASKS}: {reason}",
            code="misuse",
            version=step.version.text,
            place=place,
            hint="nothing was changed; what changes something belongs into up()",
        )
    )


class ReadingWire(RecordingWire):
    """Runs what only reads, each statement in a short read-only transaction of its own; all else is refused."""

    async def run(self, statement: BoundStatement) -> None:
        """A read whose rows nobody wants."""
        await self.rows(statement, limit=1)

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Refused."""
        self._refuse(statement)

    async def count(self, statement: BoundStatement) -> int:
        """Refused."""
        self._refuse(statement)

    def _refuse(self, statement: BoundStatement) -> NoReturn:
        raise RecordingEnded("a statement that writes", statement.origin.place)

    def unanswered(self, statement: BoundStatement, fault: Fault) -> BaseException:
        """What the database says, as when it runs."""
        return EngineError(fault)

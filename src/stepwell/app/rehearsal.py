"""The same trial once more on tables with rows: whether up() takes them, and whether down() gives them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Fault, StepError, StepwellError, UsageError
from stepwell.core.migration import Direction
from stepwell.core.proof import Failure
from stepwell.core.rows.compare import compare, losses, worded
from stepwell.core.rows.filled import told
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.wish import Wish
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.app.context import Context
    from stepwell.core.migration import Migration
    from stepwell.core.report import RunReport
    from stepwell.core.rows.contents import Contents
    from stepwell.core.rows.filled import Filled
    from stepwell.ports import Connection, Rehearsal

    Run = Callable[[Context, Wish], Awaitable[RunReport]]


class Rehearsed(NamedTuple):
    """What was seen with rows. `usable`: the database can be gone on with; `filled` is what is in it."""

    failure: Failure | None = None
    losses: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()
    usable: bool = True
    filled: Filled | None = None


async def attempt(
    run: Run, place: Context, part: str, direction: Direction, migration: Migration
) -> Failure | None:
    """Go up to a migration, or back by it, which is the last one."""
    up = direction is Direction.UP
    wish = Wish(direction, target=migration.version.text) if up else Wish(direction, steps=1)
    try:
        await run(place, wish)
    except StepError as error:
        return Failure(part, error.fault)
    except StepwellError as error:
        return Failure(part, Fault(error.message, code="failed", place=error.place, hint=error.hint))
    return None


async def rehearse(
    run: Run, place: Context, migration: Migration, known: Filled | None, script: str | None = None
) -> Rehearsed:
    """Fill the tables, first by the user's own script, go up, and where there is a way back, down and up again."""
    filled, before = await _filled(place, known, script)
    unfilled = tuple(told(filled))
    if failure := await attempt(run, place, "up", Direction.UP, migration):
        return Rehearsed(failure, unfilled=unfilled, usable=False)
    if not migration.reversible:
        return Rehearsed(unfilled=unfilled, filled=filled)
    above = await _contents(place)
    if failure := await attempt(run, place, "down", Direction.DOWN, migration):
        return Rehearsed(failure, unfilled=unfilled, usable=False)
    lost = _lost(before, above, await _contents(place))
    if failure := await attempt(run, place, "up again", Direction.UP, migration):
        return Rehearsed(failure, lost, unfilled, usable=False)
    return Rehearsed(None, lost, unfilled, filled=filled)


def _lost(before: Contents, above: Contents, after: Contents) -> tuple[str, ...]:
    """What is not there any more on the way back; told by what up() did to it, where that can be seen."""
    missing = losses(compare(before, after))
    return tuple(worded(change) for change in (losses(compare(before, above)) or missing)) if missing else ()


async def _filled(place: Context, known: Filled | None, script: str | None) -> tuple[Filled, Contents]:
    connection = await place.connect(False)
    try:
        rehearsal = _of(connection)
        if script is not None:
            await _load(rehearsal, script)
        filled = await rehearsal.fill(known)
        return filled, await rehearsal.contents()
    finally:
        await connection.close()


async def _contents(place: Context) -> Contents:
    connection = await place.connect(True)
    try:
        return await _of(connection).contents()
    finally:
        await connection.close()


async def _load(rehearsal: Rehearsal, script: str) -> None:
    try:
        await rehearsal.load(script)
    except (EngineError, SqlSyntaxError) as error:
        told = error.fault.message if isinstance(error, EngineError) else str(error)
        raise UsageError(
            f"the data can't be loaded: {told}",
            hint="they have to fit the tables as they are before the first migration that is tried",
        ) from error


def _of(connection: Connection) -> Rehearsal:
    rehearsal = connection.rehearsal()
    if rehearsal is None:
        raise UsageError(
            f"no rows can be made for {connection.dialect.name}", hint="leave them out: --no-rows"
        )
    return rehearsal

"""The same trial once more on tables with rows: whether up() takes them, and whether down() gives them back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Fault, StepError, StepwellError, UsageError
from stepwell.core.migration import Direction
from stepwell.core.proof import Failure
from stepwell.core.rows.compare import compare, kept_values, left_behind, losses, many, worded
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


class Back(NamedTuple):
    """What down() did not bring back of the rows, which it left behind, and what else is to be said, in words."""

    losses: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


class Rehearsed(NamedTuple):
    """What was seen with rows. `usable`: the database can be gone on with; `filled` is what is in it."""

    failure: Failure | None = None
    back: Back = Back()
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
    back = _back(migration, before, above, await _contents(place))
    if failure := await attempt(run, place, "up again", Direction.UP, migration):
        return Rehearsed(failure, back, unfilled, usable=False)
    return Rehearsed(None, back, unfilled, filled=filled)


def _back(migration: Migration, before: Contents, above: Contents, after: Contents) -> Back:
    """What is other than it was; what is missing is told by what up() did to it, where that can be seen."""
    changes = compare(before, after)
    missing = losses(changes)
    told = [worded(change) for change in (losses(compare(before, above)) or missing)] if missing else []
    kept = [f"{worded(change)}, and keeps it" for change in kept_values(changes)]
    left = left_behind(changes)
    named = [change for change in left if _names(migration, change.table)]
    return Back(
        (*told, *kept),
        tuple(many(change) for change in named),
        tuple(f"after down(), {worded(change)}: by a trigger?" for change in left if change not in named),
    )


def _names(migration: Migration, table: str) -> bool:
    """Whether the text of a migration has the name of a table: rows that it does not put there come by a trigger."""
    bare = table.rpartition(".")[2].strip('"')
    text = migration.source.content.decode(errors="replace")
    return re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", text, re.IGNORECASE) is not None


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

"""Migrations run anew on a scratch database, and the structure that it has then."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stepwell.app.runs import run_wish
from stepwell.app.snapshot import taken
from stepwell.core.errors import StepwellError, UsageError
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stepwell.app.context import Context
    from stepwell.core.migration import Migration
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot


@asynccontextmanager
async def scratch_of(context: Context) -> AsyncIterator[Context]:
    """A scratch database for the same migrations. Raises `UsageError` where there is no place for one."""
    if context.scratch is None:
        raise UsageError("there is no place for a scratch database")
    async with context.scratch() as place:
        try:
            yield place
        except StepwellError as error:
            error.report = None  # it would be taken for that of a run on the target
            raise


async def states(place: Context, order: Sequence[Migration]) -> AsyncIterator[Snapshot]:
    """The structure of an empty scratch database before the first of these migrations, and after each.

    They stand in plan order. Raises what a run raises.
    """
    yield await taken(place)
    async for _, snapshot in replayed(place, order):
        yield snapshot


async def replayed(place: Context, order: Sequence[Migration]) -> AsyncIterator[tuple[RunReport, Snapshot]]:
    """What each of these migrations did on a scratch database, and the structure behind it. Raises as `states` does."""
    for migration in order:
        report = await run_wish(place, Wish(Direction.UP, target=migration.version.text))
        yield report, await taken(place)

"""Migrations run anew on a scratch database, and the structure that it has then."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.runs import run_wish
from stepwell.app.snapshot import taken
from stepwell.core.errors import StepwellError, UsageError
from stepwell.core.files.listing import SourceListing
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


class Replayed(NamedTuple):
    """What one migration did on a scratch database: where, the report of its run, and the structure behind it."""

    place: Context
    report: RunReport
    snapshot: Snapshot


async def states(place: Context, order: Sequence[Migration]) -> AsyncIterator[Snapshot]:
    """The structure of an empty scratch database before the first of these migrations, and after each.

    They stand in plan order. Raises what a run raises.
    """
    yield await taken(place)
    async for each in replayed(place, order):
        yield each.snapshot


async def replayed(place: Context, order: Sequence[Migration]) -> AsyncIterator[Replayed]:
    """Apply these migrations to a scratch database, one after the other, in plan order. Raises as `states` does."""
    for number, migration in enumerate(order, 1):
        there = place._replace(source=_Read(SourceListing(tuple(each.source for each in order[:number]))))
        report = await run_wish(there, Wish(Direction.UP, target=migration.version.text))
        yield Replayed(there, report, await taken(there))


class _Read(NamedTuple):
    """Files that were read before, as far as the replay has come: the others need not be parsed at every step."""

    listing: SourceListing

    def read(self) -> SourceListing:
        """Give them."""
        return self.listing

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


class Read(NamedTuple):
    """Files that have been read already: what is tried is what was hashed, whatever becomes of the files meanwhile."""

    listing: SourceListing

    def read(self) -> SourceListing:
        """Give them."""
        return self.listing


def knowing(place: Context, migrations: Sequence[Migration]) -> Context:
    """The same place with no more files than these: those that are still to come need not be parsed at every step."""
    return place._replace(source=Read(SourceListing(tuple(each.source for each in migrations))))


async def states(place: Context, order: Sequence[Migration]) -> AsyncIterator[Snapshot]:
    """The structure of an empty scratch database before the first of these migrations, and after each.

    They stand in plan order. Raises what a run raises.
    """
    yield await taken(place)
    for number, migration in enumerate(order, 1):
        await run_wish(knowing(place, order[:number]), Wish(Direction.UP, target=migration.version.text))
        yield await taken(place)

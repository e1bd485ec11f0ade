"""`status`: every migration and its state. Asks, never writes, takes no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import connected, introduced
from stepwell.app.gather import gather, recorded_twice
from stepwell.app.shelf import Shelf
from stepwell.core.answers import StatusReport

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def status(context: Context) -> StatusReport:
    """The state of every migration, in plan order."""
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=True)
    async with introduced(context, connection) as about:
        gathered = gather(shelf, await connection.read(), whole=True)
    situation = gathered.situation
    return StatusReport(
        url=about.url,
        engine=about.engine,
        table=about.table,
        entries=situation.ordered,
        heads=situation.graph.heads,
        findings=(*gathered.listing.findings, *recorded_twice(situation)),
    )

"""`status`: every migration and its state. Asks, never writes, takes no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import connected
from stepwell.app.gather import gather, recorded_twice
from stepwell.app.shelf import Shelf
from stepwell.core.answers import StatusReport
from stepwell.core.events import Connected

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def status(context: Context) -> StatusReport:
    """The state of every migration, in plan order."""
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=True)
    try:
        about = await connection.about()
        context.emit(Connected(about.url, about.engine))
        gathered = gather(shelf, await connection.read(), whole=True)
    finally:
        await connection.close()
    situation = gathered.situation
    return StatusReport(
        url=about.url,
        engine=about.engine,
        table=about.table,
        entries=situation.ordered,
        heads=situation.graph.heads,
        findings=(*gathered.listing.findings, *recorded_twice(situation)),
    )

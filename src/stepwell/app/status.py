"""`status`: every migration and its state. Asks, never writes, takes no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import connected, introduced
from stepwell.app.gather import gather, recorded_twice
from stepwell.app.shelf import Shelf
from stepwell.core.answers import StatusReport

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.core.standing import Standing
    from stepwell.ports import Connection


async def status(context: Context, *, drift: bool = False) -> StatusReport:
    """The state of every migration, in plan order.

    With `drift` also whether the structure is still the one that the last run left; then raises `UsageError` for an
    engine without snapshots.
    """
    if drift:
        from stepwell.app.snapshot import must_be_able

        must_be_able(context)
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=True)
    async with introduced(context, connection) as about:
        gathered = gather(shelf, await connection.read(), whole=True)
        standing = await _standing(context, connection) if drift else None
    situation = gathered.situation
    return StatusReport(
        url=about.url,
        engine=about.engine,
        table=about.table,
        entries=situation.ordered,
        heads=situation.graph.heads,
        findings=(*gathered.listing.findings, *recorded_twice(situation)),
        standing=standing,
    )


async def _standing(context: Context, connection: Connection) -> Standing:
    from stepwell.app.fingerprint import stands  # most people only want to see the states

    return await stands(context, connection)

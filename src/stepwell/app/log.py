"""`log`: what was done, when, by whom, how long it took. Asks, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import introduced
from stepwell.core.answers import LogReport

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def log(context: Context, *, limit: int | None = 50, batch: str | None = None) -> LogReport:
    """The newest rows of the log, newest last; with `batch`, those of one run."""
    connection = await context.connect(True)
    async with introduced(context, connection) as about:
        entries = await connection.read_log(limit, batch)
    return LogReport(about.url, about.engine, f"{about.table}_log", entries)

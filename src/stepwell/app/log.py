"""`log`: what was done, when, by whom, how long it took. Asks, never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.answers import LogReport
from stepwell.core.events import Connected

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def log(context: Context, *, limit: int | None = 50, batch: str | None = None) -> LogReport:
    """The newest rows of the log, newest last; with `batch`, those of one run."""
    connection = await context.connect(True)
    try:
        about = await connection.about()
        context.emit(Connected(about.url, about.engine))
        entries = await connection.read_log(limit, batch)
    finally:
        await connection.close()
    return LogReport(about.url, about.engine, f"{about.table}_log", entries)

"""`log`: what was done, when, by whom, how long it took. Asks, never writes."""

from stepwell.app.context import Context
from stepwell.core.answers import LogReport
from stepwell.core.events import Connected


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

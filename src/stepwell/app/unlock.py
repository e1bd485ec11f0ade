"""`unlock`: says who holds the lock; with `force`, ends that holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.answers import LockReport
from stepwell.core.events import Connected

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def unlock(context: Context, *, force: bool = False) -> LockReport:
    """Give the holder in words, or None where nobody holds the lock."""
    connection = await context.connect(not force)
    try:
        about = await connection.about()
        context.emit(Connected(about.url, about.engine))
        holder = await connection.holder()
        ended = await connection.end_holder() if force and holder is not None else False
    finally:
        await connection.close()
    return LockReport(about.url, holder, ended)

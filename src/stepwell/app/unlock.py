"""`unlock`: says who holds the lock; with `force`, ends that holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.connecting import introduced
from stepwell.core.answers import LockReport

if TYPE_CHECKING:
    from stepwell.app.context import Context


async def unlock(context: Context, *, force: bool = False) -> LockReport:
    """Give the holder in words, or None where nobody holds the lock."""
    connection = await context.connect(not force)
    async with introduced(context, connection) as about:
        holder = await connection.holder()
        ended = await connection.end_holder() if force and holder is not None else False
    return LockReport(about.url, holder, ended)

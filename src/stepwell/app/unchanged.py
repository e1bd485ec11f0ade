"""Writes under the lock, in one transaction, if the history is still the one that it was decided on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.core.actions import Held
    from stepwell.core.history import History
    from stepwell.ports import Connection


async def write_under(
    held: Held, connection: Connection, history: History, write: Callable[[], Awaitable[None]]
) -> bool:
    """Write and commit under the lock that is held; false, with nothing written, where the history is another one.

    Raises what writing and committing raise, with nothing left open.
    """
    try:
        if held.mark != history.mark:
            await connection.abort()
            return False
        await write()
        await connection.commit()
    except BaseException:
        await connection.abort()
        raise
    return True

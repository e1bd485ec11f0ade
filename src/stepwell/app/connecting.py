"""How a verb comes to a connection and to the history: files are read meanwhile, a busy database is waited for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, locked
from stepwell.core.events import Connected, Waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.app.context import Context
    from stepwell.app.shelf import Shelf
    from stepwell.core.history import History
    from stepwell.core.ledger import Ending
    from stepwell.ports import About, Connection

POLL = 0.1  # seconds between two looks


async def connected(context: Context, shelf: Shelf, *, read_only: bool) -> Connection:
    """Connect, and read the files while the server is busy with that. Wrong files are told first, whatever it says."""
    if context.absent and not read_only:
        shelf.parse_all()  # nothing is made for files that can't be run
    connecting = asyncio.ensure_future(context.connect(read_only))
    await asyncio.sleep(0)  # let it send its first message
    try:
        _ = shelf.listing
    except BaseException:
        await _give_up(connecting)
        raise
    try:
        return await connecting
    except ConnectionFailedError:
        shelf.parse_all()
        raise


@asynccontextmanager
async def introduced(context: Context, connection: Connection) -> AsyncIterator[About]:
    """Tell what database this is; at the end the connection is closed."""
    try:
        about = await connection.about()
        context.emit(Connected(about.url, about.engine))
        yield about
    finally:
        await connection.close()


async def _give_up(connecting: asyncio.Future[Connection]) -> None:
    connecting.cancel()
    await asyncio.wait({connecting})
    if not connecting.cancelled() and connecting.exception() is None:
        await connecting.result().close()


async def settled(context: Context, connection: Connection) -> History | Ending:
    """The history. What seems to be in doubt, or half done, may just be running: whoever holds the lock is waited for.

    Where that takes too long, the run ends here.
    """
    began = context.clock()
    while True:
        history = await connection.read()
        if not history.attempts:
            return history
        holder = await connection.holder()
        if holder is None:
            # Nobody is at work, but somebody may have been when we read.
            return await connection.read()
        waited, limit = context.clock() - began, context.settings.lock_wait
        if waited >= limit:
            from stepwell.core.ledger import Ending, Why  # most runs have nothing to do, and do not get here

            return Ending(locked(holder, limit), Why.LOCKED)
        context.emit(Waiting(holder, waited, limit))
        await asyncio.sleep(POLL)

"""How a verb comes to a connection and to the history: files are read meanwhile, a busy database is waited for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, LockTimeoutError
from stepwell.core.events import Waiting

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.app.shelf import Shelf
    from stepwell.core.history import History
    from stepwell.ports import Connection

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


async def _give_up(connecting: asyncio.Future[Connection]) -> None:
    connecting.cancel()
    await asyncio.wait({connecting})
    if not connecting.cancelled() and connecting.exception() is None:
        await connecting.result().close()


async def settled(context: Context, connection: Connection) -> History:
    """The history. What seems to be in doubt, or half done, may just be running: whoever holds the lock is waited for.

    Raises `LockTimeoutError` where that takes too long.
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
            raise LockTimeoutError(
                f"locked: {holder} holds the lock, waited {limit:g} s",
                hint="wait for that run, wait longer with --lock-wait, or see 'stepwell unlock'",
            )
        context.emit(Waiting(holder, waited, limit))
        await asyncio.sleep(POLL)

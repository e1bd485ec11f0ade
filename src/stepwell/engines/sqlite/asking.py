"""What a connection to SQLite can be asked about the things in its file."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.errors import LockTimeoutError, locked
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.engines.sqlite.channel import Channel
    from stepwell.ports import ConnectOptions

T = TypeVar("T")
POLL = 0.1  # seconds
HOLDER = "another process that writes into the file"


class Asking:
    """A part of `stepwell.ports.Connection`; see there for what each method promises."""

    _channel: Channel
    _options: ConnectOptions
    _table: str

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Which of these are in the file already."""
        _, rows = await self._channel.rows("SELECT type, lower(name) FROM sqlite_master")
        there = {(kind, name) for kind, name in rows}
        return tuple(each for each in objects if (each.kind.value, each.name.lower()) in there)

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure, read at one moment."""
        from stepwell.engines.sqlite.structure.reading import read

        own = () if own_tables else (self._table, f"{self._table}_log")
        return await self._at_one_moment(lambda: read(self._channel, own))

    async def _at_one_moment(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask in one read transaction, so that the answers belong together. A writer may keep all readers out."""
        began = time.monotonic()
        while True:
            try:
                return await self._at_once(ask)
            except EngineError as error:
                if not (error.fault.sqlstate or "").startswith("SQLITE_BUSY"):
                    raise
                limit = 0.0 if self._options.read_only else self._options.settings.lock_wait
                if time.monotonic() - began >= limit:
                    fault = locked(HOLDER, limit)
                    raise LockTimeoutError(fault.message, hint=fault.hint) from error
            await asyncio.sleep(POLL)

    async def _at_once(self, ask: Callable[[], Awaitable[T]]) -> T:
        own = not self._channel.connection.in_transaction
        if own:
            await self._channel.execute("BEGIN")
        try:
            return await ask()
        finally:
            if own:
                await self._channel.execute("ROLLBACK")

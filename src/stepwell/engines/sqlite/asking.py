"""What a connection to SQLite can be asked about the things in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.engines.sqlite.channel import Channel


class Asking:
    """A part of `stepwell.ports.Connection`; see there for what each method promises."""

    _channel: Channel

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Which of these are in the file already."""
        _, rows = await self._channel.rows("SELECT type, lower(name) FROM sqlite_master")
        there = {(kind, name) for kind, name in rows}
        return tuple(each for each in objects if (each.kind.value, each.name.lower()) in there)

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """Not yet: the ability `snapshots` is not there."""
        raise NotImplementedError

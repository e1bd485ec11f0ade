"""The records and log rows of a segment: gathered in a transaction, written in lots, timed by the server's clock.

A thousand steps so cost a few statements, not two thousand; and since their statements are queued, only the server
knows how long a step took.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.engines.postgresql import tables
from stepwell.engines.postgresql.channel import LOG, RECORD, RECORDS
from stepwell.engines.postgresql.rows import columns, log_arrays, record_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.history import Record
    from stepwell.core.migration import Version
    from stepwell.core.tables import TableNames
    from stepwell.engines.postgresql.channel import Channel, Cursor
    from stepwell.ports import Batch, Kept

MOST = 200  # rows in a lot
LONGEST = 2.0  # seconds until a lot is written, so that a record says about when its step ran
CLOCK = "SELECT pg_catalog.date_part('epoch'::text, pg_catalog.clock_timestamp()) * 1000::float8"


class Books:
    """What is to be written before a transaction ends; an aborted one just drops it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._records: list[list[object]] = []
        self._forgotten: list[tuple[int, str]] = []
        self._lines: list[LogLine] = []
        self._batch: Batch | None = None
        self._began = 0.0
        self._start: Cursor | None = None
        self._moment: float | None = None
        self._ends: dict[Version, Cursor] = {}
        self._elapsed: dict[Version, float] = {}

    async def start_clock(self) -> None:
        """The first step begins here."""
        self._start = await self._channel.send(CLOCK)

    async def stop_clock(self, version: Version) -> None:
        """A step ends here, and the next one begins."""
        if self._start is not None:
            self._ends[version] = await self._channel.send(CLOCK)

    @property
    def elapsed_ms(self) -> Mapping[Version, float]:
        """How long each step took that has been written, by the server's clock."""
        return self._elapsed

    def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Gather a record and its log row."""
        self._records.append(record_values(kept))
        self._gather(replace(line, name=kept.migration.name, digest=kept.checksum), batch)

    def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Gather the removal of a record and its log row."""
        self._forgotten.append((record.id, record.version.text))
        self._gather(replace(line, name=record.name), batch)

    async def revise(
        self, names: TableNames, record: Record, kept: Kept, line: LogLine, batch: Batch
    ) -> None:
        """Update a record in its place, and gather its log row."""
        values = [*record_values(kept), record.id]
        await self._channel.send(tables.update_record(names), values, shown=RECORD, must_touch=1)
        self._gather(replace(line, name=kept.migration.name, digest=kept.checksum), batch)

    def _gather(self, line: LogLine, batch: Batch) -> None:
        if not self._lines:
            self._began = time.monotonic()
        self._lines.append(line)
        self._batch = batch

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return len(self._lines) >= MOST or time.monotonic() - self._began > LONGEST

    async def write(self, names: TableNames) -> None:
        """Write what is gathered: one statement for each table, whatever the number of rows."""
        lines = await self._timed() if self._ends else self._lines
        if self._records:
            sql, arrays = tables.insert_records(names), columns(self._records)
            await self._channel.send(sql, arrays, shown=RECORDS)
        if self._forgotten:
            sql, arrays = tables.delete_records(names), columns(self._forgotten)
            await self._channel.send(sql, arrays, shown=RECORDS, must_touch=len(self._forgotten))
        if self._batch is not None:
            await write_log(self._channel, names, lines, self._batch)
        self._records, self._forgotten, self._lines, self._batch = [], [], [], None

    async def _timed(self) -> list[LogLine]:
        """Wait for the answers of the clock, and put them into the lines."""
        await self._channel.sync()
        if self._moment is None and self._start is not None:
            self._moment = await self._read(self._start)
        ends, self._ends = self._ends, {}
        for version, cursor in ends.items():
            ended = await self._read(cursor)
            self._elapsed[version] = ended - (ended if self._moment is None else self._moment)
            self._moment = ended
        return [
            replace(line, elapsed_ms=self._elapsed.get(line.version, line.elapsed_ms)) for line in self._lines
        ]

    async def _read(self, cursor: Cursor) -> float:
        ((moment,),) = await self._channel.fetch(cursor)
        return float(moment)


async def write_log(channel: Channel, names: TableNames, lines: Sequence[LogLine], batch: Batch) -> None:
    """Write log rows in one statement."""
    await channel.send(tables.insert_log(names), log_arrays(lines, batch), shown=LOG)

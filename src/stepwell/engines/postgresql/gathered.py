"""Records and log rows of a transaction, gathered so that a thousand steps cost a few statements."""

import time
from dataclasses import dataclass, field

from stepwell.core.actions import LogLine
from stepwell.ports import Batch

MOST = 200  # rows
LONGEST = 0.5  # seconds, so that a record says about when its step ran


@dataclass(slots=True)
class Gathered:
    """What is to be written before the transaction ends. An aborted transaction just drops it."""

    records: list[list[object]] = field(default_factory=list)
    forgotten: list[tuple[int, str]] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    batch: Batch | None = None
    began: float = 0.0

    def add(self, line: LogLine, batch: Batch) -> None:
        """Add the log row of a step."""
        if not self.lines:
            self.began = time.monotonic()
        self.lines.append(line)
        self.batch = batch

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return len(self.lines) >= MOST or time.monotonic() - self.began > LONGEST

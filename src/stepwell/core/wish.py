"""What a person asked for, as a value: the plan is made from it."""

from __future__ import annotations

from typing import NamedTuple

from stepwell.core.migration import Direction, Version
from stepwell.core.settings import Atomic

LAST_BATCH = "last"  # instead of an id: the last batch of which anything stands


class Wish(NamedTuple):
    """What a person asked for. `target` is as they typed it; `steps` and `batch` are for a rollback only.

    `members` is what the log says that the batch has applied or begun: it is filled in before a plan is made.
    """

    direction: Direction
    target: str | None = None
    steps: int | None = None
    batch: str | None = None
    members: frozenset[Version] = frozenset()
    only_needed: bool = False
    atomic: Atomic = Atomic.BATCH
    strict: bool = False
    allow_changed: bool = False
    allow_missing: bool = False

    @property
    def takes_all(self) -> bool:
        """Whether everything that is pending is wished for."""
        return self.direction is Direction.UP and self.target is None

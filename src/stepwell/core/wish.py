"""What a person asked for, as a value: the plan is made from it."""

from __future__ import annotations

from typing import NamedTuple

from stepwell.core.migration import Direction
from stepwell.core.settings import Atomic


class Wish(NamedTuple):
    """What a person asked for. `target` is as they typed it; `steps` is for a rollback only."""

    direction: Direction
    target: str | None = None
    steps: int | None = None
    only_needed: bool = False
    atomic: Atomic = Atomic.BATCH
    strict: bool = False
    allow_changed: bool = False
    allow_missing: bool = False

    @property
    def takes_all(self) -> bool:
        """Whether everything that is pending is wished for."""
        return self.direction is Direction.UP and self.target is None

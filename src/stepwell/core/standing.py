"""Whether the structure of a database is still the one that the last run left, as a value."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Verdict(StrEnum):
    """Whether the structure is still the one that the last run left; `unknown`: nobody can tell."""

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Left(NamedTuple):
    """What the log says of the last fingerprint: its text, who took it when, and whether something was run since."""

    text: str | None
    tool: str | None
    batch: str
    taken_at: datetime | None
    overtaken: bool


class Standing(NamedTuple):
    """What the last fingerprint says of the database now. `why` is said where nobody can tell."""

    verdict: Verdict
    now: str
    left: Left | None = None
    why: str | None = None

    @property
    def changed(self) -> bool:
        """Whether the structure is certainly another one."""
        return self.verdict is Verdict.CHANGED

"""What the catalog tells of a statement whose answer was lost: whether it ran. Values only; engines ask."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """Whether a statement ran, as far as that can be told."""

    RAN = "ran"
    NOT_RUN = "not_run"
    REPEATABLE = "repeatable"  # whether it ran or not, running it again changes nothing else
    UNKNOWN = "unknown"


class Judgement(NamedTuple):
    """A verdict, and what it rests on, in words."""

    verdict: Verdict
    why: str

"""Progress: the closed set of events that a run tells while it goes. Text, logging and metrics are its consumers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.core.migration import Direction, Version
    from stepwell.core.report import Outcome, SegmentReport


@dataclass(frozen=True, slots=True)
class Connected:
    """The database that is worked on; always the first event. `url` holds no password."""

    url: str
    engine: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan: how many steps, in which segments."""

    direction: Direction
    steps: int
    segments: tuple[SegmentReport, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody else holds the lock; `waited` and `limit` are in seconds."""

    holder: str | None
    waited: float
    limit: float


@dataclass(frozen=True, slots=True)
class WaitingForServer:
    """The database does not answer yet (`--wait`)."""

    reason: str
    waited: float


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins; `position` counts from 1 to `total`."""

    version: Version
    name: str
    direction: Direction
    position: int
    total: int


@dataclass(frozen=True, slots=True)
class StatementSent:
    """A statement of a step was sent; `count` is how many of the step so far."""

    version: Version
    count: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended. In a segment with a transaction, `applied` is final only with `SegmentCommitted`."""

    version: Version
    name: str
    outcome: Outcome
    statements: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class SegmentCommitted:
    """All steps of this segment stand now."""

    number: int
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class SegmentAborted:
    """Nothing of this segment stands."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """A segment is tried again after a lock timeout, a deadlock or a serialization failure; `delay` in seconds."""

    number: int
    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Replanned:
    """The history was not what the plan assumed: somebody else was faster, and the plan is made anew."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that people should know and that stops nothing."""

    message: str


Event = (
    Connected
    | Planned
    | Waiting
    | WaitingForServer
    | StepStarted
    | StatementSent
    | StepFinished
    | SegmentCommitted
    | SegmentAborted
    | Retrying
    | Replanned
    | Warned
)

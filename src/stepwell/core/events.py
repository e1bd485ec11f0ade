"""Progress: the closed set of events that a run tells while it goes. Text, logging and metrics are its consumers.

Named tuples, not dataclasses: twelve of those would cost every start 3 ms, for values that nobody compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stepwell.core.migration import Direction, Version
    from stepwell.core.report import Outcome, SegmentReport


class Connected(NamedTuple):
    """The database that is worked on; always the first event. `url` holds no password."""

    url: str
    engine: str


class Planned(NamedTuple):
    """The plan: how many steps, in which segments."""

    direction: Direction
    steps: int
    segments: tuple[SegmentReport, ...]


class Waiting(NamedTuple):
    """Somebody else holds the lock; `waited` and `limit` are in seconds."""

    holder: str | None
    waited: float
    limit: float


class WaitingForServer(NamedTuple):
    """The database does not answer yet (`--wait`)."""

    reason: str
    waited: float


class StepStarted(NamedTuple):
    """A step begins; `position` counts from 1 to `total`."""

    version: Version
    name: str
    direction: Direction
    position: int
    total: int


class StatementSent(NamedTuple):
    """A statement of a step was sent; `number` is how many of the step so far."""

    version: Version
    number: int


class Blocked(NamedTuple):
    """A statement outside a transaction waits for somebody, in words; `waited` in seconds since it began."""

    version: Version
    by: str
    waited: float


class StepFinished(NamedTuple):
    """A step ended. Outcome and time are None where its statements were sent and not answered yet.

    In a segment with a transaction, an outcome is final only with `SegmentCommitted`.
    """

    version: Version
    name: str
    outcome: Outcome | None
    statements: int
    elapsed_ms: float | None


class SegmentCommitted(NamedTuple):
    """All steps of this segment stand now."""

    number: int
    versions: tuple[Version, ...]


class SegmentAborted(NamedTuple):
    """A segment ended with a failure. With a transaction nothing of it stands; without one, what was done does."""

    number: int
    reason: str
    transactional: bool = True


class Retrying(NamedTuple):
    """A segment is tried again after a lock timeout, a deadlock or a serialization failure; `delay` in seconds."""

    number: int
    attempt: int
    delay: float
    reason: str


class Verified(NamedTuple):
    """A migration was tried on a scratch database; the verdict is that of its proof."""

    version: Version
    name: str
    verdict: str
    elapsed_ms: float


class Replaying(NamedTuple):
    """So many migrations are run anew on a scratch database, to find out how far this one is."""

    migrations: int


class Adopting(NamedTuple):
    """In a database without a history, what a migration gives is there: it is recorded as applied, and not run."""

    version: Version
    name: str
    evidence: str


class Replanned(NamedTuple):
    """The history was not what the plan assumed: somebody else was faster, and the plan is made anew."""


class Warned(NamedTuple):
    """Something that people should know and that stops nothing."""

    message: str


Event = (
    Connected
    | Planned
    | Waiting
    | WaitingForServer
    | StepStarted
    | StatementSent
    | Blocked
    | StepFinished
    | SegmentCommitted
    | SegmentAborted
    | Retrying
    | Verified
    | Replaying
    | Adopting
    | Replanned
    | Warned
)

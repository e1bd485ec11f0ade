"""What the run machine asks for, and what it is told: the closed sets of actions and outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from stepwell.core.errors import FailureKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.errors import Fault
    from stepwell.core.history import Attempt, HistoryMark
    from stepwell.core.migration import Direction, Version
    from stepwell.core.plan import Segment, Step
    from stepwell.core.report import StatementReport


class LogEvent(StrEnum):
    """What a row of the log tells."""

    APPLIED = "applied"
    REVERTED = "reverted"
    FAILED = "failed"
    UNDONE = "undone"
    INTENT = "intent"
    DONE = "done"
    STATEMENT_FAILED = "statement_failed"
    MARKED = "marked"
    UNMARKED = "unmarked"
    FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One row of the log to be written. `digest` is that of the statement, `elapsed_ms` of what the row tells.

    `fingerprint` is what the catalog said before a statement that has an intent, or that of the whole structure.
    """

    event: LogEvent
    version: Version
    direction: Direction
    segment: int | None = None
    name: str | None = None
    statement: int | None = None
    statements: int | None = None
    elapsed_ms: float | None = None
    digest: str | None = None
    error: str | None = None
    fingerprint: str | None = None


# --- actions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepare:
    """Create or extend the tool's own tables, in a short transaction of their own, under the lock."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Begin, try the lock, read the mark of the history: opens every segment and every retry of one."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Apply:
    """Run a step: in a transaction the whole of it, else up to its first statement."""

    step: Step
    segment: Segment


@dataclass(frozen=True, slots=True)
class Execute:
    """Outside a transaction: run the statement that the step wants to run."""

    step: Step


@dataclass(frozen=True, slots=True)
class Resume:
    """Outside a transaction: let the step go on to its next statement; without `Execute` before, one was skipped."""

    step: Step


@dataclass(frozen=True, slots=True)
class Keep:
    """Write the record of a step (down: remove it) and its line in the log, together."""

    step: Step
    line: LogLine


@dataclass(frozen=True, slots=True)
class Log:
    """Write lines into the log: inside the segment where one without transaction is open, else on their own."""

    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """End a segment so that it stands."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Abort:
    """End a segment so that, as far as it has a transaction, nothing of it stands."""

    segment: Segment
    reason: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Ask the database which of these versions this batch has applied (or reverted): on a new connection if need be."""

    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Inquire:
    """Ask the database how far a step outside a transaction came, whose answer was lost."""

    step: Step


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait, in seconds; told to people as a wait for the lock (with its holder) or before another attempt."""

    seconds: float
    waited: float = 0.0
    holder: str | None = None
    retry_of: str | None = None
    attempt: int = 0


Action = (
    Prepare | Acquire | Apply | Execute | Resume | Keep | Log | Commit | Abort | Confirm | Inquire | Sleep
)


# --- outcomes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """The lock is ours, and this is the history under it."""

    mark: HistoryMark


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else has the lock; whatever was begun has been ended."""

    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Ok:
    """It is done. Statements and time belong to `Apply`, `Execute` and `Resume`."""

    elapsed_ms: float | None = None
    statements: tuple[StatementReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Wants:
    """A step outside a transaction has come to a statement: its index from 0, and the digest of text and values.

    `bound`: what it does is gone with its session, so that it can't be passed over in another one.
    """

    index: int
    digest: str
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """The segment stands, and this is the history after it; with the times of steps that only the server knows."""

    mark: HistoryMark
    elapsed_ms: Mapping[Version, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the log says that this batch has done; None: it can't be asked."""

    versions: frozenset[Version] | None


@dataclass(frozen=True, slots=True)
class Inquired:
    """How far a step came, by its journal and the catalog; None: there is no unfinished attempt of it."""

    attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed; `fault.version` names the step whose statement it was, which may be an earlier one than asked for."""

    fault: Fault
    kind: FailureKind = FailureKind.STEP
    statements: tuple[StatementReport, ...] = field(default=())


Outcome = Held | Busy | Ok | Wants | Committed | Confirmed | Inquired | Failed

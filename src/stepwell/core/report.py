"""What came of it, as values: the report of a run, the status, the log. Rendering them is another layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from stepwell.core.errors import Fault, Place
from stepwell.core.history import Entry, State
from stepwell.core.migration import Direction, Finding, Version


class Outcome(StrEnum):
    """What happened to one step. `undone`: it ran, and was undone with its segment."""

    PLANNED = "planned"
    APPLIED = "applied"
    REVERTED = "reverted"
    UNDONE = "undone"
    FAILED = "failed"
    NOT_RUN = "not_run"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class StatementReport:
    """One statement of a step. The time is None where pipelining makes it meaningless.

    `note` is said of a statement in a dry run only (a read that was seen before the pending steps, ...).
    """

    sql: str
    elapsed_ms: float | None = None
    values: Any = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened to one step; `note` says, in a dry run, why the recording ended before the step did."""

    version: Version
    name: str
    outcome: Outcome
    segment: int
    elapsed_ms: float | None = None
    statements: tuple[StatementReport, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """A part of the run that commits as one transaction (or, with `transactional` false, has none), and why it ends."""

    number: int
    versions: tuple[Version, ...]
    transactional: bool
    ends_because: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """The whole of a run (or of a dry run). `stands` says in a sentence what a failure left behind."""

    ok: bool
    direction: Direction
    dry_run: bool
    batch: str
    elapsed_ms: float
    steps: tuple[StepReport, ...]
    segments: tuple[SegmentReport, ...] = ()
    warnings: tuple[str, ...] = ()
    error: Fault | None = None
    exit_code: int = 0
    stands: str | None = None

    def versions(self, outcome: Outcome) -> tuple[Version, ...]:
        """The versions whose step had this outcome, in the order of the run."""
        return tuple(step.version for step in self.steps if step.outcome is outcome)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Every migration and its state, in the order of the plan. `url` holds no password."""

    url: str
    engine: str
    table: str
    entries: tuple[Entry, ...]
    heads: tuple[Version, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def counts(self) -> Mapping[State, int]:
        """How many migrations are in each state."""
        return {state: sum(entry.state is state for entry in self.entries) for state in State}

    @property
    def up_to_date(self) -> bool:
        """Whether all are applied and unchanged."""
        return all(entry.state is State.APPLIED for entry in self.entries)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found. Errors of the files are raised, all of them together, not listed here."""

    findings: tuple[Finding, ...]
    files: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One row of the log, as `stepwell log` shows it. Times are aware and in UTC."""

    id: int
    batch: str
    segment: int | None
    version: Version | None
    direction: str | None
    event: str
    statement: int | None
    statements: int | None
    started_at: datetime | None
    elapsed_ms: float | None
    checksum: str | None
    user: str | None
    host: str | None
    tool: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was done, newest last."""

    url: str
    engine: str
    table: str
    entries: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True)
class CorrectionReport:
    """What `mark` and `unmark` did, or with `dry_run` would do, to the history."""

    action: str
    version: Version
    name: str
    dry_run: bool
    changed: bool
    message: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockReport:
    """Who holds the lock, or None; `ended` is true where `--force` ended that holder."""

    url: str
    holder: str | None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class CreatedFiles:
    """Which files a command such as `new` or `init` made, and which were there before and stay."""

    created: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def first_place(findings: Sequence[Finding]) -> Place | None:
    """Where the first finding is, if there is any."""
    return findings[0].place if findings else None

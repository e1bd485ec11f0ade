"""What came of a run, as values. Rendering them is another layer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from stepwell.core.errors import Fault
    from stepwell.core.migration import Direction, Version


class Outcome(StrEnum):
    """What happened to one step. `undone`: it ran, and was undone with its segment."""

    PLANNED = "planned"
    APPLIED = "applied"
    REVERTED = "reverted"
    UNDONE = "undone"
    FAILED = "failed"
    NOT_RUN = "not_run"
    IN_DOUBT = "in_doubt"


class StatementReport(NamedTuple):
    """One statement of a step. The time is None where pipelining makes it meaningless.

    `note` is said of a statement in a dry run only (a read that was seen before the pending steps, ...).
    """

    sql: str
    elapsed_ms: float | None = None
    values: Any = None
    note: str | None = None


class StepReport(NamedTuple):
    """What happened to one step; `note` says, in a dry run, why the recording ended before the step did."""

    version: Version
    name: str
    outcome: Outcome
    segment: int
    elapsed_ms: float | None = None
    statements: tuple[StatementReport, ...] = ()
    note: str | None = None


class SegmentReport(NamedTuple):
    """A part of the run that commits as one transaction (or, with `transactional` false, has none), and why it ends."""

    number: int
    versions: tuple[Version, ...]
    transactional: bool
    ends_because: str | None = None


class Adopted(NamedTuple):
    """A migration that is recorded as applied without running it, since its effects are there: the evidence."""

    version: Version
    name: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.version} {self.name}: {self.evidence}"


class RunReport(NamedTuple):
    """The whole of a run (or of a dry run). `stands` says in a sentence what a failure left behind.

    `adopted` was recorded before the first step, in a database without a history.
    """

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
    adopted: tuple[Adopted, ...] = ()

    def versions(self, outcome: Outcome) -> tuple[Version, ...]:
        """The versions whose step had this outcome, in the order of the run."""
        return tuple(step.version for step in self.steps if step.outcome is outcome)

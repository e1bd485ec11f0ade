"""The books of a run: what became of each step of the plan. Kept by the run machine alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from stepwell.core.actions import Failed, LogEvent, LogLine
from stepwell.core.errors import FailureKind
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Outcome, StepReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.actions import Ok
    from stepwell.core.actions import Outcome as Answer
    from stepwell.core.errors import Fault
    from stepwell.core.plan import Plan, Segment, Step

_NOTHING: Mapping[Version, float] = MappingProxyType({})


class Why(StrEnum):
    """Why a run stops before its end. `stale`: the plan does not hold any more and has to be made anew."""

    FAILED = "failed"
    LOCKED = "locked"
    STALE = "stale"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run stopped before its end. `interrupted` stands beside the reason: a run can be that, and in doubt."""

    fault: Fault | None
    why: Why = Why.FAILED
    interrupted: bool = False

    @property
    def stale(self) -> bool:
        """Whether the plan has to be made anew; never for a run that was interrupted."""
        return self.why is Why.STALE and not self.interrupted

    @property
    def locked(self) -> bool:
        """Whether somebody else held the lock for too long."""
        return self.why is Why.LOCKED

    @property
    def in_doubt(self) -> bool:
        """Whether nobody can tell if something of the run stands."""
        return self.why is Why.IN_DOUBT


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What came of a run: a report for every step, and why it stopped (None: it came to its end)."""

    steps: tuple[StepReport, ...]
    ending: Ending | None

    @property
    def finished(self) -> tuple[StepReport, ...]:
        """The steps that stand."""
        return tuple(step for step in self.steps if step.outcome in {Outcome.APPLIED, Outcome.REVERTED})


class Ledger:
    """What became of each step so far, and whether the run was interrupted; `end` closes the books."""

    def __init__(self, plan: Plan) -> None:
        self._reports: dict[Version, StepReport] = {}
        self._interruption: Fault | None = None
        for segment in plan.segments:
            self.begin(segment)

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants the run to stop: then nothing is tried again."""
        return self._interruption is not None

    def note(self, outcome: Answer) -> None:
        """Remember an interruption, whatever was being done when it came."""
        if isinstance(outcome, Failed) and outcome.kind is FailureKind.INTERRUPTED:
            self._interruption = self._interruption or outcome.fault

    def begin(self, segment: Segment) -> None:
        """A segment, or another attempt of it, begins: nothing of it has run."""
        self._reset(segment, segment.steps)

    def ran(self, step: Step, ok: Ok) -> None:
        """A step ran to its end; whether it stands is decided with its segment."""
        self._reports[step.version] = self._reports[step.version]._replace(
            outcome=Outcome.UNDONE,
            elapsed_ms=ok.elapsed_ms,
            statements=ok.statements,
        )

    def stand(self, steps: Iterable[Step], elapsed_ms: Mapping[Version, float] = _NOTHING) -> None:
        """These steps stand; their times, where the database knows them better than who waited for it."""
        for step in steps:
            report = self._reports[step.version]
            self._reports[step.version] = report._replace(
                outcome=Outcome.APPLIED if step.direction is Direction.UP else Outcome.REVERTED,
                elapsed_ms=elapsed_ms.get(step.version, report.elapsed_ms),
            )

    def doubt(self, steps: Iterable[Step]) -> None:
        """Nobody knows whether these steps stand."""
        self._set(steps, Outcome.IN_DOUBT)

    def fail(self, segment: Segment, fault: Fault) -> tuple[LogLine, ...]:
        """The segment failed: who is to blame, what ran and was undone, what never ran. Gives the lines to log.

        A fault without a version blames nobody: then all that ran was undone.
        """
        blamed = Version(fault.version) if fault.version is not None else None
        for index, step in enumerate(segment.steps):
            if step.version == blamed:
                self._set([step], Outcome.FAILED)
                self._reset(
                    segment, segment.steps[index + 1 :]
                )  # what was queued behind the failure never ran
        outcomes = ((step, self._reports[step.version].outcome) for step in segment.steps)
        return tuple(
            _line(step, segment, outcome, fault) for step, outcome in outcomes if outcome in _FAILURES
        )

    def end(self, ending: Ending | None) -> RunEnd:
        """Close the books."""
        if self._interruption is not None:
            known = ending or Ending(None)
            ending = replace(known, fault=known.fault or self._interruption, interrupted=True)
        return RunEnd(tuple(self._reports.values()), ending)

    def _reset(self, segment: Segment, steps: Iterable[Step]) -> None:
        for step in steps:
            self._reports[step.version] = StepReport(
                step.version, step.migration.name, Outcome.NOT_RUN, segment.number
            )

    def _set(self, steps: Iterable[Step], outcome: Outcome) -> None:
        for step in steps:
            self._reports[step.version] = self._reports[step.version]._replace(outcome=outcome)


_FAILURES = {Outcome.FAILED: LogEvent.FAILED, Outcome.UNDONE: LogEvent.UNDONE}


def _line(step: Step, segment: Segment, outcome: Outcome, fault: Fault) -> LogLine:
    error = fault.message if outcome is Outcome.FAILED else None
    return LogLine(_FAILURES[outcome], step.version, step.direction, segment.number, error=error)


def final_line(step: Step, segment: Segment, ok: Ok) -> LogLine:
    """The line of the log that is written together with a record."""
    event = LogEvent.APPLIED if step.direction is Direction.UP else LogEvent.REVERTED
    count = len(ok.statements)
    return LogLine(
        event, step.version, step.direction, segment.number, statements=count, elapsed_ms=ok.elapsed_ms
    )

"""The books of a run: what became of each step of the plan. Kept by the run machine alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stepwell.core.actions import LogEvent, LogLine, Ok
from stepwell.core.errors import Fault
from stepwell.core.migration import Direction, Version
from stepwell.core.plan import Plan, Segment, Step
from stepwell.core.report import Outcome, StepReport


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run stops before its end. `stale`: the plan does not hold any more and has to be made anew."""

    fault: Fault | None
    stale: bool = False
    locked: bool = False
    in_doubt: bool = False
    interrupted: bool = False


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
    """What became of each step so far; `end` closes the books."""

    def __init__(self, plan: Plan) -> None:
        self._reports = {
            step.version: StepReport(step.version, step.migration.name, Outcome.NOT_RUN, segment.number)
            for segment in plan.segments
            for step in segment.steps
        }

    def begin(self, segment: Segment) -> None:
        """A segment, or another attempt of it, begins: nothing of it has run."""
        self._set(segment.steps, Outcome.NOT_RUN)

    def ran(self, step: Step, ok: Ok) -> None:
        """A step ran to its end; whether it stands is decided with its segment."""
        self._reports[step.version] = replace(
            self._reports[step.version],
            outcome=Outcome.UNDONE,
            elapsed_ms=ok.elapsed_ms,
            statements=ok.statements,
        )

    def commit(self, segment: Segment) -> None:
        """The segment stands."""
        for step in segment.steps:
            self._set([step], Outcome.APPLIED if step.direction is Direction.UP else Outcome.REVERTED)

    def doubt(self, segment: Segment) -> None:
        """Nobody knows whether the segment stands."""
        self._set(segment.steps, Outcome.IN_DOUBT)

    def fail(self, segment: Segment, fault: Fault) -> tuple[LogLine, ...]:
        """The segment failed: the culprit, what ran before it and was undone, what never ran. Gives the lines to log."""
        culprit = self._culprit(segment, fault)
        if culprit is not None:
            at = segment.steps.index(culprit)
            self._set([culprit], Outcome.FAILED)
            self._set(segment.steps[at + 1 :], Outcome.NOT_RUN)
        lines = []
        for step in segment.steps:
            outcome = self._reports[step.version].outcome
            if outcome is Outcome.FAILED:
                lines.append(_line(LogEvent.FAILED, step, segment, fault.message))
            elif outcome is Outcome.UNDONE:
                lines.append(_line(LogEvent.UNDONE, step, segment))
        return tuple(lines)

    def _culprit(self, segment: Segment, fault: Fault) -> Step | None:
        for step in segment.steps:
            if fault.version is not None and step.version == Version(fault.version):
                return step
        return None

    def end(self, ending: Ending | None) -> RunEnd:
        """Close the books."""
        return RunEnd(tuple(self._reports.values()), ending)

    def _set(self, steps: Iterable[Step], outcome: Outcome) -> None:
        for step in steps:
            self._reports[step.version] = replace(self._reports[step.version], outcome=outcome)


def _line(event: LogEvent, step: Step, segment: Segment, error: str | None = None) -> LogLine:
    return LogLine(event, step.version, step.direction, segment.number, error=error)

"""From the end of a run to its report, and to the error that tells of a failure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stepwell.core.errors import (
    ContradictionError,
    Fault,
    LockTimeoutError,
    MisuseError,
    StepError,
)
from stepwell.core.migration import Direction
from stepwell.core.report import Outcome, RunReport, StepReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.errors import (
        StepwellError,
    )
    from stepwell.core.ledger import Ending
    from stepwell.core.migration import Version
    from stepwell.core.plan import Plan
    from stepwell.core.report import Adopted, SegmentReport
    from stepwell.core.wish import Wish
    from stepwell.ports import Batch

INTERRUPTED = 130
MISUSE = frozenset({"misuse", "refused", "outside_step"})  # codes of faults that only a `MisuseError` has


def interrupted(report: RunReport) -> asyncio.CancelledError:
    """What the cancellation of a run's task raises: what could be undone was; its `report` tells of every step.

    Exactly that class and none of our own: `asyncio.timeout` of Python 3.11 and 3.12 takes no other for its own doing.
    """
    error = asyncio.CancelledError("the run was interrupted")
    vars(error)["report"] = report
    return error


def planned(made: Plan) -> tuple[StepReport, ...]:
    """Every step of a plan, not run."""
    return tuple(
        StepReport(step.version, step.migration.name, Outcome.PLANNED, segment.number)
        for segment in made.segments
        for step in segment.steps
    )


@dataclass(frozen=True, slots=True)
class Course:
    """What a run was about, and what it found before its first step; `notes` are about what was taken over."""

    wish: Wish
    batch: Batch
    began: float
    warnings: tuple[str, ...] = ()
    segments: tuple[SegmentReport, ...] = ()
    adopted: tuple[Adopted, ...] = ()
    notes: tuple[str, ...] = ()


def finish(
    context: Context, course: Course, steps: Sequence[StepReport], ending: Ending | None = None
) -> RunReport:
    """Give the report of a success; raise the error of a failure with its report."""
    if ending is not None and not context.dialect.abilities.transactional_ddl:
        ending = _with_way_back(ending, steps, course)
    error = _error(ending) if ending is not None else None
    report = RunReport(
        ok=error is None,
        direction=course.wish.direction,
        dry_run=False,
        batch=course.batch.id,
        elapsed_ms=(context.clock() - course.began) * 1000,
        steps=tuple(steps),
        segments=course.segments,
        warnings=(*course.notes, *course.warnings),
        error=ending.fault if ending is not None else None,
        exit_code=error.exit_code if error is not None else 0,
        stands=None if error is None or ending is None else _stands(steps, course, ended=_ended(ending)),
        adopted=course.adopted,
    )
    if ending is not None and ending.interrupted:
        raise interrupted(report)
    if error is not None:
        error.report = report
        raise error
    return report


def _with_way_back(ending: Ending, steps: Sequence[StepReport], course: Course) -> Ending:
    """Where a failed batch can't be undone, and something of it stands, the hint says how to take that back."""
    stands = any(step.outcome is Outcome.APPLIED for step in steps)
    if not stands or ending.fault is None or ending.in_doubt:
        return ending
    offer = f"to take back what this run has applied: 'stepwell rollback --batch {course.batch.id}'"
    hint = f"{ending.fault.hint}; {offer}" if ending.fault.hint else offer
    return replace(ending, fault=replace(ending.fault, hint=hint))


def _error(ending: Ending) -> StepwellError:
    fault = ending.fault or Fault("the run ended for a reason that is not known", code="internal")
    if ending.interrupted:
        stopped = StepError(fault)
        stopped.exit_code = INTERRUPTED
        return stopped
    if ending.locked:
        return LockTimeoutError(fault.message, hint=fault.hint)
    if ending.in_doubt or fault.code == "changed_since_failure":
        return ContradictionError(fault.message, place=fault.place, hint=fault.hint)
    return MisuseError(fault) if fault.code in MISUSE else StepError(fault)


def _stands(steps: Sequence[StepReport], course: Course, *, ended: bool) -> str:
    """What a failure left behind, in a sentence."""
    done = Outcome.APPLIED if course.wish.direction is Direction.UP else Outcome.REVERTED
    whole = {version for segment in course.segments if segment.transactional for version in segment.versions}
    by_outcome = {outcome: [step.version for step in steps if step.outcome is outcome] for outcome in Outcome}
    half = [version for version in by_outcome[Outcome.FAILED] if version not in whole]
    parts = [f"{_list(by_outcome[done])} {done}, and recorded" if by_outcome[done] else f"nothing was {done}"]
    if course.adopted:
        parts.insert(
            0, f"{_list([each.version for each in course.adopted])} recorded, since what they give is there"
        )
    if half:
        parts.append(
            f"{_list(half)} has no transaction: what came before the failure stands, and the next run goes on there"
        )
    if undone := by_outcome[Outcome.UNDONE]:
        parts.append(f"{_list(undone)} undone")
    if by_outcome[Outcome.FAILED] and ended:
        parts.append(
            f"what {_list(by_outcome[Outcome.FAILED])} itself committed stands too, and is not recorded"
        )
    if doubtful := by_outcome[Outcome.IN_DOUBT]:
        parts.append(f"in doubt: {_list(doubtful)}")
    return "; ".join(parts)


def _ended(ending: Ending) -> bool:
    return ending.fault is not None and ending.fault.code == "transaction_ended"


def _list(versions: Sequence[Version]) -> str:
    return ", ".join(version.text for version in versions)

"""A segment without a transaction: one step, statement by statement, each with an intent before and a done mark after.

The record is written when all statements are done, in a transaction of its own. What stands when something fails is
never undone: a later run resumes at the first statement that is not done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from stepwell.core.actions import (
    Abort,
    Apply,
    Commit,
    Committed,
    Execute,
    Failed,
    Inquire,
    Inquired,
    Keep,
    Log,
    LogEvent,
    LogLine,
    Ok,
    Resume,
    Wants,
)
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.history import command
from stepwell.core.ledger import Ending, Why, final_line
from stepwell.core.run.patience import acquire, retried
from stepwell.core.run.settle import settle
from stepwell.core.run.values import UNANSWERED, blamed, failure_of

if TYPE_CHECKING:
    from stepwell.core.history import HistoryMark
    from stepwell.core.ledger import Ledger
    from stepwell.core.plan import Segment, Step
    from stepwell.core.run.patience import RunPolicy
    from stepwell.core.run.values import Part


TEXT_OF_DIGEST = 66  # characters; what follows is that of the values


class _Where(Enum):
    """Between statements it is known what was done; during one it is not; with the record, the database knows."""

    BETWEEN = auto()
    DURING = auto()
    RECORD = auto()


@dataclass(frozen=True, slots=True)
class _Stopped:
    """Where a step stopped, and why."""

    failure: Failed
    where: _Where = _Where.BETWEEN


def journalled(
    segment: Segment, mark: HistoryMark, policy: RunPolicy, ledger: Ledger
) -> Part[HistoryMark | Ending]:
    """Run the one step of a segment. Gives the history after it, or why the run stops here."""
    (step,) = segment.steps
    refusal = yield from retried(lambda: acquire(segment, mark, policy), policy, ledger)
    if refusal is not None:
        return Ending(refusal.fault) if isinstance(refusal, Failed) else refusal
    stopped = yield from _apply(step, segment, ledger)
    if stopped is not None:
        return (yield from _stop(stopped, step, segment, ledger))
    ledger.stand([step])
    outcome = yield Commit(segment)
    if isinstance(outcome, Committed):
        return outcome.mark
    failure = failure_of(outcome)  # the step stands; only the lock was not given back
    if failure.kind is not FailureKind.LOST:
        yield Abort(segment, failure.fault.message)
    return Ending(failure.fault)


def _stop(stopped: _Stopped, step: Step, segment: Segment, ledger: Ledger) -> Part[Ending]:
    failure = blamed(stopped.failure, step)
    yield Abort(segment, failure.fault.message)
    if stopped.where is _Where.RECORD and failure.kind in UNANSWERED:
        settled = yield from settle([step], failure, ledger)
        if isinstance(settled, Ending):
            return settled
    doubtful = stopped.where is _Where.DURING and (yield from _in_doubt(step))
    yield Log(ledger.fail(segment, failure.fault))
    if doubtful:
        ledger.doubt([step])
        return Ending(_told_doubt(step, failure.fault), Why.IN_DOUBT)
    return Ending(failure.fault)


def _in_doubt(step: Step) -> Part[bool]:
    """Whether nobody can tell if the statement ran whose answer was lost: the database is asked."""
    outcome = yield Inquire(step)
    if not isinstance(outcome, Inquired):
        return True
    return outcome.attempt is not None and outcome.attempt.in_doubt


def _apply(step: Step, segment: Segment, ledger: Ledger) -> Part[_Stopped | None]:
    if found := _found_done(step, segment):
        logged = yield Log((found,))
        if not isinstance(logged, Ok):
            return _Stopped(failure_of(logged))
    ran = yield from _statements(step, segment)
    if isinstance(ran, _Stopped):
        return ran
    ledger.ran(step, ran)
    kept = yield Keep(step, final_line(step, segment, ran))
    return None if isinstance(kept, Ok) else _Stopped(failure_of(kept), _Where.RECORD)


def _found_done(step: Step, segment: Segment) -> LogLine | None:
    """The mark that a former run could not write any more, for a statement that ran as the catalog tells."""
    attempt = step.attempt
    if attempt is None or attempt.judgement is None or (entry := attempt.found_done) is None:
        return None
    return LogLine(
        LogEvent.DONE,
        step.version,
        step.direction,
        segment.number,
        statement=entry.statement,
        digest=entry.digest,
        error=f"found done: {attempt.judgement.why}",
    )


def _statements(step: Step, segment: Segment) -> Part[Ok | _Stopped]:
    """All statements of a step; those that a former run has done are passed over, if they are still the same."""
    done = step.attempt.done if step.attempt is not None else ()
    reached = 0
    outcome = yield Apply(step, segment)
    while isinstance(outcome, Wants):
        if outcome.index < len(done):
            if problem := _not_passed_over(step, outcome, done[outcome.index]):
                return _Stopped(Failed(problem))
        elif stopped := (yield from _statement(step, segment, outcome)):
            return stopped
        reached = outcome.index + 1
        outcome = yield Resume(step)
    if not isinstance(outcome, Ok):
        return _Stopped(failure_of(outcome))
    return outcome if reached >= len(done) else _Stopped(Failed(_changed_since(step, reached)))


def _statement(step: Step, segment: Segment, wants: Wants) -> Part[_Stopped | None]:
    """Intent, statement, done mark. Where the answer is lost the intent stays alone: in doubt."""
    line = LogLine(
        LogEvent.INTENT,
        step.version,
        step.direction,
        segment.number,
        statement=wants.index + 1,
        digest=wants.digest,
    )
    logged = yield Log((line,))
    if not isinstance(logged, Ok):
        return _Stopped(failure_of(logged))
    ran = yield Execute(step)
    if isinstance(ran, Ok):
        logged = yield Log((replace(line, event=LogEvent.DONE, elapsed_ms=ran.elapsed_ms),))
        return None if isinstance(logged, Ok) else _Stopped(failure_of(logged), _Where.DURING)
    failure = failure_of(ran)
    if failure.kind in UNANSWERED:
        return _Stopped(failure, _Where.DURING)
    logged = yield Log((replace(line, event=LogEvent.STATEMENT_FAILED),))
    # Without its mark the failure looks to the next run like an answer that was lost, and is told like one.
    return _Stopped(failure, _Where.BETWEEN if isinstance(logged, Ok) else _Where.DURING)


def _told_doubt(step: Step, fault: Fault) -> Fault:
    return replace(
        fault,
        hint=f"{step.version} is in doubt: see 'stepwell log', look at the database, then say "
        f"{command('repair --done', step.version)} (the statement ran) "
        f"or {command('repair --not-done', step.version)} (it did not)",
    )


def _not_passed_over(step: Step, wants: Wants, done: str | None) -> Fault | None:
    """Why a statement can't be taken for the one that a former run has done."""
    if done != wants.digest:
        same_text = done is not None and done[:TEXT_OF_DIGEST] == wants.digest[:TEXT_OF_DIGEST]
        return _other_values(step, wants.index) if same_text else _changed_since(step, wants.index)
    return _session_gone(step, wants.index) if wants.bound else None


def _changed_since(step: Step, index: int) -> Fault:
    return _not_resumed(
        step,
        f"statement {index + 1} of {step.version} is not the one that was done before: the file has changed since",
        "restore the file, or see 'stepwell log' and decide with 'stepwell mark' or 'stepwell unmark'",
    )


def _other_values(step: Step, index: int) -> Fault:
    return _not_resumed(
        step,
        f"statement {index + 1} of {step.version} has other values than the one that was done before: "
        "what was done has changed what the migration reads, or a clock was read",
        "finish it by hand and say 'stepwell mark', or undo by hand what was done of it and say 'stepwell unmark'; "
        "a step without a transaction has to make the same statements each time",
    )


def _session_gone(step: Step, index: int) -> Fault:
    return _not_resumed(
        step,
        f"statement {index + 1} of {step.version} was done in a session that is gone, and what it did with it: "
        "the statements after it would not find that",
        "finish it by hand and say 'stepwell mark', or undo by hand what was done of it and say 'stepwell unmark'; "
        "without a transaction leave out temporary tables, locks and set_config(), or use SET",
    )


def _not_resumed(step: Step, message: str, hint: str) -> Fault:
    return Fault(
        message,
        code="changed_since_failure",
        version=step.version.text,
        place=step.migration.place,
        hint=hint,
    )

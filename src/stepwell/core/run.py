"""The run machine: a generator that turns a plan into actions and hears of their outcomes; it holds every decision of a run.

No I/O and no clock: the shell (`app/drive.py`) performs an action and sends what came of it. What the machine promises
is checked by properties in `tests/core/test_run.py`: every `Acquire` that was held ends exactly once, a record stands in
the transaction of its change, and applied + failed + undone + not run is the plan.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count

from stepwell.core.actions import (
    Abort,
    Acquire,
    Action,
    Apply,
    Busy,
    Commit,
    Committed,
    Confirm,
    Confirmed,
    Execute,
    Failed,
    FailureKind,
    Held,
    Keep,
    Log,
    LogEvent,
    LogLine,
    Ok,
    Outcome,
    Prepare,
    Resume,
    Sleep,
    Wants,
)
from stepwell.core.errors import Fault
from stepwell.core.history import HistoryMark
from stepwell.core.ledger import Ending, Ledger, RunEnd
from stepwell.core.migration import Direction
from stepwell.core.plan import Plan, Segment, Step

FIRST_POLL = 0.05
LONGEST_POLL = 1.0
FIRST_RETRY = 0.2

Machine = Generator[Action, Outcome, RunEnd]
Part = Generator[Action, Outcome, HistoryMark | Ending]


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """How long to wait and how often to try; times in seconds. `jitter` gives a number from 0 to 1."""

    lock_wait: float = 60.0
    attempts: int = 5
    jitter: Callable[[], float] = lambda: 0.5


def run(plan: Plan, policy: RunPolicy, *, prepare: bool = False) -> Machine:
    """Run a plan, segment by segment, until its end or the first failure.

    With `prepare`, the tool's own tables are made first.
    """
    ledger = Ledger(plan)
    if prepare:
        ready = yield from _poll(Prepare(), policy)
        if isinstance(ready, Ending):
            return ledger.end(ready)
    mark = plan.mark
    for segment in plan.segments:
        part = _transaction if segment.transactional else _open
        ended = yield from part(segment, mark, policy, ledger)
        if isinstance(ended, Ending):
            return ledger.end(ended)
        mark = ended
    return (yield from _confirmed(plan, ledger))


def _confirmed(plan: Plan, ledger: Ledger) -> Machine:
    """No success is told that the database does not confirm."""
    versions = tuple(step.version for step in plan.steps)
    if not versions:
        return ledger.end(None)
    outcome = yield Confirm(versions)
    if isinstance(outcome, Confirmed) and outcome.versions is not None:
        lacking = [version for version in versions if version not in outcome.versions]
        if not lacking:
            return ledger.end(None)
        what = f"the log does not confirm {lacking[0]}: the commit was acknowledged, but the database does not have it"
    else:
        what = "the run was committed, but the database can't be asked to confirm it"
    return ledger.end(Ending(Fault(what, code="not_confirmed"), in_doubt=True))


# --- a segment with a transaction -------------------------------------------------------------------------------------


def _transaction(segment: Segment, mark: HistoryMark, policy: RunPolicy, ledger: Ledger) -> Part:
    for attempt in count(1):
        ledger.begin(segment)
        refusal = yield from _acquire(segment, mark, policy)
        if refusal is not None:
            return refusal
        failure = yield from _apply_all(segment, ledger)
        if failure is None:
            outcome = yield Commit(segment)
            if isinstance(outcome, Committed):
                ledger.commit(segment)
                return outcome.mark
            failure = _failure(outcome)
            if failure.kind is FailureKind.LOST:
                return (yield from _settle(segment, ledger, failure))
        else:
            yield Abort(segment, failure.fault.message)
        if failure.kind is not FailureKind.RETRYABLE or attempt >= policy.attempts:
            yield Log(ledger.fail(segment, failure.fault))
            return Ending(failure.fault, interrupted=failure.kind is FailureKind.INTERRUPTED)
        slept = yield Sleep(_backoff(attempt, policy), retry_of=failure.fault.message, attempt=attempt)
        if isinstance(slept, Failed):
            ledger.fail(segment, failure.fault)
            return Ending(slept.fault, interrupted=True)
    raise AssertionError("count() does not end")  # pragma: no cover


def _apply_all(segment: Segment, ledger: Ledger) -> Generator[Action, Outcome, Failed | None]:
    for step in segment.steps:
        outcome = yield Apply(step, segment)
        if not isinstance(outcome, Ok):
            return _failure(outcome)
        ledger.ran(step, outcome)
        outcome = yield Keep(step, _final_line(step, segment, outcome))
        if not isinstance(outcome, Ok):
            return _failure(outcome)
    return None


def _settle(segment: Segment, ledger: Ledger, failure: Failed) -> Part:
    """A COMMIT without an answer is neither success nor failure: ask the database."""
    outcome = yield Confirm(tuple(step.version for step in segment.steps))
    if isinstance(outcome, Confirmed) and outcome.versions is not None:
        if all(step.version in outcome.versions for step in segment.steps):
            ledger.commit(segment)
            return Ending(None, stale=True)
        yield Log(ledger.fail(segment, failure.fault))
        return Ending(failure.fault)
    ledger.doubt(segment)
    return Ending(failure.fault, in_doubt=True)


# --- a step without a transaction -------------------------------------------------------------------------------------


def _open(segment: Segment, mark: HistoryMark, policy: RunPolicy, ledger: Ledger) -> Part:
    ledger.begin(segment)
    refusal = yield from _acquire(segment, mark, policy)
    if refusal is not None:
        return refusal
    (step,) = segment.steps
    failure = yield from _apply_journalled(step, segment, ledger)
    if failure is None:
        outcome = yield Commit(segment)
        if isinstance(outcome, Committed):
            ledger.commit(segment)
            return outcome.mark
        failure = _failure(outcome)
    else:
        yield Log(ledger.fail(segment, failure.fault))
        yield Abort(segment, failure.fault.message)
    return Ending(failure.fault, interrupted=failure.kind is FailureKind.INTERRUPTED)


def _apply_journalled(
    step: Step, segment: Segment, ledger: Ledger
) -> Generator[Action, Outcome, Failed | None]:
    done = step.attempt.done if step.attempt is not None else ()
    outcome = yield Apply(step, segment)
    while isinstance(outcome, Wants):
        if outcome.index < len(done):
            if done[outcome.index] != outcome.digest:
                return Failed(_changed_since(step, outcome.index))
        elif failure := (yield from _journalled(step, segment, outcome)):
            return failure
        outcome = yield Resume(step)
    if not isinstance(outcome, Ok):
        return _failure(outcome)
    ledger.ran(step, outcome)
    kept = yield Keep(step, _final_line(step, segment, outcome))
    return None if isinstance(kept, Ok) else _failure(kept)


def _journalled(step: Step, segment: Segment, wants: Wants) -> Generator[Action, Outcome, Failed | None]:
    """Intent, statement, done mark. Where the answer is lost the intent stays alone: in doubt."""
    logged = yield Log((_statement_line(LogEvent.INTENT, step, segment, wants),))
    if not isinstance(logged, Ok):
        return _failure(logged)
    ran = yield Execute(step)
    if isinstance(ran, Ok):
        logged = yield Log((_statement_line(LogEvent.DONE, step, segment, wants, ran.elapsed_ms),))
        return None if isinstance(logged, Ok) else _failure(logged)
    failure = _failure(ran)
    if failure.kind is not FailureKind.LOST:
        yield Log((_statement_line(LogEvent.STATEMENT_FAILED, step, segment, wants),))
    return failure


def _changed_since(step: Step, index: int) -> Fault:
    return Fault(
        f"statement {index + 1} of {step.version} is not the one that was done before: the file has changed since",
        code="changed_since_failure",
        version=step.version.text,
        hint="restore the file, or see 'stepwell log' and decide with 'stepwell mark' or 'stepwell unmark'",
    )


# --- the lock ---------------------------------------------------------------------------------------------------------


def _acquire(
    segment: Segment, mark: HistoryMark, policy: RunPolicy
) -> Generator[Action, Outcome, Ending | None]:
    """Take the lock, and see that the history under it is what the plan assumed."""
    outcome = yield from _poll(Acquire(segment), policy)
    if isinstance(outcome, Ending):
        return outcome
    if isinstance(outcome, Held) and outcome.mark == mark:
        return None
    yield Abort(segment, "the history is not what the plan assumed")
    return Ending(None, stale=True)


def _poll(action: Prepare | Acquire, policy: RunPolicy) -> Generator[Action, Outcome, Held | Ok | Ending]:
    """Try again while somebody else holds the lock, never longer than `lock_wait`."""
    waited, pause = 0.0, FIRST_POLL
    while True:
        outcome = yield action
        if isinstance(outcome, Held | Ok):
            return outcome
        if not isinstance(outcome, Busy):
            failure = _failure(outcome)
            return Ending(failure.fault, interrupted=failure.kind is FailureKind.INTERRUPTED)
        if waited >= policy.lock_wait:
            return Ending(_locked(outcome, policy), locked=True)
        seconds = min(pause * (0.5 + policy.jitter()), max(policy.lock_wait - waited, 0.001))
        slept = yield Sleep(seconds, waited, outcome.holder)
        if isinstance(slept, Failed):
            return Ending(slept.fault, interrupted=True)
        waited, pause = waited + seconds, min(pause * 1.5, LONGEST_POLL)


def _locked(busy: Busy, policy: RunPolicy) -> Fault:
    who = busy.holder or "somebody else"
    return Fault(
        f"locked: {who} holds the lock, waited {policy.lock_wait:g} s",
        code="locked",
        hint="wait for that run, wait longer with --lock-wait, or see 'stepwell unlock'",
    )


def _backoff(attempt: int, policy: RunPolicy) -> float:
    return float(FIRST_RETRY * 2 ** (attempt - 1) * (0.5 + policy.jitter()))


# --- values -----------------------------------------------------------------------------------------------------------


def _failure(outcome: Outcome) -> Failed:
    """An outcome that does not fit the action is a failure of the shell, and told as one rather than passed over."""
    if isinstance(outcome, Failed):
        return outcome
    return Failed(Fault(f"unexpected outcome {type(outcome).__name__}", code="internal"))


def _final_line(step: Step, segment: Segment, outcome: Ok) -> LogLine:
    event = LogEvent.APPLIED if step.direction is Direction.UP else LogEvent.REVERTED
    return LogLine(
        event,
        step.version,
        step.direction,
        segment.number,
        statements=len(outcome.statements),
        elapsed_ms=outcome.elapsed_ms,
    )


def _statement_line(
    event: LogEvent, step: Step, segment: Segment, wants: Wants, elapsed_ms: float | None = None
) -> LogLine:
    return LogLine(
        event,
        step.version,
        step.direction,
        segment.number,
        statement=wants.index + 1,
        elapsed_ms=elapsed_ms,
        digest=wants.digest,
    )

"""How long the run machine waits for the lock, and how often it tries again. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from stepwell.core.actions import Abort, Acquire, Busy, Failed, Held, Ok, Sleep
from stepwell.core.errors import FailureKind, locked
from stepwell.core.ledger import Ending, Why
from stepwell.core.run.values import failure_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.actions import Prepare
    from stepwell.core.history import HistoryMark
    from stepwell.core.ledger import Ledger
    from stepwell.core.plan import Segment
    from stepwell.core.run.values import Part, T

FIRST_POLL = 0.05
LONGEST_POLL = 1.0
FIRST_RETRY = 0.2
# Adding up rounded pauses may never quite reach the limit: the last one is at least this long.
SHORTEST_PAUSE = 0.001


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """How long to wait and how often to try; times in seconds. `jitter` gives a number from 0 to 1."""

    lock_wait: float = 60.0
    attempts: int = 5
    jitter: Callable[[], float] = lambda: 0.5


def retried(once: Callable[[], Part[T]], policy: RunPolicy, ledger: Ledger) -> Part[T]:
    """Try again after a lock timeout, a deadlock or a serialization failure, unless somebody wants the run to stop.

    `once` makes one attempt, and leaves nothing begun where it gives `Failed`.
    """
    for attempt in count(1):
        result = yield from once()
        if not isinstance(result, Failed) or result.kind is not FailureKind.RETRYABLE:
            return result
        if attempt >= policy.attempts or ledger.interrupted:
            return result
        seconds = float(FIRST_RETRY * 2 ** (attempt - 1) * (0.5 + policy.jitter()))
        slept = yield Sleep(seconds, retry_of=result.fault.message, attempt=attempt)
        if not isinstance(slept, Ok):
            return result
    raise AssertionError("count() does not end")  # pragma: no cover


def acquire(segment: Segment, mark: HistoryMark, policy: RunPolicy) -> Part[Ending | Failed | None]:
    """Take the lock, and see that the history under it is what the plan assumed. Gives None where it is."""
    outcome = yield from poll(Acquire(segment), policy)
    if isinstance(outcome, Ending):
        return outcome
    if not isinstance(outcome, Held):
        failure = failure_of(outcome)
        if failure.kind is FailureKind.INTERRUPTED:  # the lock may have been taken before
            yield Abort(segment, failure.fault.message)
        return failure
    if outcome.mark == mark:
        return None
    yield Abort(segment, "the history is not what the plan assumed")
    return Ending(None, Why.STALE)


def poll(action: Prepare | Acquire, policy: RunPolicy) -> Part[Held | Ok | Failed | Ending]:
    """Try again while somebody else holds the lock, never longer than `lock_wait`."""
    waited, pause = 0.0, FIRST_POLL
    while True:
        outcome = yield action
        if not isinstance(outcome, Busy):
            return outcome if isinstance(outcome, Held | Ok) else failure_of(outcome)
        if waited >= policy.lock_wait:
            return Ending(locked(outcome.holder, policy.lock_wait), Why.LOCKED)
        left = max(policy.lock_wait - waited, SHORTEST_PAUSE)
        seconds = min(pause * (0.5 + policy.jitter()), left)
        slept = yield Sleep(seconds, waited, outcome.holder)
        if not isinstance(slept, Ok):
            return Ending(failure_of(slept).fault)
        waited, pause = waited + seconds, min(pause * 1.5, LONGEST_POLL)

"""A segment with a transaction: apply and record every step, commit; or abort, and perhaps try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.actions import Abort, Apply, Commit, Committed, Failed, Keep, Log, Ok
from stepwell.core.errors import FailureKind
from stepwell.core.ledger import Ending, final_line
from stepwell.core.run.patience import acquire, retried
from stepwell.core.run.settle import settle, told_standing
from stepwell.core.run.values import UNANSWERED, blamed, failure_of

if TYPE_CHECKING:
    from stepwell.core.history import HistoryMark
    from stepwell.core.ledger import Ledger
    from stepwell.core.plan import Segment
    from stepwell.core.run.patience import RunPolicy
    from stepwell.core.run.values import Part


def transaction(
    segment: Segment, mark: HistoryMark, policy: RunPolicy, ledger: Ledger
) -> Part[HistoryMark | Ending]:
    """Run a segment, as often as it may be tried. Gives the history after it, or why the run stops here."""
    result = yield from retried(lambda: _once(segment, mark, policy, ledger), policy, ledger)
    if not isinstance(result, Failed):
        return result
    if lines := ledger.fail(segment, result.fault):
        yield Log(lines)
    return Ending(result.fault)


def _once(
    segment: Segment, mark: HistoryMark, policy: RunPolicy, ledger: Ledger
) -> Part[HistoryMark | Ending | Failed]:
    """One attempt. Whatever it gives, nothing is begun any more."""
    ledger.begin(segment)
    refusal = yield from acquire(segment, mark, policy)
    if refusal is not None:
        return refusal
    failure = yield from _apply_all(segment, ledger)
    if failure is not None:
        yield Abort(segment, failure.fault.message)
        if failure.kind is FailureKind.ENDED:
            yield from told_standing(segment.steps, ledger)
        return failure
    outcome = yield Commit(segment)
    if isinstance(outcome, Committed):
        ledger.stand(segment.steps, outcome.elapsed_ms)
        return outcome.mark
    return (yield from _not_committed(segment, failure_of(outcome), ledger))


def _apply_all(segment: Segment, ledger: Ledger) -> Part[Failed | None]:
    for step in segment.steps:
        outcome = yield Apply(step, segment)
        if not isinstance(outcome, Ok):
            return blamed(failure_of(outcome), step)
        ledger.ran(step, outcome)
        kept = yield Keep(step, final_line(step, segment, outcome))
        if not isinstance(kept, Ok):
            return blamed(failure_of(kept), step)
    return None


def _not_committed(segment: Segment, failure: Failed, ledger: Ledger) -> Part[Ending | Failed]:
    """A COMMIT without an answer is neither success nor failure: ask the database.

    The transaction is ended first, lest the database be asked inside of it; a lost connection has ended it already.
    """
    if failure.kind is not FailureKind.LOST:
        yield Abort(segment, failure.fault.message)
    if failure.kind in UNANSWERED:
        return (yield from settle(segment.steps, failure, ledger))
    return failure

"""The course of a run: the tool's own tables, segment after segment, confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.actions import Failed, Prepare
from stepwell.core.ledger import Ending, Ledger
from stepwell.core.run.journal import journalled
from stepwell.core.run.patience import poll, retried
from stepwell.core.run.settle import confirmed
from stepwell.core.run.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Generator

    from stepwell.core.actions import Action, Outcome
    from stepwell.core.plan import Plan
    from stepwell.core.run.patience import RunPolicy
    from stepwell.core.run.values import Machine, Part


def run(plan: Plan, policy: RunPolicy, *, prepare: bool = False) -> Machine:
    """Run a plan, segment by segment, until its end or the first failure.

    With `prepare`, the tool's own tables are made first. The machine ends for every sequence of outcomes, and raises
    for none. An interruption, whichever action it hits, is told in the end.
    """
    ledger = Ledger(plan)
    ending = yield from _noting(_course(plan, policy, ledger, prepare=prepare), ledger)
    return ledger.end(ending)


def _noting(
    course: Generator[Action, Outcome, Ending | None], ledger: Ledger
) -> Generator[Action, Outcome, Ending | None]:
    """Let the ledger see every outcome, also of actions of which nothing depends."""
    try:
        action = next(course)
        while True:
            outcome = yield action
            ledger.note(outcome)
            action = course.send(outcome)
    except StopIteration as stop:
        ending: Ending | None = stop.value
        return ending


def _course(plan: Plan, policy: RunPolicy, ledger: Ledger, *, prepare: bool) -> Part[Ending | None]:
    if prepare:
        ready = yield from retried(lambda: poll(Prepare(), policy), policy, ledger)
        if isinstance(ready, Failed):
            return Ending(ready.fault)
        if isinstance(ready, Ending):
            return ready
    mark = plan.mark
    for segment in plan.segments:
        part = transaction if segment.transactional else journalled
        ended = yield from part(segment, mark, policy, ledger)
        if isinstance(ended, Ending):
            return ended
        mark = ended
    return (yield from confirmed(plan.steps, ledger))

"""Asking the database what stands: after a lost answer, and before any success is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.actions import Confirm, Confirmed
from stepwell.core.errors import Fault
from stepwell.core.ledger import Ending, Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.actions import Failed, Outcome
    from stepwell.core.ledger import Ledger
    from stepwell.core.migration import Version
    from stepwell.core.plan import Step
    from stepwell.core.run.values import Part


def settle(steps: Sequence[Step], failure: Failed, ledger: Ledger) -> Part[Ending | Failed]:
    """Find out what an unanswered COMMIT (or record) did, for steps that stand or fall together.

    Gives the failure where nothing stands. Where all stands the plan has to be made anew, since the history under the
    lock is not known any more.
    """
    known = _known((yield Confirm(tuple(step.version for step in steps))))
    if known is not None:
        standing = [step for step in steps if step.version in known]
        if not standing:
            return failure
        if len(standing) == len(steps):
            ledger.stand(steps)
            return Ending(None, Why.STALE)
    ledger.doubt(steps)
    return Ending(failure.fault, Why.IN_DOUBT)


def told_standing(steps: Sequence[Step], ledger: Ledger) -> Part[None]:
    """A migration ended the transaction itself: what was recorded in it before stands, and is told so."""
    known = _known((yield Confirm(tuple(step.version for step in steps)))) or frozenset()
    ledger.stand([step for step in steps if step.version in known])


def confirmed(steps: Sequence[Step], ledger: Ledger) -> Part[Ending | None]:
    """No success is told that the database does not confirm. Gives None where it does."""
    if not steps:
        return None
    known = _known((yield Confirm(tuple(step.version for step in steps))))
    if known is None:
        what = "the run was committed, but the database can't be asked to confirm it"
        return Ending(Fault(what, code="not_confirmed"), Why.IN_DOUBT)
    lacking = [step for step in steps if step.version not in known]
    if not lacking:
        return None
    ledger.doubt(lacking)
    first = lacking[0].version
    what = f"the log does not confirm {first}: the commit was acknowledged, but the database does not have it"
    return Ending(Fault(what, code="not_confirmed", version=first.text), Why.IN_DOUBT)


def _known(outcome: Outcome) -> frozenset[Version] | None:
    return outcome.versions if isinstance(outcome, Confirmed) else None

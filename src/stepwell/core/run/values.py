"""The types of the run machine and its parts, and how an outcome is read as a failure."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.actions import Action, Failed, Outcome
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.ledger import RunEnd

if TYPE_CHECKING:
    from stepwell.core.plan import Step

T = TypeVar("T")

Machine = Generator[Action, Outcome, RunEnd]
Part = Generator[Action, Outcome, T]  # a part of the machine: asks for actions, and gives a T in the end

UNANSWERED = frozenset({FailureKind.LOST, FailureKind.INTERRUPTED})
"""Whatever was asked for may have been done all the same."""


def failure_of(outcome: Outcome) -> Failed:
    """An outcome that does not fit its action is a failure of the shell, and told as one rather than passed over."""
    if isinstance(outcome, Failed):
        return outcome
    return Failed(Fault(f"unexpected outcome {type(outcome).__name__}", code="internal"))


def blamed(failure: Failed, step: Step) -> Failed:
    """The same failure, of this step where it did not say of which."""
    if failure.fault.version is not None:
        return failure
    return replace(failure, fault=failure.fault.at(step.version.text, step.migration.place))

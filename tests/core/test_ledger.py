"""The books of a run: what became of each step, and what is logged of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.actions import Failed, LogEvent, Ok
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.ledger import Ending, Ledger, Why
from stepwell.core.migration import Direction, Version
from stepwell.core.report import StatementReport
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan

RAN = Ok(2.0, (StatementReport("SELECT 1"),))


@pytest.fixture
def made(world: type[World]) -> Plan:
    """Three steps in one transaction, then one without."""
    return world("001 <- 002 <- 003 <- 004", declared={"004": "open"}).plan(Wish(Direction.UP))


def outcomes(end: RunEnd) -> str:
    return " ".join(str(step.outcome) for step in end.steps)


def test_nothing_has_run_at_first(made: Plan) -> None:
    end = Ledger(made).end(None)
    assert outcomes(end) == "not_run not_run not_run not_run"
    assert [(step.version.text, step.name, step.segment) for step in end.steps] == [
        ("001", "step", 1),
        ("002", "step", 1),
        ("003", "step", 1),
        ("004", "step", 2),
    ]
    assert end.ending is None
    assert end.finished == ()


def test_what_ran_stands_only_with_its_segment(made: Plan) -> None:
    ledger = Ledger(made)
    first, second, third = made.segments[0].steps
    ledger.ran(first, RAN)
    assert outcomes(ledger.end(None)) == "undone not_run not_run not_run"
    ledger.ran(second, RAN)
    ledger.ran(third, RAN)
    ledger.stand(made.segments[0].steps, {Version("002"): 9.0})
    end = ledger.end(None)
    assert outcomes(end) == "applied applied applied not_run"
    assert [step.elapsed_ms for step in end.steps] == [2.0, 9.0, 2.0, None]
    assert end.finished == end.steps[:3]


def test_a_failure_blames_its_step(made: Plan) -> None:
    ledger = Ledger(made)
    for step in made.segments[0].steps:
        ledger.ran(step, RAN)
    lines = ledger.fail(made.segments[0], Fault("no such table", version="2"))
    end = ledger.end(None)
    assert outcomes(end) == "undone failed not_run not_run"
    assert [(line.event, line.version.text, line.error, line.segment) for line in lines] == [
        (LogEvent.UNDONE, "001", None, 1),
        (LogEvent.FAILED, "002", "no such table", 1),
    ]
    assert end.steps[1].statements == RAN.statements, "what the failed one did is told"
    assert end.steps[2].statements == (), "what was queued behind it never ran"


def test_a_failure_of_nobody_undoes_all(made: Plan) -> None:
    ledger = Ledger(made)
    for step in made.segments[0].steps:
        ledger.ran(step, RAN)
    lines = ledger.fail(made.segments[0], Fault("the commit failed"))
    assert outcomes(ledger.end(None)) == "undone undone undone not_run"
    assert {line.event for line in lines} == {LogEvent.UNDONE}


def test_a_failure_before_anything_ran_has_nothing_to_log(made: Plan) -> None:
    assert Ledger(made).fail(made.segments[0], Fault("the connection failed")) == ()


def test_another_attempt_begins_anew(made: Plan) -> None:
    ledger = Ledger(made)
    ledger.ran(made.segments[0].steps[0], RAN)
    ledger.begin(made.segments[0])
    (first, *_) = ledger.end(None).steps
    assert (first.statements, first.elapsed_ms) == ((), None)


def test_doubt_is_no_success(made: Plan) -> None:
    ledger = Ledger(made)
    ledger.doubt(made.segments[1].steps)
    end = ledger.end(Ending(Fault("lost"), Why.IN_DOUBT))
    assert outcomes(end) == "not_run not_run not_run in_doubt"
    assert end.finished == ()


ENDINGS = [
    (Why.FAILED, False, []),
    (Why.LOCKED, False, ["locked"]),
    (Why.STALE, False, ["stale"]),
    (Why.IN_DOUBT, False, ["in_doubt"]),
    (Why.IN_DOUBT, True, ["in_doubt", "interrupted"]),
    (Why.STALE, True, ["interrupted"]),
]


@pytest.mark.parametrize(("why", "interrupted", "expected"), ENDINGS)
def test_what_an_ending_says(why: Why, interrupted: bool, expected: list[str]) -> None:
    ending = Ending(Fault("x"), why, interrupted)
    assert [
        word for word in ("locked", "stale", "in_doubt", "interrupted") if getattr(ending, word)
    ] == expected


def test_an_interruption_is_told_in_the_end(made: Plan) -> None:
    ledger = Ledger(made)
    assert not ledger.interrupted
    ledger.note(Failed(Fault("deadlock"), FailureKind.RETRYABLE))
    ledger.note(Ok())
    assert not ledger.interrupted
    ledger.note(Failed(Fault("first"), FailureKind.INTERRUPTED))
    ledger.note(Failed(Fault("second"), FailureKind.INTERRUPTED))
    assert ledger.interrupted
    assert ledger.end(None).ending == Ending(Fault("first"), Why.FAILED, interrupted=True)
    assert ledger.end(Ending(Fault("known"), Why.IN_DOUBT)).ending == Ending(
        Fault("known"), Why.IN_DOUBT, interrupted=True
    )
    assert ledger.end(Ending(None, Why.STALE)).ending == Ending(Fault("first"), Why.STALE, interrupted=True)

"""What the run machine promises, on random plans and whatever may fail. The database that fails: see run_model.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.run_model import Database, Fate, Migrations

from stepwell.core.actions import (
    Acquire,
    Action,
    Busy,
    Committed,
    Confirmed,
    Execute,
    Failed,
    Held,
    Inquired,
    LogEvent,
    Ok,
    Outcome,
    Prepare,
    Sleep,
    Wants,
)
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.history import HistoryMark
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Outcome as Came
from stepwell.core.run import RunPolicy, run

if TYPE_CHECKING:
    from tests.core.conftest import World

    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan

MOST_ACTIONS = 3_000


@st.composite
def migrations(draw: st.DrawFn) -> Migrations:
    names = (f"{number:03}" for number in range(1, 100))
    in_transaction = st.integers(1, 3).map(lambda count: tuple(next(names) for _ in range(count)))
    segments = draw(st.lists(st.integers(0, 3) | in_transaction, min_size=1, max_size=4))
    return Migrations(tuple(segments), draw(st.sampled_from(Direction)))


POLICIES = st.builds(
    RunPolicy,
    lock_wait=st.sampled_from([0.0, 0.1, 1.0]),
    attempts=st.integers(1, 3),
    jitter=st.sampled_from([0.0, 0.3, 1.0]).map(lambda number: lambda: number),
)


def drive(
    made: Plan, policy: RunPolicy, database: Database, *, prepare: bool = False
) -> tuple[RunEnd, list[Action]]:
    """Run the machine against the database, to its end."""
    machine = run(made, policy, prepare=prepare)
    actions: list[Action] = []
    outcome: Outcome | None = None
    while len(actions) < MOST_ACTIONS:
        try:
            actions.append(next(machine) if outcome is None else machine.send(outcome))
        except StopIteration as stop:
            return stop.value, actions
        outcome = database.perform(actions[-1])
    raise AssertionError("the machine does not end")


@given(migrations(), POLICIES, st.data(), st.booleans())
@settings(max_examples=400)
def test_one_run(
    world: type[World], given_ones: Migrations, policy: RunPolicy, data: st.DataObject, prepare: bool
) -> None:
    database = given_ones.database(Fate(data))
    made = given_ones.plan(world, database)
    end, actions = drive(made, policy, database, prepare=prepare)
    assert database.held is None, "every Acquire that was held has ended"
    check_report(end, made, database)
    check_bounds(actions, policy, database)
    assert max(database.executed.values(), default=0) <= 1


def check_report(end: RunEnd, made: Plan, database: Database) -> None:
    """The report is the plan, and tells the truth."""
    assert [step.version for step in end.steps] == [step.version for step in made.steps]
    transactional = {
        step.version: segment.transactional for segment in made.segments for step in segment.steps
    }
    done = Came.APPLIED if made.direction is Direction.UP else Came.REVERTED
    for step in end.steps:
        stands = step.version in database.records
        assert stands == (step.outcome is done) or step.outcome is Came.IN_DOUBT
        assert step.outcome is not Came.UNDONE or transactional[step.version]
        assert step.outcome in {done, Came.NOT_RUN, Came.UNDONE, Came.FAILED, Came.IN_DOUBT}
    if end.ending is None:
        assert all(step.outcome is done for step in end.steps)
        assert not database.interrupted
    else:
        assert end.ending.interrupted == database.interrupted
        assert not (end.ending.interrupted and end.ending.stale)
        assert end.ending.fault is not None or end.ending.stale
        doubtful = any(step.outcome is Came.IN_DOUBT for step in end.steps)
        assert end.ending.in_doubt or not doubtful


def check_bounds(actions: list[Action], policy: RunPolicy, database: Database) -> None:
    """Nothing is tried for ever."""
    assert max(database.attempts.values(), default=0) <= policy.attempts
    waited = 0.0
    for action in actions:
        if isinstance(action, Sleep) and action.retry_of is None:
            assert action.waited == waited
            waited += action.seconds
            assert waited <= policy.lock_wait + 0.001
        elif not isinstance(action, Acquire | Prepare):
            waited = 0.0


@given(migrations(), POLICIES, st.data())
@settings(max_examples=300)
def test_run_after_run_until_all_is_done(
    world: type[World], given_ones: Migrations, policy: RunPolicy, data: st.DataObject
) -> None:
    """However often it fails: run again, and in the end each statement was executed once, and all stands."""
    database = given_ones.database(Fate(data))
    end = None
    for number in range(4):
        database = replace(
            database, fate=Fate(data, faulty=number < 3), interrupted=False, attempts=Counter()
        )
        made = given_ones.plan(world, database)
        doubtful = [step.version for step in made.steps if step.attempt is not None and step.attempt.in_doubt]
        if doubtful:
            return  # the plan refuses this: whether the report said so is the next property
        end, _ = drive(made, policy, database)
    assert end is not None
    assert end.ending is None
    assert database.records == {Version(version) for versions, _ in given_ones.named for version in versions}
    assert set(database.executed.values()) <= {1}
    assert sum(database.executed.values()) == sum(database.statements.values())


@given(migrations(), POLICIES, st.data())
@settings(max_examples=300)
def test_what_will_be_in_doubt_was_said_to_be(
    world: type[World], given_ones: Migrations, policy: RunPolicy, data: st.DataObject
) -> None:
    """The report and the journal agree, but where the intent itself had no answer: then the statement never ran."""
    database = given_ones.database(Fate(data))
    end, actions = drive(given_ones.plan(world, database), policy, database)
    came = {step.version: step.outcome for step in end.steps}
    for step in given_ones.plan(world, database).steps:
        if step.attempt is not None and step.attempt.in_doubt:
            executes = [action for action in actions if isinstance(action, Execute)]
            never_ran = len(executes) < sum(line.event is LogEvent.INTENT for line in database.journal)
            assert came[step.version] is (Came.FAILED if never_ran else Came.IN_DOUBT)


OUTCOMES = st.sampled_from(
    [
        Ok(),
        Held(HistoryMark()),
        Busy(),
        Wants(0, "a"),
        Wants(1, "b"),
        Committed(HistoryMark()),
        Confirmed(None),
        Confirmed(frozenset()),
        Inquired(None),
        *(Failed(Fault(kind.value), kind) for kind in FailureKind),
    ]
)


@given(migrations(), POLICIES, st.lists(OUTCOMES, min_size=1, max_size=60), st.booleans())
@settings(max_examples=300)
def test_no_sequence_of_outcomes_makes_it_raise(
    world: type[World], given_ones: Migrations, policy: RunPolicy, outcomes: list[Outcome], prepare: bool
) -> None:
    """Also outcomes that don't belong to their action, as of a shell with a fault in it."""
    made = given_ones.plan(world, given_ones.database(Fate(None, faulty=False)))  # type: ignore[arg-type]
    machine = run(made, policy, prepare=prepare)
    next(machine)
    for outcome in outcomes:
        try:
            machine.send(outcome)
        except StopIteration as stop:
            end: RunEnd = stop.value
            assert [step.version for step in end.steps] == [step.version for step in made.steps]
            return
    machine.close()

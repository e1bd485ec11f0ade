"""What `rollback` would do: files, history and wish, and the plan that follows. How to read a case: see `World`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.plan_cases import FIVE, Case, Refused, Show, assert_refused

from stepwell.core.errors import ContradictionError, IrreversibleError, TargetError, UsageError
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

ALL = "001 002 003 004 005"


PLANS = {
    # --- how far ---
    "nothing is applied": Case(FIVE, ""),
    "the last one": Case(FIVE, ALL, steps="005"),
    "the last one applied, not the highest": Case(FIVE, "001 005 002", steps="002"),
    "two steps": Case(FIVE, ALL, {"steps": 2}, steps="005 004"),
    "more steps than there are": Case(FIVE, ALL, {"steps": 99}, steps="005 004 003 002 001"),
    "no step, when all that was wished for is done": Case(FIVE, ALL, {"steps": 0}),
    "everything after the target": Case(FIVE, ALL, {"target": "002"}, steps="005 004 003"),
    "a target by value, not by text": Case(FIVE, ALL, {"target": "4"}, steps="005"),
    "the last target": Case(FIVE, ALL, {"target": "005"}),
    "base": Case(FIVE, ALL, {"target": "base"}, steps="005 004 003 002 001"),
    "BASE": Case(FIVE, "001", {"target": "BASE"}, steps="001"),
    "what is pending is no step": Case(FIVE, "001 003 005", {"target": "001"}, steps="005 003"),
    "after the target in plan order, not by number": Case(
        "003 <- 001\n002", "003 002 001", {"target": "003"}, steps="001"
    ),
    "what stands before the target stays, though it was applied later": Case(
        FIVE, "001 003 002", {"target": "003"}
    ),
    "what stands before the target stays, the rest goes": Case(
        FIVE, "001 003 005 002 004", {"target": "003"}, steps="004 005"
    ),
    "a target of which only the record is there": Case(FIVE, f"{ALL} 007", {"target": "007"}),
    # --- in which sequence: the reverse of application, unless a dependency forbids it ---
    "the reverse of application": Case(
        FIVE, "001 004 002 005 003", {"target": "base"}, steps="003 005 002 004 001"
    ),
    "a dependency is reverted after what needs it, whatever the ids say": Case(
        "001 <- 002 <- 003", "003 002 001", {"target": "base"}, steps="003 002 001"
    ),
    "ids that contradict a part of the graph": Case(
        """
        001 <- 002
        003
        """,
        "002 003 001",
        {"target": "base"},
        steps="003 002 001",
    ),
    "the last one applied is needed by another: that one goes": Case("001 <- 002", "002 001", steps="002"),
    "by way of one that is not applied": Case(
        "001 <- 002 <- 003", "003 001", {"target": "base"}, steps="003 001"
    ),
    "one step, by way of one that is not applied": Case("001 <- 002 <- 003", "003 001", steps="003"),
    "by way of several that are not applied": Case(
        """
        001 <- 002 <- 004 <- 006
        001 <- 003 <- 005
        """,
        "006 005 001",
        {"target": "base"},
        steps="005 006 001",
    ),
    # --- what does not stand in the way ---
    "a missing file that stays": Case("001 <- 003", "001 002 003", steps="003"),
    "a changed file, and it is said": Case(
        FIVE,
        "001 002~",
        steps="002",
        warnings=("changed after being applied: 002 step; down() is run as the file has it now",),
    ),
    "a changed file that stays": Case(FIVE, "001~ 002", steps="002"),
    "a changed file, strictly, but allowed": Case(
        FIVE,
        "001 002~",
        {"strict": True, "allow_changed": True},
        steps="002",
        warnings=("changed after being applied: 002 step; down() is run as the file has it now",),
    ),
    "an irreversible one that stays": Case(
        FIVE, ALL, {"target": "003"}, steps="005 004", declared={"003": "stuck"}
    ),
    "half reverted is resumed": Case(
        FIVE,
        "001 002",
        steps="[002]",
        declared={"002": "open"},
        begun={"002": "down: intent done intent statement_failed"},
    ),
    "without a transaction": Case(
        FIVE,
        "001 002 003",
        {"target": "base"},
        steps="003 | [002] | 001",
        declared={"002": "open"},
        warnings=(
            (
                "not one transaction but 3 segments: it commits after 003 (002 runs without a transaction); "
                "after 002 (002 runs without a transaction)"
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", PLANS.values(), ids=PLANS)
def test_plan(world: type[World], show: Show, case: Case) -> None:
    here = world(case.files, case.applied, case.declared, case.begun)
    made = here.plan(Wish(Direction.DOWN, **case.wish))
    assert show(made) == case.steps
    assert made.warnings == case.warnings
    assert made.direction is Direction.DOWN
    records = {record.version: record for record in here.history.records}
    assert all(step.record == records[step.version] for step in made.steps)


REFUSALS = {
    # --- target ---
    "a target that does not exist": Refused(
        FIVE,
        ALL,
        {"target": "009"},
        TargetError,
        2,
        "the target 009 does not exist",
        "see 'stepwell status' for the versions there are",
    ),
    "a target that can't be a version": Refused(
        FIVE, ALL, {"target": ""}, UsageError, 2, "a version can't be empty", None
    ),
    "a target that is not applied": Refused(
        FIVE,
        "001 003",
        {"target": "002"},
        TargetError,
        2,
        "the target 002 is not applied",
        "a rollback ends at a migration that is applied, or at 'base'",
    ),
    # --- irreversible, missing, changed ---
    "no down": Refused(
        FIVE,
        ALL,
        {"target": "001"},
        IrreversibleError,
        4,
        "db/migrations/003_step.py:5: irreversible: 003 step has no down()",
        "nothing was reverted; choose a target at or after 003",
        declared={"003": "one-way"},
    ),
    "declared irreversible, and one more in the way": Refused(
        FIVE,
        ALL,
        {"target": "base"},
        IrreversibleError,
        4,
        "db/migrations/004_step.py:5: irreversible: 004 step is declared irreversible, and 1 more",
        "nothing was reverted; choose a target at or after 004",
        declared={"004": "stuck", "002": "one-way"},
    ),
    "the file is missing": Refused(
        "001 <- 003",
        "001 002 003",
        {"target": "001"},
        ContradictionError,
        6,
        "can't be reverted, since the file is missing: 002 step",
        "restore the file; a record without anything behind it is removed by 'stepwell unmark 002'",
    ),
    "the file of the last one is missing": Refused(
        "001",
        "001 002",
        {},
        ContradictionError,
        6,
        "can't be reverted, since the file is missing: 002 step",
        None,
    ),
    "the history of another project": Refused(
        "001",
        "101 102",
        {},
        ContradictionError,
        6,
        "this looks like the history of another project: none of its 2 migrations is among these files",
        "check 'url', 'table' and 'schema'",
    ),
    "changed, strictly": Refused(
        FIVE,
        "001 002~",
        {"strict": True},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: changed after being applied: 002 step",
        None,
    ),
    # --- a step without transaction that began ---
    "in doubt": Refused(
        FIVE,
        "001 002",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: in doubt: nobody can tell whether statement 1 of 002 step ran",
        None,
        declared={"002": "open"},
        begun={"002": "down: intent"},
    ),
    "half applied": Refused(
        FIVE,
        "001",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: half applied: 002 step began and did not finish",
        "run 'stepwell migrate' first: it resumes at the first statement that was not done; "
        "if nothing of it is there, 'stepwell unmark 002' makes it pending, whole",
        declared={"002": "open"},
        begun={"002": "up: intent done intent statement_failed"},
    ),
    "half reverted without a transaction, and now in one": Refused(
        FIVE,
        "001 002",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: half done: 1 of the statements of 002 step ran without a transaction, "
        "and now it is to run in one",
        None,
        begun={"002": "down: intent done intent statement_failed"},
    ),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refusal(world: type[World], case: Refused) -> None:
    assert_refused(world, Direction.DOWN, case)

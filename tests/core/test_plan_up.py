"""What `migrate` would do: files, history and wish, and the plan that follows. How to read a case: see `World`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.plan_cases import FIVE, Case, Refused, Show, assert_refused

from stepwell.core.errors import (
    ContradictionError,
    MigrationError,
    Place,
    TargetError,
    UsageError,
)
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World


PLANS = {
    "no files": Case(""),
    "everything": Case(FIVE, steps="001 002 003 004 005"),
    "the rest": Case(FIVE, "001 002", steps="003 004 005"),
    "nothing": Case(FIVE, "001 002 003 004 005"),
    "nothing, whatever the order of application was": Case(FIVE, "001 005 003 004 002"),
    # --- target: everything that stands at or before it in plan order ---
    "up to the target": Case(FIVE, wish={"target": "003"}, steps="001 002 003"),
    "up to the target, not only what it needs": Case(
        """
        001 <- 002
        003
        """,
        wish={"target": "003"},
        steps="001 002 003",
    ),
    "at or before in plan order, not by number": Case(
        "003 <- 001\n002", wish={"target": "003"}, steps="002 003"
    ),
    "a target by value, not by text": Case(FIVE, wish={"target": "2"}, steps="001 002"),
    "a target that is applied": Case(FIVE, "001 002 003", wish={"target": "002"}),
    "a target that is applied, with one pending below": Case(
        FIVE,
        "001 003",
        wish={"target": "003"},
        steps="002",
        warnings=("out of order: 002 step stands before a migration that is applied already",),
    ),
    "a target of which only the record is there": Case(
        FIVE,
        "001 007",
        wish={"target": "007"},
        steps="002 003 004 005",
        warnings=(
            "the database is newer than these files: 007 step applied, no file here",
            "out of order: 002 step, 003 step, 004 step, 005 step stand before a migration that is applied already",
        ),
    ),
    # --- only needed: the target and what it depends on ---
    "only what the target needs": Case(FIVE, wish={"target": "004", "only_needed": True}, steps="001 004"),
    "only what is needed and pending": Case(
        FIVE, "001", wish={"target": "004", "only_needed": True}, steps="004"
    ),
    "what is needed by a long way": Case(
        """
        001 <- 003 <- 005
        002 <- 004
        """,
        wish={"target": "005", "only_needed": True},
        steps="001 003 005",
    ),
    "only needed without a target needs all": Case(
        FIVE, wish={"only_needed": True}, steps="001 002 003 004 005"
    ),
    # --- out of order ---
    "out of order is applied and said": Case(
        FIVE,
        "001 003 005",
        steps="002 004",
        warnings=("out of order: 002 step, 004 step stand before a migration that is applied already",),
    ),
    "in plan order there is nothing out of order": Case("003 <- 001", "003", steps="001"),
    "strict is silent in order": Case(FIVE, "001 002", wish={"strict": True}, steps="003 004 005"),
    "strict does not mind what is not wanted now": Case(
        FIVE, "001 002 004", wish={"strict": True, "target": "002"}
    ),
    # --- what was cut off ---
    "what ran is not run again, and that is said": Case(
        "001 <- 002",
        "001",
        declared={"002": "open"},
        begun={"002": "up: intent done intent ran"},
        steps="[002]",
        warnings=(
            "statement 2 of 002 step was cut off, but it ran, as the database tells (as it is): it is not run again",
        ),
    ),
    "what did not run is run, and that is said": Case(
        "001 <- 002",
        "001",
        declared={"002": "open"},
        begun={"002": "up: intent not_run"},
        steps="[002]",
        warnings=(
            "statement 1 of 002 step was cut off and did not run, as the database tells (as it is): it is run now",
        ),
    ),
    "what may run twice is run, and that is said": Case(
        "001 <- 002",
        "001",
        declared={"002": "open"},
        begun={"002": "up: intent repeatable"},
        steps="[002]",
        warnings=("statement 1 of 002 step was cut off and may have run: it is run again (as it is)",),
    ),
    # --- changed ---
    "changed is allowed on request, and said": Case(
        FIVE,
        "001~ 002",
        wish={"allow_changed": True},
        steps="003 004 005",
        warnings=("changed after being applied: 001 step (allowed by --allow-changed)",),
    ),
    "without a checksum nothing is changed": Case(FIVE, "001? 002?", steps="003 004 005"),
    # --- missing ---
    "missing and newer than every file: an older deployment": Case(
        FIVE,
        "001 002 003 004 005 006 007",
        warnings=("the database is newer than these files: 006 step, 007 step applied, no file here",),
    ),
    "missing and older is allowed on request, and said": Case(
        "001 <- 003",
        "001 002",
        wish={"allow_missing": True},
        steps="003",
        warnings=("applied, but the file is missing: 002 step (allowed by --allow-missing)",),
    ),
    "of another project, allowed on request, and said": Case(
        "101 <- 102",
        "001 200",
        wish={"allow_missing": True},
        steps="101 102",
        warnings=(
            "applied, but the file is missing: 001 step (allowed by --allow-missing)",
            "the database is newer than these files: 200 step applied, no file here",
            "out of order: 101 step, 102 step stand before a migration that is applied already",
        ),
    ),
    "one file in common is enough to be of this project": Case(
        "001 <- 002",
        "001 008 009",
        steps="002",
        warnings=(
            "the database is newer than these files: 008 step, 009 step applied, no file here",
            "out of order: 002 step stands before a migration that is applied already",
        ),
    ),
    "one that began here is enough too": Case(
        "001",
        "009",
        steps="[001]",
        warnings=(
            "the database is newer than these files: 009 step applied, no file here",
            "out of order: 001 step stands before a migration that is applied already",
        ),
        declared={"001": "open"},
        begun={"001": "up: intent done intent statement_failed"},
    ),
    "a project without files yet": Case(
        "", "009", warnings=("the database is newer than these files: 009 step applied, no file here",)
    ),
    "missing on both sides": Case(
        "002",
        "001 002 003",
        wish={"allow_missing": True},
        warnings=(
            "applied, but the file is missing: 001 step (allowed by --allow-missing)",
            "the database is newer than these files: 003 step applied, no file here",
        ),
    ),
    "no files at all, and a history": Case(
        "", "001", warnings=("the database is newer than these files: 001 step applied, no file here",)
    ),
    "of many only a few are named": Case(
        "001",
        "001 002 003 004 005 006 007 008",
        warnings=(
            (
                "the database is newer than these files: 002 step, 003 step, 004 step, 005 step, 006 step and 2 more "
                "applied, no file here"
            ),
        ),
    ),
    # --- a step without transaction that began ---
    "failed is resumed": Case(
        FIVE,
        "001",
        steps="[002] | 003 004 005",
        declared={"002": "open"},
        begun={"002": "up: intent done intent statement_failed"},
        warnings=(
            "not one transaction but 2 segments: it commits after 002 (002 runs without a transaction)",
        ),
    ),
    "failed before anything was done may run in a transaction now": Case(
        FIVE, "001", steps="002 003 004 005", begun={"002": "up: intent statement_failed"}
    ),
}


@pytest.mark.parametrize("case", PLANS.values(), ids=PLANS)
def test_plan(world: type[World], show: Show, case: Case) -> None:
    made = world(case.files, case.applied, case.declared, case.begun).plan(Wish(Direction.UP, **case.wish))
    assert show(made) == case.steps
    assert made.warnings == case.warnings
    assert made.direction is Direction.UP
    assert made.mark == world(case.files, case.applied).history.mark


REFUSALS = {
    # --- target ---
    "a target that does not exist": Refused(
        FIVE,
        "",
        {"target": "009"},
        TargetError,
        2,
        "the target 009 does not exist",
        "see 'stepwell status' for the versions there are",
    ),
    "a target that can't be a version": Refused(
        FIVE,
        "",
        {"target": "a/b"},
        UsageError,
        2,
        "the version 'a/b' may hold only letters, digits, '_', '.' and '-'",
        None,
    ),
    "base": Refused(
        FIVE,
        "001",
        {"target": "base"},
        TargetError,
        2,
        "'base' is no target of migrate: it stands before every migration",
        "to revert everything: stepwell rollback --target base",
    ),
    # --- out of order ---
    "out of order, strictly": Refused(
        FIVE,
        "001 003",
        {"strict": True},
        ContradictionError,
        6,
        "out of order: 002 step stands before a migration that is applied already",
        "without --strict it is applied now, since its dependencies are met",
    ),
    # --- changed, missing ---
    "changed": Refused(
        FIVE,
        "001 002~ 003~",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: changed after being applied: 002 step, 003 step",
        "restore the file and put the change into a new migration; if the database has the change already, "
        "'stepwell mark 002' accepts the file as it is; to go on regardless: --allow-changed",
    ),
    "changed, though it stands after the target": Refused(
        FIVE,
        "001 003~",
        {"target": "001"},
        ContradictionError,
        6,
        "db/migrations/003_step.py:5: changed after being applied: 003 step",
        None,
    ),
    "allowing the missing allows nothing that is changed": Refused(
        FIVE,
        "001~",
        {"allow_missing": True},
        ContradictionError,
        6,
        "db/migrations/001_step.py:5: changed after being applied: 001 step",
        None,
    ),
    "missing and older than the newest file": Refused(
        "001 <- 003",
        "001 002",
        {"allow_changed": True},
        ContradictionError,
        6,
        "applied, but the file is missing: 002 step",
        "restore the file, or forget the record with 'stepwell unmark 002', or go on without it: --allow-missing",
    ),
    "the history of another project": Refused(
        FIVE,
        "101 102",
        {},
        ContradictionError,
        6,
        "this looks like the history of another project: none of its 2 migrations is among these files",
        "check 'url', 'table' and 'schema'; if it is the right one all the same: --allow-missing",
    ),
    "the history of another project, which is older": Refused(
        "200",
        "101",
        {"allow_changed": True},
        ContradictionError,
        6,
        "this looks like the history of another project: its one migration is not among these files",
        None,
    ),
    # --- a step without transaction that began ---
    "in doubt": Refused(
        FIVE,
        "001",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: in doubt: nobody can tell whether statement 2 of 002 step ran",
        "see 'stepwell log' and look at the database: 'stepwell repair --done 002' says that it ran, "
        "'stepwell repair --not-done 002' that it did not; "
        "or 'stepwell mark 002' (all of it is there), 'stepwell unmark 002' (none of it is there)",
        declared={"002": "open"},
        begun={"002": "up: intent done intent"},
    ),
    "in doubt, though the database was asked": Refused(
        FIVE,
        "001",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: in doubt: nobody can tell whether statement 1 of 002 step ran: as it is",
        None,
        declared={"002": "open"},
        begun={"002": "up: intent unknown"},
    ),
    "in doubt, though it stands after the target": Refused(
        FIVE,
        "",
        {"target": "001"},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: in doubt: nobody can tell whether statement 1 of 002 step ran",
        None,
        declared={"002": "open"},
        begun={"002": "up: intent"},
    ),
    "half reverted": Refused(
        FIVE,
        "001 002",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: half reverted: the rollback of 002 step began and did not finish",
        "run 'stepwell rollback' again: it resumes at the first statement that was not done",
        declared={"002": "open"},
        begun={"002": "down: intent done intent statement_failed"},
    ),
    "half done without a transaction, and now in one": Refused(
        FIVE,
        "001",
        {},
        ContradictionError,
        6,
        "db/migrations/002_step.py:5: half done: 2 of the statements of 002 step ran without a transaction, "
        "and now it is to run in one",
        "declare it without a transaction again, so that it resumes at the first statement that was not done; "
        "or undo those by hand, and say so: 'stepwell unmark 002'",
        begun={"002": "up: intent done intent done intent statement_failed"},
    ),
    # --- commands that refuse a transaction ---
    "a command that refuses a transaction, in Python": Refused(
        FIVE,
        "001",
        {},
        MigrationError,
        4,
        "db/migrations/003_step.py:7: VACUUM can't run in a transaction, but 003 step runs in one",
        "add 'transactional = False' to the class; a step without transaction is best alone in its file",
        declared={"003": "refuses"},
    ),
    "a command that refuses a transaction, in SQL": Refused(
        FIVE,
        "001",
        {},
        MigrationError,
        4,
        "db/migrations/003_step.sql:7: VACUUM can't run in a transaction, but 003 step runs in one",
        "write '-- migrate:up transaction:false'; a step without transaction is best alone in its file",
        declared={"003": "refuses sql"},
    ),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refusal(world: type[World], case: Refused) -> None:
    assert_refused(world, Direction.UP, case)


def test_several_commands_that_refuse_a_transaction_are_told_together(world: type[World]) -> None:
    with pytest.raises(MigrationError) as caught:
        world(FIVE, "", {"002": "refuses", "004": "refuses sql"}).plan(Wish(Direction.UP))
    assert [problem.place for problem in caught.value.problems] == [
        Place("db/migrations/002_step.py", 7),
        Place("db/migrations/004_step.sql", 7),
    ]


def test_what_will_not_run_may_hold_what_it_likes(world: type[World], show: Show) -> None:
    made = world(FIVE, "001", {"003": "refuses", "002": "refuses open"}).plan(
        Wish(Direction.UP, target="002")
    )
    assert show(made) == "[002]"


def test_an_engine_without_transactions_for_schema_changes_refuses_nothing(
    world: type[World], show: Show
) -> None:
    made = world("001", declared={"001": "refuses"}).plan(Wish(Direction.UP), transactional_ddl=False)
    assert show(made) == "[001]"


def test_a_step_knows_how_far_it_came(world: type[World]) -> None:
    here = world("001", declared={"001": "open"}, begun={"001": "up: intent done intent statement_failed"})
    (step,) = here.plan(Wish(Direction.UP)).steps
    assert step.attempt is not None
    assert step.attempt.done == ("digest 1",)
    assert step.record is None


def test_contradictions_come_before_targets(world: type[World]) -> None:
    """Whoever looks at a broken history does not care about a mistyped target first."""
    with pytest.raises(ContradictionError):
        world(FIVE, "001~").plan(Wish(Direction.UP, target="009"))

"""What `migrate` would do: files, history and wish, and the plan that follows. How to read a case: see `World`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.plan_cases import FIVE, Case, Show

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

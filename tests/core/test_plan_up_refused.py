"""What `migrate` refuses: files, history and wish, and the error that follows. How to read a case: see `World`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.core.plan_cases import FIVE, Refused, assert_refused

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


def test_contradictions_come_before_targets(world: type[World]) -> None:
    """Whoever looks at a broken history does not care about a mistyped target first."""
    with pytest.raises(ContradictionError):
        world(FIVE, "001~").plan(Wish(Direction.UP, target="009"))

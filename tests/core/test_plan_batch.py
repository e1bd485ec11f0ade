"""What `rollback --batch` would do: what stands of a batch by the log, and the plan that takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.core.plan_cases import FIVE, Case, Refused, Show, assert_refused

from stepwell.core.answers import LogEntry
from stepwell.core.errors import ContradictionError, DependedOnError, IrreversibleError, TargetError
from stepwell.core.migration import Direction, Version
from stepwell.core.plan.batch import batch_named
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

ALL = "001 002 003 004 005"
HALF = "up: intent done intent statement_failed"


def batch(members: str) -> dict[str, Any]:
    """The wish for a batch of which these stand."""
    return {"batch": "B", "members": frozenset(map(Version, members.split()))}


PLANS = {
    "what it applied, and nothing else": Case(FIVE, ALL, batch("003 005"), steps="005 003"),
    "the reverse of application": Case(FIVE, "001 005 003", batch("003 005"), steps="003 005"),
    "what needs another one goes before it, whatever the ids say": Case(
        "001 <- 002 <- 003", "003 002 001", batch("001 002 003"), steps="003 002 001"
    ),
    "nothing stands of it": Case(FIVE, ALL, batch("")),
    "one whose record is gone": Case(FIVE, "001 002", batch("002 003"), steps="002"),
    "applied later, and needed by nothing that goes": Case(FIVE, ALL, batch("002"), steps="002"),
    "an irreversible one of another batch": Case(
        FIVE, ALL, batch("005"), steps="005", declared={"004": "stuck"}
    ),
    "changed since": Case(
        FIVE,
        "001 002~",
        batch("002"),
        steps="002",
        warnings=("changed after being applied: 002 step; down() is run as the file has it now",),
    ),
    "half reverted goes on": Case(
        FIVE,
        "001 002",
        batch("002"),
        steps="[002]",
        declared={"002": "open"},
        begun={"002": "down: intent done intent statement_failed"},
    ),
    "a failed step of which nothing is done": Case(
        FIVE, "001 002", batch("001 002"), steps="002 001", begun={"003": "up: intent statement_failed"}
    ),
    "one that was cut off and did not run, as the database tells": Case(
        FIVE, "001 002", batch("002"), steps="002", begun={"003": "up: intent not_run"}
    ),
    "half of an idempotent one goes first": Case(
        FIVE,
        "001 002",
        batch("001 002 003"),
        steps="[003] | 002 001",
        warnings=(
            "not one transaction but 2 segments: it commits after 003 (003 runs without a transaction)",
        ),
        declared={"003": "open idempotent"},
        begun={"003": HALF},
    ),
    "what a way back of an idempotent one left": Case(
        FIVE,
        "",
        batch("003"),
        steps="[003]",
        declared={"003": "open idempotent"},
        begun={"003": "up:"},
    ),
    "an idempotent one that may have run": Case(
        FIVE,
        "001",
        batch("001 003"),
        steps="[003] | 001",
        warnings=(
            "not one transaction but 2 segments: it commits after 003 (003 runs without a transaction)",
        ),
        declared={"003": "open idempotent"},
        begun={"003": "up: intent repeatable"},
    ),
}


@pytest.mark.parametrize("case", PLANS.values(), ids=PLANS)
def test_plan(world: type[World], show: Show, case: Case) -> None:
    here = world(case.files, case.applied, case.declared, case.begun)
    made = here.plan(Wish(Direction.DOWN, **case.wish))
    assert show(made) == case.steps
    assert made.warnings == case.warnings
    records = {record.version: record for record in here.history.records}
    assert all(step.record == records.get(step.version) for step in made.steps)


HALF_APPLIED = "db/migrations/003_step.py:5: half applied: 003 step began and did not finish"
REFUSALS = {
    "another one needs it": Refused(
        "001 <- 002 <- 003",
        "001 002 003",
        batch("001 002"),
        DependedOnError,
        4,
        "db/migrations/003_step.py:5: 003 step depends on 001 step, and was not applied by this batch",
        "nothing was reverted; revert that first, or give a target: "
        "'stepwell rollback --target 001' reverts all that stands after 001",
    ),
    "another one needs it, by way of one that is not applied": Refused(
        "001 <- 002 <- 003",
        "001 003",
        batch("001"),
        DependedOnError,
        4,
        "db/migrations/003_step.py:5: 003 step depends on 001 step, and was not applied by this batch",
        None,
    ),
    "an irreversible one": Refused(
        FIVE,
        ALL,
        batch("004 005"),
        IrreversibleError,
        4,
        "db/migrations/004_step.py:5: irreversible: 004 step is declared irreversible",
        None,
        declared={"004": "stuck"},
    ),
    "a missing file": Refused(
        "001",
        "001 002",
        batch("002"),
        ContradictionError,
        6,
        "can't be reverted, since the file is missing: 002 step",
        None,
    ),
    "half applied": Refused(
        FIVE,
        "001 002",
        batch("001 002 003"),
        ContradictionError,
        6,
        HALF_APPLIED,
        "run 'stepwell migrate' first: it resumes at the first statement that was not done; "
        "if nothing of it is there, 'stepwell unmark 003' makes it pending, whole; "
        "declared 'idempotent' and with a way back, it would be reverted first, if this batch began it",
        declared={"003": "open"},
        begun={"003": HALF},
    ),
    "half of an idempotent one without a way back": Refused(
        FIVE,
        "001 002",
        batch("001 002 003"),
        ContradictionError,
        6,
        HALF_APPLIED,
        None,
        declared={"003": "open idempotent one-way"},
        begun={"003": HALF},
    ),
    "half of an idempotent one that another batch began": Refused(
        FIVE,
        "001 002",
        batch("001 002"),
        ContradictionError,
        6,
        HALF_APPLIED,
        None,
        declared={"003": "open idempotent"},
        begun={"003": HALF},
    ),
    "in doubt": Refused(
        FIVE,
        "001 002",
        batch("001 002 003"),
        ContradictionError,
        6,
        "db/migrations/003_step.py:5: in doubt: nobody can tell whether statement 1 of 003 step ran",
        None,
        declared={"003": "open idempotent"},
        begun={"003": "up: intent"},
    ),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refused(world: type[World], case: Refused) -> None:
    assert_refused(world, Direction.DOWN, case)


OTHERS = (
    "statement",
    "statements",
    "started_at",
    "elapsed_ms",
    "checksum",
    "user",
    "host",
    "tool",
    "error",
)

# --- what stands of a batch, by the log: rows such as `A 001 applied` ---

NAMED = {
    "the last one": ("A 001 applied; B 002 applied; B 003 applied", "001 002 003", "last", "B 002 003"),
    "by its id": ("A 001 applied; B 002 applied", "001 002", "A", "A 001"),
    "what was reverted does not stand": (
        "A 001 applied; B 002 applied; C 002 reverted", "001", "last", "A 001"
    ),
    "reverted and applied again": (
        "A 001 applied; B 001 reverted; C 001 applied", "001", "A", "A"
    ),
    "a record that is gone": ("A 001 applied; A 002 applied", "001", "last", "A 001"),
    "forgotten, and marked again": ("A 001 applied; B 001 unmarked; C 001 marked", "001", "A", "A"),
    "marked as it is now": ("A 001 applied; B 001 marked", "001", "A", "A 001"),
    "applied by nobody": ("A 001 marked", "001", "last", "last"),
    "a row about no migration": ("A 001 applied; B - applied", "001", "last", "A 001"),
    "an empty log": ("", "", "last", "last"),
    "what was undone": ("A 001 applied; B 002 failed; B 003 undone", "001", "last", "A 001"),
    "nothing of a batch that failed": ("A 001 applied; B 002 failed", "001", "B", "B"),
    "the last by what it did, not by its id": ("Z 001 applied; A 002 applied", "001 002", "last", "A 002"),
    "begun and not finished": (
        "A 001 applied; B 003 intent; B 003 done; B 003 intent; B 003 statement_failed", "001", "last", "B 003"
    ),
    "applied and begun": ("A 001 applied; A 003 intent; A 003 done", "001", "last", "A 001 003"),
    "begun by one, and by another again": (
        "A 003 intent; A 003 done; B 003 intent; B 003 statement_failed", "", "A", "A"
    ),
    "a way back that began": (
        "A 001 applied; B 001 down intent; B 001 down done", "001", "last", "A 001"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("log", "recorded", "asked", "expected"), NAMED.values(), ids=NAMED)
def test_batch_named(world: type[World], log: str, recorded: str, asked: str, expected: str) -> None:
    here = world("001\n002\n003", recorded, {}, {"003": HALF} if "003 intent" in log else {})
    found = batch_named(asked, entries(log), here.history)
    assert " ".join([found.id, *sorted(version.text for version in found.members)]) == expected


def test_a_batch_that_is_not_there(world: type[World]) -> None:
    with pytest.raises(TargetError, match="the log has no batch C"):
        batch_named("C", entries("A 001 applied"), world("001", "001").history)


def entries(log: str) -> list[LogEntry]:
    """Rows of the log in short."""
    found = []
    for number, row in enumerate(filter(None, log.split("; ")), 1):
        name, version, *direction, event = row.split()
        found.append(entry(number, name, version, direction[0] if direction else "up", event))
    return found


def entry(number: int, name: str, version: str, direction: str, event: str) -> LogEntry:
    """One row; nothing else of it matters here."""
    return LogEntry(
        id=number,
        batch=name,
        segment=None,
        version=None if version == "-" else Version(version),
        direction=direction,
        event=event,
        **dict.fromkeys(OTHERS),
    )

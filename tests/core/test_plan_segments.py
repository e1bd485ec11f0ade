"""Where a batch commits: segments, why each ends, and what is said of it. How to read a case: see `World`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from stepwell.core.migration import Direction, Version
from stepwell.core.plan import Plan
from stepwell.core.plan.segments import STATEMENT_BY_STATEMENT
from stepwell.core.report import SegmentReport
from stepwell.core.settings import Atomic
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World

Show = Callable[[Plan], str]

FOUR = "001 <- 002 <- 003 <- 004"
ALONE = "{} runs without a transaction"
ENDS = "{} declares ends_segment"
ENUM = "{} adds an enum value, which can be used only after a commit"

SEGMENTS: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "one transaction": ({}, "001 002 003 004", []),
    "a step without transaction stands alone": (
        {"002": "open"},
        "001 | [002] | 003 004",
        [ALONE.format("002"), ALONE.format("002")],
    ),
    "first": ({"001": "open"}, "[001] | 002 003 004", [ALONE.format("001")]),
    "last": ({"004": "open"}, "001 002 003 | [004]", [ALONE.format("004")]),
    "two in a row": (
        {"002": "open", "003": "open"},
        "001 | [002] | [003] | 004",
        [ALONE.format("002"), ALONE.format("002"), ALONE.format("003")],
    ),
    "ends_segment": ({"002": "ends"}, "001 002 | 003 004", [ENDS.format("002")]),
    "ends_segment at the end ends nothing": ({"004": "ends"}, "001 002 003 004", []),
    "an enum value": ({"003": "enum"}, "001 002 003 | 004", [ENUM.format("003")]),
    "an enum value before a step without transaction": (
        {"002": "enum", "003": "open"},
        "001 002 | [003] | 004",
        [ENUM.format("002"), ALONE.format("003")],
    ),
    "an enum value outside a transaction": (
        {"002": "enum open"},
        "001 | [002] | 003 004",
        [ALONE.format("002"), ALONE.format("002")],
    ),
}


@pytest.mark.parametrize(("declared", "expected", "reasons"), SEGMENTS.values(), ids=SEGMENTS)
def test_segments(
    world: type[World], show: Show, declared: dict[str, str], expected: str, reasons: list[str]
) -> None:
    made = world(FOUR, declared=declared).plan(Wish(Direction.UP))
    assert show(made) == expected
    assert [segment.ends_because for segment in made.segments] == ([*reasons, None])
    assert [segment.number for segment in made.segments] == list(range(1, len(made.segments) + 1))


def test_it_is_said_beforehand_where_a_batch_commits(world: type[World]) -> None:
    made = world(FOUR, declared={"002": "ends", "004": "open"}).plan(Wish(Direction.UP))
    assert made.warnings == (
        (
            "not one transaction but 3 segments: it commits after 002 (002 declares ends_segment); "
            "after 003 (004 runs without a transaction)"
        ),
    )


def test_of_many_commits_a_few_are_named(world: type[World]) -> None:
    versions = [f"{number:03}" for number in range(1, 10)]
    made = world(" <- ".join(versions), declared=dict.fromkeys(versions, "ends")).plan(Wish(Direction.UP))
    (warning,) = made.warnings
    assert warning.startswith("not one transaction but 9 segments: it commits after 001 (")
    assert warning.endswith("after 005 (005 declares ends_segment) and 3 more")


def test_one_transaction_for_each_migration_on_request(world: type[World], show: Show) -> None:
    wish = Wish(Direction.UP, atomic=Atomic.MIGRATION)
    made = world(FOUR, declared={"002": "open", "003": "ends"}).plan(wish)
    assert show(made) == "001 | [002] | 003 | 004"
    assert [segment.ends_because for segment in made.segments] == [
        "--atomic migration",
        "002 runs without a transaction",
        "003 declares ends_segment",
        None,
    ]
    assert made.warnings == (), "it was asked for: there is nothing to warn of"


def test_an_engine_that_can_not_undo_schema_changes_has_no_transactions(
    world: type[World], show: Show
) -> None:
    made = world(FOUR, declared={"003": "enum ends"}).plan(Wish(Direction.UP), transactional_ddl=False)
    assert show(made) == "[001] | [002] | [003] | [004]"
    assert made.warnings == (STATEMENT_BY_STATEMENT,)


@pytest.mark.parametrize("atomic", Atomic)
def test_one_migration_is_not_atomic_either_where_the_engine_can_not_undo(
    world: type[World], atomic: Atomic
) -> None:
    made = world("001").plan(Wish(Direction.UP, atomic=atomic), transactional_ddl=False)
    assert made.warnings == (STATEMENT_BY_STATEMENT,)
    assert "resumes there" in STATEMENT_BY_STATEMENT
    assert world("001", "001").plan(Wish(Direction.UP), transactional_ddl=False).warnings == ()


def test_a_rollback_has_segments_too(world: type[World], show: Show) -> None:
    here = world(FOUR, "001 002 003 004", declared={"002": "open", "003": "enum"})
    made = here.plan(Wish(Direction.DOWN, target="base"))
    assert show(made) == "004 003 | [002] | 001"
    assert [segment.ends_because for segment in made.segments] == [
        "003 adds an enum value, which can be used only after a commit",
        "002 runs without a transaction",
        None,
    ]


def test_a_plan_without_steps_has_no_segments(world: type[World]) -> None:
    made = world(FOUR, "001 002 003 004").plan(Wish(Direction.UP))
    assert (made.segments, made.steps) == ((), ())


def test_reports_have_the_segments_of_the_plan(world: type[World]) -> None:
    made = world(FOUR, declared={"003": "open"}).plan(Wish(Direction.UP))
    assert made.segment_reports == (
        SegmentReport(1, (Version("001"), Version("002")), True, "003 runs without a transaction"),
        SegmentReport(2, (Version("003"),), False, "003 runs without a transaction"),
        SegmentReport(3, (Version("004"),), True, None),
    )

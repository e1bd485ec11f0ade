"""What neither direction can go on with: one version twice, a lost file, a file that ends the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from stepwell.core.errors import ContradictionError, MigrationFileError, Place
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from tests.core.conftest import World


class Unfit(NamedTuple):
    """The versions of files and history, what has begun, and the message with its hint."""

    files: str
    applied: str
    begun: dict[str, str]
    message: str
    hint: str


FILE_GONE = (
    "restore the file, so that it can be resumed; or undo by hand what was done of it, and say so: "
    "'stepwell unmark 002'"
)
UNFIT = {
    "one version recorded twice": Unfit(
        "6",
        "6 006",
        {},
        "db/migrations/6_step.py:5: one version is recorded 2 times: 6 (row 1) and 006 (row 2) are the same",
        "remove the record that is too much, which runs nothing: 'stepwell unmark 6' or 'stepwell unmark 006'",
    ),
    "half applied, and its file is gone": Unfit(
        "001",
        "001",
        {"002": "up: intent done"},
        "half applied: 002 began and did not finish, and its file is missing",
        FILE_GONE,
    ),
    "in doubt, and its file is gone": Unfit(
        "001",
        "001",
        {"002": "up: intent"},
        "in doubt: 002 began and did not finish, and its file is missing",
        FILE_GONE,
    ),
    "half reverted, and its file is gone": Unfit(
        "001",
        "001 002",
        {"002": "down: intent done"},
        "half reverted: 002 step began and did not finish, and its file is missing",
        FILE_GONE,
    ),
}


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", UNFIT)
def test_what_stops_both_directions(world: type[World], name: str, direction: Direction) -> None:
    case = UNFIT[name]
    with pytest.raises(ContradictionError) as caught:
        world(case.files, case.applied, {}, case.begun).plan(Wish(direction))
    assert (str(caught.value), caught.value.hint) == (case.message, case.hint)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("words", ["commits", "commits open"])
@pytest.mark.parametrize("transactional_ddl", [True, False])
def test_what_ends_the_transaction_is_refused_before_anything_runs(
    world: type[World], words: str, direction: Direction, transactional_ddl: bool
) -> None:
    declared = {"001": words, "002": words}
    made = world("001\n002", "001 002" if direction is Direction.DOWN else "", declared)
    with pytest.raises(MigrationFileError) as caught:
        made.plan(
            Wish(direction, target="base" if direction is Direction.DOWN else None),
            transactional_ddl=transactional_ddl,
        )
    assert caught.value.message == "COMMIT is refused"
    assert {problem.place for problem in caught.value.problems} == {
        Place("db/migrations/001_step.py", 8),
        Place("db/migrations/002_step.py", 8),
    }
    assert caught.value.hint is not None

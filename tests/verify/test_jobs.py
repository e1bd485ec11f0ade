"""Several workers find what one alone finds, word for word, and raise what one alone raises."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.checking import verified
from tests.verify.right import RIGHT
from tests.verify.test_verify import named
from tests.verify.wrong import BASE, WRONG

from stepwell.app import jobs
from stepwell.app.jobs import shares
from stepwell.app.trials import Chain
from stepwell.core.abilities import Abilities
from stepwell.core.errors import UsageError
from stepwell.core.proof import Verdict
from stepwell.core.settings import Settings

if TYPE_CHECKING:
    from stepwell.core.proof import Proof
    from stepwell.testing import Workshop

AFRESH = """
DROP VIEW IF EXISTS titles;
DROP TABLE IF EXISTS posts, users CASCADE;
DROP TYPE IF EXISTS mood CASCADE;
DROP SEQUENCE IF EXISTS tickets;
DROP FUNCTION IF EXISTS one();
"""


def found(shop: Workshop, number: int) -> list[Proof]:
    """All but the time that it took."""
    return [replace(proof, elapsed_ms=None) for proof in verified(shop, jobs=number, cache=False).proofs]


@pytest.mark.slow
def test_right_ones(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down)
    alone = found(shop, 1)
    assert found(shop, 3) == alone
    assert len(alone) == len(RIGHT)


@pytest.mark.slow
def test_wrong_ones(shop: Workshop) -> None:
    some = list(WRONG.values())[::3]
    for number, case in enumerate(some):
        shop.sql(f"{2 * number:03}_base", AFRESH + BASE, header="-- irreversible: true")
        up, down = (re.sub(r"\bmine", f"mine{number}", named(sql)) for sql in (case.up, case.down))
        shop.sql(f"{2 * number + 1:03}_case", up, down, header=case.header)
    alone = found(shop, 1)
    assert found(shop, 3) == alone
    assert [proof.verdict for proof in alone[1::2]] == [Verdict.BROKEN] * len(some)
    assert not any("not tried" in reason for proof in alone for reason in proof.reasons)


def test_behind_one_that_fails_nothing_is_tried_by_anybody(shop: Workshop) -> None:
    for number in range(1, 10):
        shop.table(f"{number:03}_t{number}")
    shop.sql("004_t4", "CREATE TABLE t4 (id no_such_type);", "DROP TABLE t4;")
    alone = found(shop, 1)
    assert found(shop, 3) == alone
    assert [proof.reasons for proof in alone[4:]] == [
        ("not tried: 004 t4, which stands before it, fails",)
    ] * 5


def test_one_that_does_not_take_rows_is_passed_by_all_in_the_same_way(shop: Workshop) -> None:
    shop.sql("001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);", "DROP TABLE users;")
    shop.sql(
        "002_name",
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL;",
        "ALTER TABLE users DROP COLUMN name;",
    )
    for number in range(3, 8):
        shop.sql(
            f"{number:03}_c{number}",
            f"ALTER TABLE users ADD COLUMN c{number} INTEGER DEFAULT {number};",
            f"ALTER TABLE users DROP COLUMN c{number};",
        )
    shop.sql("008_age", "ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age INTEGER;")
    alone = found(shop, 1)
    assert found(shop, 4) == alone
    verdicts = [proof.verdict for proof in alone]
    assert (verdicts[1], verdicts[7]) == (Verdict.FAILS_ON_ROWS, Verdict.LOSSY)


def test_what_goes_wrong_is_raised(shop: Workshop) -> None:
    for number in range(1, 5):
        shop.table(f"{number:03}_t{number}")
    project = shop.project(url=None, scratch_url=shop.url)
    error = shop.failure(project.verify(data="INSERT INTO nobody VALUES (1);", jobs=2))
    assert isinstance(error, UsageError)
    assert "the data can't be loaded" in error.message
    assert isinstance(shop.failure(project.verify(jobs=0)), UsageError)


@given(st.lists(st.integers(), unique=True), st.integers(min_value=1, max_value=9))
def test_everything_is_shared_out_in_order(places: list[int], number: int) -> None:
    parts = shares(places, number)
    assert [place for part in parts for place in part] == places
    lengths = [len(part) for part in parts]
    assert len(lengths) == number
    assert max(lengths) - min(lengths) <= 1


NUMBERS = [
    ({}, 100, None, 4),
    ({}, 30, None, 2),
    ({}, 5, None, 1),
    ({}, 5, 3, 3),
    ({}, 2, 9, 2),
    ({"apart": True}, 100, 9, 1),
    ({"parallel": False}, 100, None, 1),
    ({"parallel": False}, 100, 2, 2),
    ({"scratch": "same-server"}, 100, None, 1),
    ({"scratch": "same-server"}, 100, 2, 2),
]


@pytest.mark.parametrize(("case", "trials", "wanted", "expected"), NUMBERS)
def test_as_many_as_pay(
    monkeypatch: pytest.MonkeyPatch, case: dict[str, Any], trials: int, wanted: int | None, expected: int
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 8)
    abilities = Abilities(transactional_ddl=True, session_lock=True, parallel=case.get("parallel", True))
    settings = Settings(scratch=case.get("scratch"))
    chain = Chain((), apart=case.get("apart", False))
    assert jobs.number_of(abilities, settings, chain, trials, wanted) == expected

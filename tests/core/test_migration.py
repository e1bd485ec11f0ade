"""Versions: which there are, which are the same, in which order; and what a migration says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import Place, UsageError
from stepwell.core.migration import (
    Direction,
    Migration,
    PythonBody,
    SqlBody,
    SqlSection,
    Traits,
    Version,
    version_problem,
    version_texts,
)

if TYPE_CHECKING:
    from tests.core.conftest import World

PROBLEMS = {
    "006": None,
    "20261123101500": None,
    "v1.2-rc_3": None,
    "a" * 50: None,
    "basement": None,
    "": "a version can't be empty",
    "base": "the version 'base' is reserved: it stands for the state before every migration",
    "BASE": "the version 'BASE' is reserved: it stands for the state before every migration",
    "a" * 51: f"the version '{'a' * 20}'... has 51 characters, at most 50 fit",
    "a b": "the version 'a b' may hold only letters, digits, '_', '.' and '-'",
    "006\n": "the version '006\\n' may hold only letters, digits, '_', '.' and '-'",
    "é": "the version 'é' may hold only letters, digits, '_', '.' and '-'",
    "٣": "the version '٣' may hold only letters, digits, '_', '.' and '-'",
}


@pytest.mark.parametrize(("text", "problem"), PROBLEMS.items())
def test_what_can_be_a_version(text: str, problem: str | None) -> None:
    assert version_problem(text) == problem
    if problem is None:
        assert Version.parse(text).text == text
    else:
        with pytest.raises(UsageError) as caught:
            Version.parse(text)
        assert caught.value.message == problem


def test_natural_order() -> None:
    ordered = ["1", "1.9", "1.10", "2", "2a", "9", "10", "20261123101500", "a", "a1", "a2", "a10", "b"]
    assert [version.text for version in sorted(map(Version, reversed(ordered)))] == ordered


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("6", "006", True),
        ("1.06", "1.6", True),
        ("v007", "v7", True),
        ("6", "60", False),
        ("6", "6.0", False),
        ("a", "A", False),
        ("0", "000", True),
    ],
)
def test_leading_zeros_make_no_difference(one: str, other: str, same: bool) -> None:
    assert (Version(one) == Version(other)) is same
    assert (len({Version(one), Version(other)}) == 1) is same
    assert (Version(one) <= Version(other) <= Version(one)) is same


def test_a_version_keeps_its_text_and_is_no_other_thing() -> None:
    version = Version("006")
    assert (str(version), repr(version)) == ("006", "Version('006')")
    assert version != "006"
    assert version_texts([version, Version("7")]) == ["006", "7"]


TEXTS = st.from_regex(r"[A-Za-z0-9_.\-]{1,12}", fullmatch=True)


@given(TEXTS, TEXTS, TEXTS)
def test_the_order_is_total(first: str, second: str, third: str) -> None:
    low, middle, high = sorted(map(Version, (first, second, third)))
    assert low <= middle <= high
    assert low <= high
    assert (low < high) != (low >= high)
    assert (low == high) == (low.key == high.key) == (not low < high)


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_numbers_are_ordered_as_numbers(one: int, other: int) -> None:
    assert (Version(str(one)) < Version(f"{other:020}")) == (one < other)


# --- what a migration says of itself ----------------------------------------------------------------------------------


@pytest.fixture
def python(world: type[World]) -> Migration:
    """A Python migration with both directions."""
    return world("").migration("001", ())


def in_sql(migration: Migration, up: SqlSection, down: SqlSection | None) -> Migration:
    return replace(migration, body=SqlBody(up, down))


PLAIN = SqlSection("SELECT 1;", 2)
OPEN = SqlSection("VACUUM;", 4, transactional=False)


def test_where_it_is(python: Migration) -> None:
    assert python.place == Place("db/migrations/001_step.py", 5)
    assert in_sql(python, PLAIN, None).place == Place("db/migrations/001_step.py")
    assert python.path == "db/migrations/001_step.py"


def test_reversible(python: Migration) -> None:
    assert python.reversible
    assert not replace(python, traits=Traits(irreversible=True)).reversible
    assert not replace(python, body=None).reversible, "nobody has looked"
    body = PythonBody("X", 1, has_up=True, has_down=False, has_is_applied=False)
    assert not replace(python, body=body).reversible
    assert in_sql(python, PLAIN, OPEN).reversible
    assert not in_sql(python, PLAIN, None).reversible


def test_transactional(python: Migration) -> None:
    assert python.transactional(Direction.UP)
    assert not replace(python, traits=Traits(transactional=False)).transactional(Direction.DOWN)
    mixed = in_sql(python, PLAIN, OPEN)
    assert mixed.transactional(Direction.UP)
    assert not mixed.transactional(Direction.DOWN)
    assert not replace(mixed, traits=Traits(transactional=False)).transactional(Direction.UP)
    assert in_sql(python, OPEN, None).transactional(Direction.DOWN), "nothing is in its way"


def test_statements(python: Migration) -> None:
    assert python.statements(Direction.UP) == ()
    assert replace(python, body=None).statements(Direction.UP) == ()
    assert in_sql(python, PLAIN, None).statements(Direction.DOWN) == ()

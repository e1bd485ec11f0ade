"""Lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.duration import parse_duration


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5.0),
        (0, 0.0),
        (1.5, 1.5),
        ("5", 5.0),
        ("5s", 5.0),
        ("5 s", 5.0),
        ("  5sec ", 5.0),
        ("250ms", 0.25),
        ("10min", 600.0),
        ("10m", 600.0),
        ("1h", 3600.0),
        ("1.5h", 5400.0),
        ("0", 0.0),
    ],
)
def test_seconds(value: object, seconds: float) -> None:
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "s", "5d", "-5", "5 5", "1e3", ".5", "5.", "5s6", "inf", "nan", -1, True, False, None, [5], b"5"],
)
def test_what_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="is not a length of time: write seconds, or for example '250ms'"):
        parse_duration(value)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_for_ever_is_no_length(value: float) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(value)


@pytest.mark.parametrize("value", ["600h", "9999999999", 2**31])
def test_longer_than_a_database_can_wait(value: object) -> None:
    with pytest.raises(ValueError, match=r"length of time|at most 24 days"):
        parse_duration(value)


@given(st.integers(0, 30_000))
def test_units_agree(number: int) -> None:
    assert parse_duration(f"{number}min") == parse_duration(f"{number * 60}s") == parse_duration(number * 60)
    assert parse_duration(f"{number}s") == pytest.approx(parse_duration(f"{number * 1000}ms"))

"""The ids of batches sort by time, and differ by chance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.ulid import RANDOM_BITS, ulid

TIMES = st.integers(0, 2**48 - 1)
CHANCE = st.integers(0, 2**RANDOM_BITS - 1)


def test_the_example_of_the_specification() -> None:
    assert ulid(1469918176385, 0)[:10] == "01ARYZ6S41"
    assert ulid(0, 0) == "0" * 26
    assert ulid(2**48 - 1, 2**RANDOM_BITS - 1) == "7" + "Z" * 25


@given(TIMES, CHANCE, TIMES, CHANCE)
def test_ids_sort_as_time_and_chance_do(time: int, chance: int, other_time: int, other_chance: int) -> None:
    one, other = ulid(time, chance), ulid(other_time, other_chance)
    assert len(one) == 26
    assert (one < other) == ((time, chance) < (other_time, other_chance))
    assert (one == other) == ((time, chance) == (other_time, other_chance))

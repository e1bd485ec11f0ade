"""How far a database without a history has what migrations give."""

from __future__ import annotations

import pytest

from stepwell.core.schema.adoption import Reach, reach, traces
from stepwell.core.schema.snapshot import Key


def keys(names: str) -> frozenset[Key]:
    return frozenset(Key("table", name) for name in names)


# What a replay has after each migration, what the database has, and how far it is. Each letter is a table.
CASES = {
    "everything": ("a ab abc", "abc", Reach(3)),
    "a prefix": ("a ab abc", "ab", Reach(2)),
    "nothing": ("a ab abc", "z", Reach(0)),
    "no trace in the middle": ("a a ab", "ab", Reach(3)),
    "no trace at the end": ("a ab ab", "ab", Reach(2)),
    "a hole": ("a ab abc", "ac", Reach(0, 1)),
    "the first is missing": ("a ab", "b", Reach(0, 0)),
    "half of one": ("a abc", "ab", Reach(0, 1)),
    "before it is removed": ("ab abc ac", "abc", Reach(2)),
    "after it is removed": ("ab abc ac", "ac", Reach(3)),
    "removed, and something behind it": ("ab a ac", "abc", Reach(0, 1)),
    "removed, and nothing there": ("ab a ac", "", Reach(0)),
    "made and removed, and maybe never there": ("a ab a", "a", Reach(1)),
    "removed and made again": ("ab a ab", "ab", Reach(3)),
}


@pytest.mark.parametrize(("replayed", "live", "expected"), CASES.values(), ids=list(CASES))
def test_reach(replayed: str, live: str, expected: Reach) -> None:
    states = [frozenset[Key](), *(keys(names) for names in replayed.split())]
    assert reach(traces(states, keys(live))) == expected


def test_what_speaks_for_a_migration_and_against_it() -> None:
    _, trace = traces([keys(""), keys("abe"), keys("cde")], keys("ace"))
    assert (trace.there, trace.gone) == (tuple(keys("c")), tuple(keys("b")))
    assert (trace.not_there, trace.not_gone) == (tuple(keys("d")), tuple(keys("a")))

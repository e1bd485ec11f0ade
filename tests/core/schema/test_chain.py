"""How far a database without a history has what migrations give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.schema.chain import Chain, Reach, chain
from stepwell.core.schema.snapshot import Fact, Key, Snapshot


def tables(names: str, server: str = "15.4", **attributes: Any) -> Snapshot:
    """A snapshot in which each letter is a table; one in upper case is the same table, other than before."""
    facts = [
        Fact("table", name.lower(), attributes={"type": name, **attributes}) for name in names if name != "-"
    ]
    return Snapshot("postgresql", server, facts)


def chain_of(replayed: str, live: Snapshot) -> Chain:
    return chain([tables(""), *(tables(names) for names in replayed.split())], live)


def keys(names: str) -> tuple[Key, ...]:
    return tuple(Key("table", name) for name in names)


# What a replay has after each migration, what the database has, and how far it is.
CASES = {
    "everything": ("a ab abc", "abc", Reach(3, end=3)),
    "a prefix": ("a ab abc", "ab", Reach(2, end=2)),
    "nothing": ("a ab abc", "z", Reach(0, end=0)),
    "something else besides": ("a ab", "abz", Reach(2, end=2)),
    "nothing to be seen in the middle": ("a a ab", "ab", Reach(3, end=3)),
    "nothing to be seen at the end": ("a ab ab ab", "ab", Reach(2, end=4)),
    "nothing to be seen at the beginning": ("- a", "", Reach(0, end=1)),
    "a hole": ("a ab abc", "ac", Reach(0, 1, 3)),
    "the first is missing": ("a ab", "b", Reach(0, 0, 2)),
    "half of one": ("a abc", "ab", Reach(0, 1, 2)),
    "one of a later one besides": ("a ab abcd", "ad", Reach(0, 1, 1)),
    "before it is removed": ("ab abc ac", "abc", Reach(2, end=2)),
    "after it is removed": ("ab abc ac", "ac", Reach(3, end=3)),
    "removed, and something behind it": ("ab a ac", "abc", Reach(0, 1, 3)),
    "removed, and nothing there": ("ab a ac", "", Reach(0, end=0)),
    "made and removed, and maybe never there": ("a ab a", "a", Reach(1, end=1)),
    "removed and made again": ("ab a ab", "ab", Reach(3, end=3)),
    "only in between": ("a ab a", "ab", Reach(2, end=2)),
    "before it is changed": ("a A Ab", "a", Reach(1, end=1)),
    "after it is changed": ("a A Ab", "A", Reach(2, end=2)),
    "not changed, and something behind it": ("a A Ab", "ab", Reach(0, 1, 3)),
}


@pytest.mark.parametrize(("replayed", "live", "expected"), CASES.values(), ids=list(CASES))
def test_reach(replayed: str, live: str, expected: Reach) -> None:
    assert chain_of(replayed, tables(live)).reach() == expected


def test_what_speaks_for_a_migration_and_against_it() -> None:
    trace = chain_of("abe cde", tables("ace")).trace(1, 2)
    assert (trace.there, trace.gone) == (keys("c"), keys("b"))
    assert (trace.not_there, trace.not_gone) == (keys("d"), keys("a"))
    assert trace.lacks
    assert trace.seen


def test_what_is_another_speaks_against_it() -> None:
    found = chain_of("a", tables("a", type="quite another"))
    assert found.reach() == Reach(0, 0, 1)
    assert [live.attributes["type"] for _, live in found.trace(0, 1).other] == ["quite another"]


def test_another_version_of_the_server_may_write_it_otherwise() -> None:
    """What a migration changes is told apart all the same."""
    live = tables("a", server="18.1", definition="a in other words")
    assert chain_of("a ab", live).reach() == Reach(1, end=1)
    assert chain_of("a A", tables("a", server="18.1")).reach() == Reach(1, end=1)


def test_types_are_written_alike_by_every_version() -> None:
    live = tables("a", server="18.1", type="quite another")
    assert chain_of("a ab", live).reach() == Reach(0, 0, 1)


def test_a_not_null_that_only_some_versions_keep_as_a_constraint_is_not_looked_for() -> None:
    constraint = Fact("constraint", "a.id_not_null", attributes={"type": "not null"})
    replayed = Snapshot("postgresql", "18.1", (*tables("a").facts, constraint))
    assert chain([tables(""), replayed], tables("a")).reach() == Reach(1, end=1)


def test_what_belongs_to_something_that_is_named_is_not_named_besides() -> None:
    table = Fact("table", "t")
    column = Fact("column", "t.id", parent=table.key)
    replayed = [tables(""), Snapshot("", "", (table, column))]
    assert chain(replayed, tables("")).trace(0, 1).not_there == (table.key,)
    assert chain(replayed, Snapshot("", "", (table,))).trace(0, 1).not_there == (column.key,)


def test_where_there_is_nothing_to_replay_there_is_nothing_to_find() -> None:
    assert chain([tables("")], tables("a")).reach() == Reach(0, end=0)


@given(st.lists(st.sets(st.sampled_from("abcdABCD")), min_size=1, max_size=6), st.data())
def test_where_a_database_is_as_a_replay_was_it_is_found(
    replayed: list[set[str]], data: st.DataObject
) -> None:
    """Whatever was made, changed and removed on the way, and whatever others have there."""
    states = ["", *("".join({name.lower(): name for name in each}.values()) for each in replayed)]
    at = data.draw(st.integers(0, len(replayed)))
    found = chain([tables(each) for each in states], tables(states[at] + "xyz"))
    reach = found.reach()
    assert reach.torn is None
    for place in (reach.steps, reach.end):
        assert set(states[place]) == set(states[at])
    assert reach.steps <= reach.end
    assert not any(found.trace(index, reach.steps).lacks for index in range(reach.steps))

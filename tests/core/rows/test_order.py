"""Tables get their rows in the order in which they can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.rows.description import Column, Family, ForeignKey, Table, Type
from stepwell.core.rows.order import Turn, order

INTEGER = Type(Family.INTEGER, "integer")


def drawn(graph: str) -> list[Table]:
    """Tables from lines such as `a -> b c?`: what a refers to; `?` may be NULL, `~` is deferrable."""
    tables = []
    for line in graph.strip().splitlines():
        name, _, rest = (part.strip() for part in line.partition("->"))
        keys = [_key(word) for word in rest.split()]
        nullable = [word.endswith("?") for word in rest.split()]
        columns = [Column(key.columns[0], INTEGER, null) for key, null in zip(keys, nullable, strict=True)]
        tables.append(Table(name, tuple(columns), references=tuple(keys)))
    return tables


def _key(word: str) -> ForeignKey:
    target = word.rstrip("?~")
    return ForeignKey(f"to_{target}", (f"{target}_id",), target, ("id",), deferrable=word.endswith("~"))


def told(groups: list[list[Turn]]) -> list[str]:
    """The order in a line for each group."""
    return [" ".join(_turn(turn) for turn in group) for group in groups]


def _turn(turn: Turn) -> str:
    marks = "".join(f"?{key.table}" for key in turn.later) + "".join(f"~{key.table}" for key in turn.promised)
    return turn.table.name + marks + ("!" if turn.stuck else "")


CASES = {
    "alone, by name": ("b\na", ["a", "b"]),
    "what is referred to comes first": ("a -> b\nb -> c\nc", ["c", "b", "a"]),
    "to itself": ("a -> a", ["a"]),
    "to what is not there": ("a -> elsewhere", ["a"]),
    "a cycle with a key that may be NULL": ("teams -> players?\nplayers -> teams", ["teams?players players"]),
    "a cycle with a key that can wait": ("hens -> eggs~\neggs -> hens", ["hens~eggs eggs"]),
    "NULL is better than waiting": ("a -> b~\nb -> a?", ["b?a a"]),
    "a cycle that can't be cut": ("a -> b\nb -> a", ["a! b!"]),
    "what follows a cycle": ("c -> a\na -> b\nb -> a?\n", ["b?a a", "c"]),
    "a cycle of three": ("a -> b\nb -> c\nc -> a?", ["c?a b a"]),
}


@pytest.mark.parametrize(("graph", "expected"), CASES.values(), ids=CASES.keys())
def test_order(graph: str, expected: list[str]) -> None:
    assert told(order(drawn(graph))) == expected


def test_where_all_checks_can_wait_nothing_is_stuck() -> None:
    assert told(order(drawn("a -> b\nb -> a"), all_can_wait=True)) == ["a~b b"]


def test_a_whole_comes_after_its_parts_and_before_what_refers_to_it() -> None:
    whole = Table("a", (), parts=("z",))
    assert told(order([*drawn("b -> a\nz"), whole])) == ["z", "a", "b"]


names = st.sampled_from("abcdefgh")
graphs = st.dictionaries(
    names, st.lists(st.tuples(names, st.sampled_from(["", "?", "~"])), max_size=4), max_size=8
)


@given(graphs)
def test_every_table_has_one_turn_after_all_that_it_needs(graph: dict[str, list[tuple[str, str]]]) -> None:
    lines = [
        f"{name} -> {' '.join(dict.fromkeys(t + mark for t, mark in keys))}" for name, keys in graph.items()
    ]
    tables = drawn("\n".join(lines)) if lines else []
    turns = [turn for group in order(tables) for turn in group]
    assert sorted(turn.table.name for turn in turns) == sorted(graph)
    seen: set[str] = set()
    for turn in turns:
        open_keys = {*turn.later, *turn.promised}
        needed = {key.table for key in turn.table.references if key not in open_keys} - {turn.table.name}
        assert turn.stuck or needed & graph.keys() <= seen
        seen.add(turn.table.name)

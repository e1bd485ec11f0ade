"""What `drift` leaves out: patterns over things and attributes, and what holds of all of them."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.schema.made import PUBLIC, column, constraint, index, of, snapshots, table

from stepwell.core.ignore import Ignore
from stepwell.core.schema.diff import Change, Changed, Diff, diff
from stepwell.core.schema.ignoring import Sieved, sieve, stripped
from stepwell.core.schema.snapshot import Fact, Key, Snapshot
from stepwell.core.schema.words import sentences, tell

AUDIT = Key("table", "audit.events")
EMPTY = of(Fact("schema", "public"), Fact("schema", "audit"))
FILLED = of(
    *EMPTY.facts,
    table("tmp_a"),
    table("users", comment="c", owner="ann", grants={"app": ["SELECT"], "monitor": ["SELECT"]}),
    column("id", 1, owner="ann"),
    index("tmp_i"),
    Fact("table", "audit.events", Key("schema", "audit")),
    Fact("column", "audit.events.id", AUDIT, {"position": 1}),
    Fact("index", "audit.events_id", AUDIT),
    Fact("sequence", "audit.events_id_seq", Key("schema", "audit"), {"owned_by": "audit.events.id (identity)"}),
    Fact("function", "public.f(integer, text)", PUBLIC),
)  # fmt: skip
# What is put there by hand, and what of it each pattern leaves.
ADDED = {
    "a name with its schema": ("index public.tmp_*", ["index audit.events_id", "index tmp_i"],
                               ["index audit.events_id"]),
    "a name without the usual one": ("index tmp_?", ["index tmp_i"], []),
    "capitals are others": ("index TMP_*", ["index tmp_i"], ["index tmp_i"]),
    "a table with all it has": (
        "table audit.*",
        ["table audit.events", "column audit.events.id", "index audit.events_id", "sequence audit.events_id_seq"],
        [],
    ),
    "any kind": ("* audit.*", ["table audit.events", "sequence audit.events_id_seq"], []),
    "brackets are brackets": ("function f(integer, *)", ["function f(integer, text)"], []),
    "no part of a name": ("table user", ["table users"], ["table users"]),
    "an attribute is not the thing": ("table users: comment", ["table users"], ["table users"]),
    "everything": ("*", ["table users", "function f(integer, text)"], []),
}  # fmt: skip


def sieved(before: Snapshot, after: Snapshot, *patterns: str) -> Sieved:
    ignores = [Ignore(pattern, "since") for pattern in patterns]
    return sieve(before, after, diff(before, after), ignores)


def told(change_set: Diff) -> list[str]:
    return sentences(tell(change_set))


@pytest.mark.parametrize(("pattern", "there", "left"), ADDED.values(), ids=ADDED)
def test_things(pattern: str, there: list[str], left: list[str]) -> None:
    """Of those that are named: what is not hidden."""
    for before, after in ((EMPTY, FILLED), (FILLED, EMPTY)):
        rest = sieved(before, after, pattern).rest
        keys = {str(change.key).replace(" public.", " ") for change in rest.changes}
        assert [each for each in there if each in keys] == left


names = st.text("ab", max_size=8)


@given(st.text("ab*?", max_size=8), names)
def test_stars_and_question_marks(glob: str, name: str) -> None:
    """As everybody knows them from names of files."""
    found = sieved(of(), of(Fact("k", name)), f"k {glob}x").rest.equal
    assert not found
    found = sieved(of(), of(Fact("k", f"x{name}")), f"k x{glob}").rest.equal
    assert found is fnmatchcase(name, glob)


def test_no_name_makes_a_pattern_slow() -> None:
    assert not sieved(of(), of(Fact("k", "a" * 5000)), "k " + "*a" * 30 + "*b").rest.equal


# attributes before and after of one table, patterns, what is left, what is hidden
CHANGED = {
    "a comment": ({"comment": "a"}, {"comment": "b", "owner": "ann"}, "table *: comment",
                  ["table users: owner none -> ann"], ["table users: comment a -> b"]),
    "an attribute of more words": ({}, {"row_security": True}, "table users: row security", [],
                                   ["table users: row security no -> yes"]),
    "with underscores too": ({}, {"row_security": True}, "table users: row_*", [],
                             ["table users: row security no -> yes"]),
    "the grants to one": ({}, {"grants": {"app": ["SELECT"], "monitor": ["SELECT"]}}, "*: grants monitor",
                          ["table users: grants app none -> SELECT"], ["table users: grants monitor none -> SELECT"]),
    "all grants": ({}, {"grants": {"app": ["SELECT"], "monitor": ["SELECT"]}}, "*: grants", [],
                   ["table users: grants app none -> SELECT", "table users: grants monitor none -> SELECT"]),
    "the whole of it": ({"comment": "a"}, {"owner": "b"}, "table users", [],
                        ["table users: comment a -> none", "table users: owner none -> b"]),
    "another table": ({"comment": "a"}, {}, "table others: comment", ["table users: comment a -> none"], []),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "pattern", "left", "hidden"), CHANGED.values(), ids=CHANGED)
def test_attributes(
    before: dict[str, Any], after: dict[str, Any], pattern: str, left: list[str], hidden: list[str]
) -> None:
    found = sieved(of(table(**before)), of(table(**after)), pattern)
    assert told(found.rest) == left
    assert [text for each in found.ignored for text in told(Diff(each.changes))] == hidden
    assert bool(found.unused) is not bool(hidden)


def test_the_order_of_columns() -> None:
    before = of(table(), column("a", 1), column("b", 2))
    after = of(table(), column("b", 1), column("a", 2))
    assert sieved(before, after, "table users: order of columns").rest.equal
    ignores = [Ignore("table users: order", "since")]
    assert stripped(before, ignores).fingerprint == stripped(after, ignores).fingerprint


def test_an_index_is_ignored_with_its_constraint() -> None:
    after = of(table(), constraint("u"), index("u", of_constraint=True))
    assert sieved(of(table()), after, "constraint users.u").rest.equal


def test_what_is_known_is_not_ignored_for_its_new_name() -> None:
    assert told(sieved(of(index("known")), of(index("tmp")), "index tmp").rest) == [
        "index known: renamed to tmp"
    ]
    assert sieved(of(index("tmp_a")), of(index("tmp_b")), "index tmp_*").rest.equal


def test_the_first_entry_that_fits_hides_it() -> None:
    found = sieved(EMPTY, FILLED, "table audit.*", "schema other", "index audit.*", "index tmp_i")
    assert [each.ignore.pattern for each in found.ignored] == ["table audit.*", "index tmp_i"]
    assert [each.pattern for each in found.unused] == ["schema other", "index audit.*"]


# --- what holds of all ---

WHOLE = ["table *", "index a", "index ?", "column *.a", "* b"]
PARTS = ["*: value", "table users: *", "*: value k", "table users: order", "index *: value", "column *: type"]
patterns = st.lists(st.sampled_from([*WHOLE, *PARTS]), max_size=3, unique=True)


@given(snapshots, snapshots, patterns)
def test_nothing_is_lost(before: Snapshot, after: Snapshot, chosen: list[str]) -> None:
    """Every change is left, or hidden by one entry; what is left and hidden is all that there was."""
    whole = diff(before, after)
    found = sieved(before, after, *chosen)
    parts = [*found.rest.changes, *(change for each in found.ignored for change in each.changes)]
    assert {change.key for change in parts} == {change.key for change in whole.changes}
    assert sorted(_attributes(parts)) == sorted(_attributes(whole.changes))
    assert {each.ignore.pattern for each in found.ignored} | {each.pattern for each in found.unused} == set(
        chosen
    )
    if not chosen:
        assert found.rest == whole


def _attributes(changes: Iterable[Change]) -> list[str]:
    """The parts of every change, so that a change in several parts is the same as one in one."""
    found = []
    for change in changes:
        if not isinstance(change, Changed):
            found.append(str(change))
            continue
        for name, before, after in change.attributes:
            parts = {
                **(before if isinstance(before, dict) else {}),
                **(after if isinstance(after, dict) else {}),
            }
            found += [f"{change.key} {name} {part}" for part in parts] or [f"{change.key} {name}"]
    return found


@given(snapshots, snapshots, patterns)
def test_where_nothing_is_left_the_fingerprints_are_the_same(
    before: Snapshot, after: Snapshot, chosen: list[str]
) -> None:
    """So that `drift` and the fingerprint of a run never disagree on what is to be ignored."""
    ignores = [Ignore(pattern, "since") for pattern in chosen]
    one, other = stripped(before, ignores), stripped(after, ignores)
    assert diff(one, other).equal is sieved(before, after, *chosen).rest.equal


@given(snapshots)
def test_without_a_list_a_snapshot_is_left_as_it_is(snapshot: Snapshot) -> None:
    assert stripped(snapshot, ()) == snapshot

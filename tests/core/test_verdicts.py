"""The key of a verdict has everything in it that can change it; a file is believed only where it is whole."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.migration import Language, Migration, SourceFile, Version
from stepwell.core.proof import Verdict
from stepwell.core.verdicts import MOST, Known, Link, Surroundings, dumps, keys, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

AROUND = Surroundings(
    tool="t",
    engine="postgresql",
    server="17.2",
    place="",
    empty="e",
    table="migrations",
    schema=None,
    rows=True,
)
KNOWN = Known(Verdict.LOSSY, ("lossy: drops column users.email",), ("a note",))


def link(version: str, content: bytes, modules: Mapping[str, bytes] | None = None) -> Link:
    source = SourceFile(
        f"db/{version}.sql", Language.SQL, Version(version), "some", content, sha256(content).hexdigest()
    )
    return Link(Migration(Version(version), "some", "", (), source, None), modules or {})


CHAIN = (link("1", b"a"), link("2", b"b", {"db/one.py": b"x"}), link("3", b"c"))


def last(around: Surroundings, chain: tuple[Link, ...]) -> str | None:
    return list(keys(around, chain))[-1]


@pytest.mark.parametrize("field", Surroundings._fields)
def test_everything_around_is_in_the_key(field: str) -> None:
    other: dict[str, Any] = {field: False if field == "rows" else "other"}
    assert last(AROUND._replace(**other), CHAIN) != last(AROUND, CHAIN)


def renamed(one: Link) -> Link:
    return Link(replace(one.migration, name="other"), one.modules)


CHAINS = {
    "its own bytes": (*CHAIN[:2], link("3", b"other")),
    "the bytes of one before it": (link("1", b"other"), *CHAIN[1:]),
    "one less before it": CHAIN[1:],
    "one more before it": (link("0", b""), *CHAIN),
    "another order": (CHAIN[1], CHAIN[0], CHAIN[2]),
    "another version": (*CHAIN[:2], link("4", b"c")),
    "another name": (*CHAIN[:2], renamed(CHAIN[2])),
    "a module's bytes": (CHAIN[0], link("2", b"b", {"db/one.py": b"y"}), CHAIN[2]),
    "a module's name": (CHAIN[0], link("2", b"b", {"db/two.py": b"x"}), CHAIN[2]),
    "no module": (CHAIN[0], link("2", b"b"), CHAIN[2]),
    "one more module": (*CHAIN[:2], link("3", b"c", {"db/one.py": b"x"})),
    "bytes that have moved to the next": (link("1", b"ab"), link("2", b"", {"db/one.py": b"x"}), CHAIN[2]),
}


@pytest.mark.parametrize("what", CHAINS)
def test_the_whole_chain_is_in_the_key(what: str) -> None:
    assert last(AROUND, CHAINS[what]) != last(AROUND, CHAIN)


@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_two_chains_have_one_key_only_where_they_are_the_same(one: list[bytes], other: list[bytes]) -> None:
    chains = [tuple(link(str(n), content) for n, content in enumerate(contents)) for contents in (one, other)]
    first, second = (list(keys(AROUND, chain)) for chain in chains)
    assert (first == second) == (one == other)
    shared = min(len(one), len(other))
    for place in range(shared):  # what is behind a migration is not in its key
        assert (first[place] == second[place]) == (one[: place + 1] == other[: place + 1])


def test_behind_one_that_can_not_be_told_nothing_has_a_key() -> None:
    chain = (CHAIN[0], Link(CHAIN[1].migration, None), CHAIN[2])
    first, *others = keys(AROUND, chain)
    assert first is not None
    assert others == [None, None]


# --- the file ---


def test_a_file_holds_what_was_put_into_it() -> None:
    assert loads(dumps({"k": KNOWN})) == {"k": KNOWN}


def test_the_oldest_of_too_many_are_left_out() -> None:
    many = {str(number): KNOWN for number in range(MOST + 2)}
    assert list(loads(dumps(many))) == list(many)[2:]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        json.dumps({"format": 2, "verdicts": {"k": {"verdict": "proved", "reasons": [], "notes": []}}}),
        json.dumps({"format": 1}),
        json.dumps({"format": 1, "verdicts": []}),
        json.dumps({"format": 1, "verdicts": {"k": "proved"}}),
        json.dumps({"format": 1, "verdicts": {"k": {"verdict": "proved"}}}),
        json.dumps({"format": 1, "verdicts": {"k": {"verdict": "broken", "reasons": [], "notes": []}}}),
        json.dumps({"format": 1, "verdicts": {"k": {"verdict": ["proved"], "reasons": [], "notes": []}}}),
        json.dumps({"format": 1, "verdicts": {"k": {"verdict": "proved", "reasons": [1], "notes": []}}}),
        json.dumps({"format": 1, "verdicts": {"k": {"verdict": "proved", "reasons": [], "notes": "no"}}}),
    ],
)
def test_what_is_no_file_of_verdicts_holds_none(text: str) -> None:
    assert loads(text) == {}


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    loads(text)


@given(st.data())
def test_what_was_cut_off_holds_none(data: st.DataObject) -> None:
    whole = dumps({"k": KNOWN})
    assert loads(whole[: data.draw(st.integers(0, len(whole) - 1))]) == {}

"""A snapshot as a value: its order, its text, its fingerprint, and what is refused as a file."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import UsageError
from stepwell.core.schema.snapshot import Fact, Key, Snapshot, loads

USERS = Key("table", "public.users")
EMAIL = Fact("column", "public.users.email", USERS, {"type": "text", "position": 2})
MAPPING = Fact("user mapping", "ann on there", Key("server", "there"), {}, {"options": {"user": "a"}})

words = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
attributes = st.dictionaries(words, values, max_size=3)
keys = st.builds(Key, st.sampled_from(["table", "column", "index"]), words)
facts = st.builds(Fact, words, words, st.none() | keys, attributes, st.none() | attributes)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Any snapshot."""
    return Snapshot("postgresql", "18.4", draw(st.lists(facts, unique_by=lambda fact: fact.key, max_size=6)))


def of(*given_facts: Fact) -> Snapshot:
    return Snapshot("postgresql", "18.4", given_facts)


@given(snapshots())
def test_its_text_gives_it_back(snapshot: Snapshot) -> None:
    read = loads(snapshot.dumps())
    assert read == snapshot
    assert (read.fingerprint, read.server, read.dumps()) == (snapshot.fingerprint, "18.4", snapshot.dumps())


@given(snapshots(), st.randoms())
def test_the_order_of_facts_makes_no_difference(one: Snapshot, chance: Random) -> None:
    other = of(*chance.sample(one.facts, len(one.facts)))
    assert one == other
    assert one.fingerprint == other.fingerprint
    assert one.dumps() == other.dumps()


@given(snapshots(), facts)
def test_another_fact_makes_another_fingerprint(snapshot: Snapshot, fact: Fact) -> None:
    if fact.key not in {each.key for each in snapshot.facts}:
        assert of(*snapshot.facts, fact).fingerprint != snapshot.fingerprint


def test_the_fingerprint_is_pinned() -> None:
    """Fingerprints are kept in files and databases: another one for the same facts needs another format."""
    assert (
        of(EMAIL, MAPPING).fingerprint == "ef3a26cc5129729b37fa13f6a497de2e222e537fa39cd832f0a13acd87ee5e50"
    )


def test_the_text_has_a_line_for_each_fact() -> None:
    assert of(MAPPING, EMAIL).dumps().splitlines()[6:] == [
        (
            '  {"attributes": {"position": 2, "type": "text"}, "identity": "public.users.email", "kind": "column",'
            ' "parent": ["table", "public.users"]},'
        ),
        (
            '  {"guarded": {"options": {"user": "a"}}, "identity": "ann on there", "kind": "user mapping",'
            ' "parent": ["server", "there"]}'
        ),
        " ]",
        "}",
    ]


def test_what_only_some_may_read_is_no_part_of_the_fingerprint() -> None:
    hidden = Fact(MAPPING.kind, MAPPING.identity, MAPPING.parent, {}, None)
    assert of(hidden).fingerprint == of(MAPPING).fingerprint
    assert of(hidden) != of(MAPPING)
    assert of(hidden).unreadable == (hidden,)
    assert of(MAPPING).unreadable == ()


def test_two_facts_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^two facts of one name: column public\.users\.email$"):
        of(EMAIL, EMAIL)


def test_unknown_kinds_are_listed() -> None:
    strange = Fact("unknown", "relation of kind g app.graph")
    assert of(EMAIL, strange).unknown == (strange,)


def _edited(**parts: Any) -> str:
    return json.dumps({**json.loads(of(EMAIL).dumps()), **parts})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.json is not a snapshot: it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "x.json is not a snapshot: it has no facts"),
        ('{"format": 1}', "x.json is not a snapshot: it has no facts"),
        (_edited(format=2), "x.json is of the format 2, and this version of stepwell reads 1"),
        (_edited(facts=[{"kind": "column"}]), "x.json is not a snapshot: KeyError: 'identity'"),
        (_edited(facts=[{"kind": "column", "identity": 1}]), "x.json is not a snapshot: TypeError: 1 is not text"),
        (_edited(facts=7), "x.json is not a snapshot: TypeError: 'int' object is not iterable"),
        (_edited(facts=[]), "x.json is not a snapshot: its fingerprint does not belong to its facts: was it edited?"),
    ],
)  # fmt: skip
def test_what_is_no_snapshot_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        loads(text, "x.json")
    assert caught.value.message == message

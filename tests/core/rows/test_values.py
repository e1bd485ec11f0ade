"""Values fit the limits of their types, and every family of types has some."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.rows.description import Family, Type
from stepwell.core.rows.hints import Hints
from stepwell.core.rows.values import candidates, edges, plain
from stepwell.engines.postgresql.anatomy_types import KNOWN, OF_EXTENSIONS

INTEGER = Type(Family.INTEGER, "integer", low=-(2**31), high=2**31 - 1)
MADE_OF = {
    Family.ENUM: Type(Family.ENUM, "mood", labels=("sad", "ok")),
    Family.ARRAY: Type(Family.ARRAY, "integer[]", element=INTEGER),
    Family.COMPOSITE: Type(Family.COMPOSITE, "pair", fields=(INTEGER, Type(Family.TEXT, "text"))),
    Family.RANGE: Type(Family.RANGE, "int4range", element=INTEGER),
    Family.MULTIRANGE: Type(Family.MULTIRANGE, "int4multirange", element=INTEGER),
}
any_hints = st.builds(
    Hints,
    st.lists(st.text(max_size=20), max_size=4).map(tuple),
    st.lists(
        st.integers(-(10**25), 10**25).map(str) | st.decimals(allow_nan=False, places=3).map(str), max_size=4
    ).map(tuple),
    st.lists(st.integers(0, 10**7), max_size=3).map(tuple),
)


def test_every_family_has_at_least_two_values_that_differ() -> None:
    few = [
        family
        for family in Family
        if family is not Family.UNKNOWN and len(set(plain(MADE_OF.get(family, Type(family, "x"))))) < 2
    ]
    assert few == []


def test_every_type_that_is_known_has_a_family_with_values() -> None:
    assert {
        family for family in (*KNOWN.values(), *OF_EXTENSIONS.values()) if not plain(Type(family, "x"))
    } == set()


@given(st.integers(1, 2000), any_hints)
def test_texts_are_no_longer_than_they_may_be(length: int, hints: Hints) -> None:
    kind = Type(Family.TEXT, f"varchar({length})", length=length)
    found = candidates(kind, hints)
    assert found
    assert max(len(str(text)) for text in found) <= length
    assert max(len(str(text)) for text in edges(kind)) >= min(length, 1000) - 1


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6), any_hints)
def test_integers_are_within_their_bounds(low: int, size: int, hints: Hints) -> None:
    kind = Type(Family.INTEGER, "integer", low=low, high=low + size)
    assert [value for value in candidates(kind, hints) if not low <= int(str(value)) <= low + size] == []


@given(st.integers(1, 30), st.integers(-5, 30))
def test_decimals_have_no_more_digits_than_they_may_have(digits: int, scale: int) -> None:
    kind = Type(Family.DECIMAL, "numeric", digits=digits, scale=scale)
    found = [Decimal(str(value)) for value in (*plain(kind), *edges(kind))]
    assert found
    assert max(value.copy_abs() for value in found) < Decimal(10) ** (digits - scale)


@given(any_hints, st.sampled_from(Family).map(lambda family: MADE_OF.get(family, Type(family, "x"))))
def test_any_hints_can_be_used_for_any_type(hints: Hints, kind: Type) -> None:
    found = candidates(kind, hints)
    assert len(found) == len(set(found))


def test_what_a_check_says_comes_first() -> None:
    assert candidates(INTEGER, Hints(numbers=("70",)))[:3] == ["70", "71", "69"]
    assert candidates(Type(Family.TEXT, "text"), Hints(texts=("open", "closed")))[:2] == ["open", "closed"]
    assert candidates(Type(Family.DATE, "date"), Hints(texts=("2030-05-01",)))[:2] == [
        "2030-05-01",
        "2030-05-02",
    ]
    assert '{"kind": 1}' in candidates(Type(Family.JSON, "jsonb"), Hints(texts=("kind",)))


def test_parts_are_quoted_so_that_they_can_be_any_text() -> None:
    odd = Type(Family.ENUM, "odd", labels=('a"b\\c', "d,e"))
    assert plain(Type(Family.ARRAY, "odd[]", element=odd))[0] == '{"a\\"b\\\\c","d,e"}'
    assert plain(Type(Family.COMPOSITE, "pair", fields=(odd, odd)))[0] == '("a\\"b\\\\c","a\\"b\\\\c")'

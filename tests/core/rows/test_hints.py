"""What checks say of the values that they let pass."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.rows.hints import columns_in, hints
from stepwell.core.rows.samples import of_glob, of_like, of_regex
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

PATTERNS = (
    r"^[A-Z]{2}\d{3}$",
    r"^(?:foo|ba[rz])[[:digit:]]{3,5}$",
    r"^[^@]+@[^@]+\.[a-z]{2,}$",
    r"^https?://",
    r"^\w+([-.]\w+)*$",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    r"^#[0-9a-fA-F]{6}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^\d{4}-\d\d-\d\d$",
    r"^(a|b)(c|)$",
    r"^[]x-]+$",
    r"^\S+$",
    r"^a.c$",
    r"^[[:alpha:]_][[:alnum:]_]*$",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_samples_match_their_regular_expression(pattern: str) -> None:
    samples = of_regex(pattern)
    python = re.sub(
        r"\[:(\w+):\]", lambda m: {"digit": r"\d", "alpha": "a-zA-Z", "alnum": "a-zA-Z0-9"}[m[1]], pattern
    )
    assert samples
    assert [text for text in samples if not re.search(python.replace("[]", r"[\]"), text)] == []


@pytest.mark.parametrize("pattern", ["(?=a)b", r"\1", "(", "[a", "*a", r"\p{L}"])
def test_what_is_not_read_has_no_samples(pattern: str) -> None:
    assert of_regex(pattern) == ()


@given(st.text("ab1|()[]{}?*+.^$\\-,:", max_size=12))
def test_any_text_can_be_asked_for(pattern: str) -> None:
    assert isinstance(of_regex(pattern), tuple)


@pytest.mark.parametrize(
    ("pattern", "samples"),
    [
        ("INV-__-%", ("INV-aa-a", "INV-aa-")),
        (r"100\%", ("100%",)),
        ("%@%", ("a@a", "@")),
        ("plain", ("plain",)),
    ],
)
def test_samples_of_like(pattern: str, samples: tuple[str, ...]) -> None:
    assert of_like(pattern) == samples


def test_samples_of_glob() -> None:
    assert of_glob("[A-Z][0-9]*")[0] == "A0"
    assert "a.b" in {text.replace("A", "b") for text in of_glob("a.[b]")}


@pytest.mark.parametrize(
    ("expression", "texts", "numbers", "lengths"),
    [
        ("CHECK ((status = ANY (ARRAY['open'::text, 'it''s'::text])))", ("open", "it's"), (), ()),
        ("CHECK (a > -5 AND a <= 1.5)", (), ("-5", "1.5"), ()),
        ("CHECK (char_length(a) = 12)", (), ("12",), (12,)),
        (r"CHECK (a ~ '^x[0-9]$')", ("x0", "x0"), (), ()),
        (r"a = E'it\'s'", ("it's",), (), ()),
        ("a = $q$x'y$q$", ("x'y",), (), ()),
        ("a LIKE 'b%' /* 'not this' */", ("ba", "b"), (), ()),
    ],
)
def test_what_is_read_from_an_expression(
    expression: str, texts: tuple[str, ...], numbers: tuple[str, ...], lengths: tuple[int, ...]
) -> None:
    found = hints([expression], POSTGRESQL)
    assert (found.texts, found.numbers, found.lengths) == (tuple(dict.fromkeys(texts)), numbers, lengths)


def test_which_columns_an_expression_names() -> None:
    assert columns_in("lower(\"A b\") || C || 'd'", ["a b", "c", "d"], SQLITE) == ("a b", "c")

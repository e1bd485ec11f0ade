"""Values that checks speak of, made to fit a type: literals, their neighbours, texts of the lengths they name."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stepwell.core.rows.description import Family, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stepwell.core.rows.hints import Hints
    from stepwell.core.rows.nested import Value

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?", re.ASCII)
_MOST = 60
_MOST_DIGITS = 19
_LONGEST = 100_000
_PATHS = re.compile(r"^\$\.(\w+)")
_ITEMS = re.compile(r"[^{},\"]+")


def likely(kind: Type, hints: Hints) -> list[Value]:
    """Values for a column of this type, in the order in which they stand in the checks."""
    if kind.family in (Family.ARRAY, Family.COMPOSITE, Family.BOOLEAN):
        return []
    return _LIKELY[kind.family](kind, hints) if kind.family in _LIKELY else list(hints.texts)


def _numbers(hints: Hints) -> list[str]:
    """The numbers, in quotes or not; absurdly long ones are left out."""
    found = (text for text in (*hints.numbers, *hints.texts) if _NUMBER.fullmatch(text))
    return [text for text in found if len(text) <= _MOST_DIGITS]


def _integers(kind: Type, hints: Hints) -> list[Value]:
    given = [int(float(each)) for each in _numbers(hints)]
    around = [*given, *(n + 1 for n in given), *(n - 1 for n in given)]
    fitting = [
        n for n in around if (kind.low is None or n >= kind.low) and (kind.high is None or n <= kind.high)
    ]
    return [str(n) for n in [*dict.fromkeys(fitting)][:_MOST]]


def _fractions(_: Type, hints: Hints) -> list[Value]:
    given = _numbers(hints)
    around = [f"{float(each) + step:.10g}" for step in (1, -1) for each in given]
    return [*[*dict.fromkeys([*given, *around])][:_MOST]]


def _texts(kind: Type, hints: Hints) -> list[Value]:
    of_length = [_long(signs, n) for n in _lengths(hints.lengths) for signs in ("abcdefghij", "1234567890")]
    inside = [item for text in hints.texts if text.startswith("{") for item in _ITEMS.findall(text)]
    found = [
        text
        for text in (*hints.texts, *inside, *of_length)
        if kind.length is None or len(text) <= kind.length
    ]
    numbers = [each for each in hints.numbers if kind.length is None or len(each) <= kind.length]
    return [*[*dict.fromkeys([*found, *numbers])][:_MOST]]


def _long(signs: str, length: int) -> str:
    return (signs * (length // len(signs) + 1))[:length]


def _lengths(lengths: Iterable[int]) -> list[int]:
    given = [each for each in lengths if each < _LONGEST]
    return list(dict.fromkeys(n for each in given for n in (each, each + 1, each - 1) if n >= 0))


def _moments(kind: Type, hints: Hints) -> list[Value]:
    """Dates and times that a check names, and those a day away."""
    return [each for text in hints.texts for each in _around(text, kind.family)]


def _around(text: str, family: Family) -> list[str]:
    try:
        moment = datetime.fromisoformat(text.strip())
        around = [moment, moment + timedelta(days=1), moment - timedelta(days=1)]
    except (ValueError, OverflowError):
        return []
    if family is Family.DATE:
        return [each.date().isoformat() for each in around]
    return [each.isoformat(sep=" ") for each in around]


def _any(_: Type, hints: Hints) -> list[Value]:
    return [*hints.texts, *(int(each) for each in _numbers(hints) if each.lstrip("-").isdecimal())]


def _documents(_: Type, hints: Hints) -> list[Value]:
    """Objects that have every name which a check speaks of, with a value of each kind."""
    texts = hints.texts
    inside = [name for text in texts for name in _PATHS.findall(text)]
    named = [text for text in texts if text and not text.startswith(("{", "[", "$"))]
    names = list(dict.fromkeys([*named, *inside]))
    whole = [text for text in texts if text.startswith(("{", "["))]
    quoted = [json.dumps(name) for name in names]
    objects = [
        "{" + ", ".join(f"{name}: {value}" for name in quoted) + "}"
        for value in ("1", '"a"', "true", "[]", "{}")
    ]
    return [*whole, *(objects if quoted else [])]


_LIKELY: dict[Family, Callable[[Type, Hints], list[Value]]] = {
    Family.INTEGER: _integers,
    Family.DECIMAL: _fractions,
    Family.FLOAT: _fractions,
    Family.MONEY: _fractions,
    Family.TEXT: _texts,
    Family.ENUM: lambda kind, hints: [text for text in hints.texts if text in kind.labels],
    Family.DATE: _moments,
    Family.TIMESTAMP: _moments,
    Family.TIMESTAMP_ZONED: _moments,
    Family.JSON: _documents,
    Family.BYTES: lambda _, hints: [b"a" * length for length in _lengths(hints.lengths)],
    Family.ANY: _any,
}

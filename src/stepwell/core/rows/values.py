"""Values for each family of types: plain ones, and some at an edge. Texts as PostgreSQL reads them, bytes for BYTES.

Edges are as far out as real data are: past the next smaller type, as long as the limit, out of ASCII; not so far that a
sum or a product of two overflows, which would only show that nobody computes with such numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.rows.description import Family, Type
from stepwell.core.rows.hints import NO_HINTS, Hints
from stepwell.core.rows.likely import likely
from stepwell.core.rows.nested import nested

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.rows.nested import Value

LONGEST = 1000  # characters of a text: longer ones fit into no index
_UNLIMITED = 300
_EDGE = "Zoë Ångström, 測試 🦉 'quote\" \\ % "

# Plain values first, then edges.
_FIXED: dict[Family, tuple[tuple[Value, ...], tuple[Value, ...]]] = {
    Family.MONEY: (("1.50", "2.00", "3.25"), ("1234567.89",)),
    Family.BOOLEAN: (("true", "false"), ()),
    Family.CHARACTER: (("a", "b", "c"), ()),
    Family.FLOAT: (("0.5", "2.25", "3", "1", "-1.5", "0"), ("123456.789",)),
    Family.DATE: (("2024-01-15", "2024-02-16", "2024-03-17"), ("2024-02-29", "1999-12-31", "2100-01-01")),
    Family.TIME: (("08:30:00", "09:45:10", "10:00:00"), ("23:59:59.999999",)),
    Family.TIME_ZONED: (("08:30:00+00", "09:45:10+02"), ("23:59:59.999999-08",)),
    Family.TIMESTAMP: (
        ("2024-01-15 08:30:00", "2024-02-16 09:45:10", "2024-03-17 10:00:00"),
        ("2024-02-29 23:59:59.999999", "1999-12-31 00:00:00", "2100-01-01 00:00:00"),
    ),
    Family.TIMESTAMP_ZONED: (
        ("2024-01-15 08:30:00+00", "2024-02-16 09:45:10+00", "2024-03-17 10:00:00+00"),
        ("2024-03-31 01:30:00.999999+00", "1999-12-31 00:00:00+00", "2100-01-01 00:00:00+00"),
    ),
    Family.INTERVAL: (("1 day", "2 hours", "3 minutes"), ("1 year 2 mons 3 days 04:05:06.7",)),
    Family.UUID: (
        tuple(f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2, 3, 4)),
        ("ffffffff-ffff-4fff-bfff-ffffffffffff",),
    ),
    Family.JSON: (
        ('{"a": 1}', '{"b": [1, 2]}', "{}"),
        ('{"é": "🦉", "n": null, "deep": {"x": [true, 1.5]}}', "[]", "[1]", '"a"', "1", "true", "null"),
    ),
    Family.JSON_PATH: (("$.a", "$.b"), ("$.a[*] ? (@ > 1)",)),
    Family.XML: (("<a/>", "<b>1</b>"), ('<c d="é">🦉</c>',)),
    Family.BYTES: ((b"a", b"bc", b"\x01"), (bytes(range(256)), b"")),
    Family.ADDRESS: (("192.0.2.1", "192.0.2.2", "198.51.100.0/24"), ("2001:db8::1",)),
    Family.NETWORK: (("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"), ("2001:db8::/32",)),
    Family.HARDWARE_ADDRESS: (("00:00:5e:00:53:01", "00:00:5e:00:53:02"), ("ff:ff:ff:ff:ff:ff",)),
    Family.HARDWARE_ADDRESS_8: (
        ("00:00:5e:00:53:00:00:01", "00:00:5e:00:53:00:00:02"),
        ("ff:ff:ff:ff:ff:ff:ff:ff",),
    ),
    Family.POINT: (("(1,2)", "(3,4)", "(0,0)"), ("(-1.5,1e10)",)),
    Family.LINE: (("{1,2,3}", "{1,-1,0}"), ()),
    Family.SEGMENT: (("[(0,0),(1,1)]", "[(1,2),(3,4)]"), ()),
    Family.BOX: (("(1,1),(0,0)", "(5,5),(3,3)", "(9,9),(7,7)"), ()),
    Family.PATH: (("[(0,0),(1,1),(2,0)]", "((0,0),(1,1))"), ()),
    Family.POLYGON: (("((0,0),(1,1),(2,0))", "((5,5),(6,6),(7,5))"), ()),
    Family.CIRCLE: (("<(0,0),1>", "<(5,5),1>", "<(9,9),1>"), ()),
    Family.SEARCH_VECTOR: (("'alpha':1 'beta':2", "'gamma':3A"), ("",)),
    Family.SEARCH_QUERY: (("'alpha' & 'beta'", "'gamma' | !'delta'"), ()),
    Family.LOG_POSITION: (("0/1", "0/16B3748"), ("FFFFFFFF/FFFFFFFF",)),
    Family.SNAPSHOT: (("10:20:10,14,15", "10:10:"), ()),
    Family.RELATION: (("pg_catalog.pg_class", "pg_catalog.pg_type"), ()),
    Family.TYPE_NAME: (("integer", "text", "boolean"), ()),
    Family.ROLE_NAME: (("pg_monitor", "pg_read_all_settings"), ()),
    Family.PAIRS: (('"a"=>"1"', '"b"=>NULL'), ("",)),
    Family.LABELS: (("a.b", "a.c", "b"), ()),
    Family.CUBE: (("(1, 2)", "(3, 4)"), ()),
    Family.ANY: (("alpha", "beta", 1, 2), (b"\x00", 0.5)),
}

# What one can try with a type that nobody knows: most read some of these.
GUESSES = (
    *(
        "1",
        "2",
        "a",
        "b",
        "{}",
        "(1,2)",
        "(3,4)",
        "[1,2]",
        "{1,2}",
        "(a,1)",
        "1 .. 2",
        "2024-01-15",
        "12:30",
        "true",
    ),
    *(
        "POINT(1 2)",
        "POINT(3 4)",
        "978-0-393-04002-9",
        "192.0.2.1",
        "$.a",
        "a=>1",
        '{"a": 1}',
        "pg_class",
        "",
    ),
)

_INTEGERS = (1, 2, 3, 4, 5, 10, 101, 1009, 0, -1)
_INTEGER_EDGES = (30011, 2_000_003, 3_000_000_019)  # past 8 and 16 bits, past 32 bits, in 64
_TEXTS = ("alpha", "beta", "gamma", "delta")
_LETTERS = "abcdefgh12"  # where there is no room for more


def plain(kind: Type) -> list[Value]:
    """Values that nobody wonders at, all different."""
    if kind.family in _FIXED:
        return list(_FIXED[kind.family][0])
    return _PLAIN[kind.family](kind) if kind.family in _PLAIN else nested(kind, plain)


def edges(kind: Type) -> list[Value]:
    """Values at an edge of the type, the most telling ones first; none for a type without."""
    if kind.family in _FIXED:
        return list(_FIXED[kind.family][1])
    return _EDGES[kind.family](kind) if kind.family in _EDGES else []


def candidates(kind: Type, hints: Hints = NO_HINTS) -> list[Value]:
    """Every value worth trying: what checks speak of, plain ones, edges, and more for checks that are not read."""
    found = [*likely(kind, hints), *plain(kind), *edges(kind)]
    if kind.family is Family.TEXT and hints is not NO_HINTS:
        found += _fitting(list(_ODD_TEXTS), kind)
    if kind.family is Family.ARRAY and kind.element is not None and hints is not NO_HINTS:
        inner = candidates(kind.element, hints)
        found = [*nested(kind, lambda _: inner), *found]
    return list(dict.fromkeys(found))


_ODD_TEXTS = (
    *(
        "a",
        "A",
        "ABC",
        "abc",
        "1",
        "12",
        "123",
        "a1",
        "A1",
        "AB",
        "ab",
        "en",
        "EUR",
        "US",
        "0.5",
        "true",
        " ",
    ),
    *(
        "ann@example.com",
        "https://example.com/a",
        "+4930123456",
        "2024-01-15",
        "12:30",
        "#aabbcc",
        "a-b",
        "a_b",
    ),
    *(
        "{}",
        "[]",
        "00000000-0000-4000-8000-000000000001",
        "192.0.2.1",
        "1.0.0",
        "/a/b",
        "a.b",
        "12345",
        "DE89",
    ),
)


def _within(number: int, kind: Type) -> bool:
    return (kind.low is None or number >= kind.low) and (kind.high is None or number <= kind.high)


def _integers(kind: Type) -> list[Value]:
    usual = [number for number in _INTEGERS if _within(number, kind)]
    first = kind.low if kind.low is not None else 0
    return [str(number) for number in usual or (first, first + 1, first + 2) if _within(number, kind)]


def _decimals(kind: Type) -> list[Value]:
    if kind.digits is None:
        return ["1.5", "2.25", "3", "10", "1", "0", "-1"]
    scale = kind.scale or 0
    unit = "1" if scale <= 0 else "0." + "1".zfill(scale)
    places = kind.digits - scale  # before the point
    whole = [each for each in ("1", "2", "3", "4", "10", "0", "-1") if len(each.lstrip("-")) <= places]
    return list(dict.fromkeys([*whole, *([unit, "0"] if scale >= 0 else ["0"])]))


def _largest(kind: Type) -> list[Value]:
    if kind.digits is None:
        return ["12345678901234567890.0123456789"]
    scale = kind.scale or 0
    if scale < 0:
        return ["9" * kind.digits + "0" * -scale]
    whole = "9" * max(kind.digits - scale, 0) or "0"
    return [f"{whole}.{'9' * min(scale, kind.digits)}" if 0 < scale <= kind.digits else whole]


def _fitting(texts: list[str], kind: Type) -> list[Value]:
    return list(dict.fromkeys(text for text in texts if kind.length is None or len(text) <= kind.length))


def _plain_texts(kind: Type) -> list[Value]:
    return _fitting([*_TEXTS] if (kind.length or LONGEST) >= len(_TEXTS[-1]) else [*_LETTERS], kind)


def _long_text(kind: Type) -> list[Value]:
    length = min(kind.length or _UNLIMITED, LONGEST)
    return [(_EDGE * (length // len(_EDGE) + 1))[:length].rstrip() or "é", ""]


def _plain_bits(kind: Type) -> list[Value]:
    length = kind.length or (1 if kind.family is Family.BITS else 4)
    return list(dict.fromkeys([format(n, "b").zfill(length)[-length:] for n in (1, 2, 3, 0)]))


_PLAIN: dict[Family, Callable[[Type], list[Value]]] = {
    Family.UNKNOWN: lambda kind: list(kind.labels),
    Family.ENUM: lambda kind: list(kind.labels),
    Family.INTEGER: _integers,
    Family.DECIMAL: _decimals,
    Family.TEXT: _plain_texts,
    Family.BITS: _plain_bits,
    Family.BITS_VARYING: _plain_bits,
    Family.VECTOR: lambda kind: [
        "[" + ",".join(str(first + number) for number in range(kind.length or 3)) + "]" for first in (1, 2, 3)
    ],
}

_EDGES: dict[Family, Callable[[Type], list[Value]]] = {
    Family.INTEGER: lambda kind: [
        str(number) for number in reversed(_INTEGER_EDGES) if _within(number, kind)
    ],
    Family.DECIMAL: _largest,
    Family.TEXT: _long_text,
    Family.BITS: lambda kind: ["1" * (kind.length or 1)],
    Family.BITS_VARYING: lambda kind: ["1" * min(kind.length or 8, LONGEST)],
    Family.ARRAY: lambda kind: [*nested(kind, edges)[:1], "{}"],
    Family.RANGE: lambda _: ["empty", "(,)"],
    Family.MULTIRANGE: lambda _: ["{}"],
    Family.COMPOSITE: lambda kind: nested(kind, lambda field: [*edges(field)[:1], *plain(field)]),
}

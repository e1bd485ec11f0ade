"""Values that are made of others: arrays, composites, ranges, in the text that PostgreSQL reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.rows.description import Family, Type

if TYPE_CHECKING:
    from collections.abc import Callable

# What a column can be given: text is read by the database in the column's type.
Value = str | bytes | int | float | None


def nested(kind: Type, inner: Callable[[Type], list[Value]]) -> list[Value]:
    """Values of a type that has others in it, from values of those. None where one of them has none."""
    if kind.family is Family.COMPOSITE:
        return _composites([inner(field) for field in kind.fields])
    if kind.element is None:
        return []
    members = inner(kind.element)
    if kind.family is Family.ARRAY:
        return _arrays(members)
    ranges = _ranges(kind.element, members)
    if kind.family is Family.RANGE:
        return [*ranges]
    return [f"{{{each}}}" for each in ranges]


def _arrays(members: list[Value]) -> list[Value]:
    single: list[Value] = [f"{{{_item(each)}}}" for each in members]
    pair = [f"{{{_item(members[0])},{_item(members[1])}}}"] if len(members) > 1 else []
    return [*pair, *single]


def _composites(fields: list[list[Value]]) -> list[Value]:
    if not all(fields):
        return []
    rows = [[values[i % len(values)] for values in fields] for i in range(max(map(len, fields), default=0))]
    return [f"({','.join(_item(value) for value in row)})" for row in rows] or ["()"]


def _ranges(element: Type, members: list[Value]) -> list[str]:
    """Between neighbours, in the order of their values: ranges that have nothing in common."""
    if element.family in (Family.INTEGER, Family.DECIMAL, Family.FLOAT):
        ordered = sorted((str(each) for each in members), key=float)
    else:
        ordered = sorted(str(each) for each in members)
    pairs = [*zip(ordered[::2], ordered[1::2], strict=False)]
    return [f"[{_item(low)},{_item(high)})" for low, high in pairs]


def _item(value: Value) -> str:
    """A part, quoted so that it can be any text."""
    if value is None:
        return ""
    text = "\\x" + value.hex() if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

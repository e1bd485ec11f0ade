"""Puts `:name` parameters into the form that a driver takes. It never puts a value into the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from stepwell.core.sql.errors import MissingValueError, SqlSyntaxError
from stepwell.core.sql.lexer import scan
from stepwell.core.sql.style import ParameterStyle
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.sql.rules import LexRules


@dataclass(frozen=True, slots=True)
class Bound:
    """What is given to the driver: the text, and the values, in a list or in a dict as the style says."""

    sql: str
    params: list[object] | dict[str, object]


@dataclass(frozen=True, slots=True)
class _Template:
    """A text that is ready for any values: the names stand in the order in which the driver counts."""

    sql: str
    names: tuple[str, ...]


def parameter_names(sql: str, rules: LexRules) -> tuple[str, ...]:
    """The names of the `:name` parameters in SQL, each once, in the order of their first use."""
    return _template(sql, rules, ParameterStyle.NUMERIC).names


def bind(sql: str, rules: LexRules, values: Mapping[str, object], style: ParameterStyle) -> Bound:
    """Give SQL and values as the driver takes them.

    A `:name` in a string, a quoted name or a comment is none, nor is one directly after an operand
    (`a[1:n]`). Values without a parameter are left out. Raises `MissingValueError` for a parameter without a
    value, and `SqlSyntaxError` where the text also has parameters of the database's own kind, which could not
    be told from ours.
    """
    template = _template(sql, rules, style)
    for name in template.names:
        if name not in values:
            raise MissingValueError(name)
    if style is ParameterStyle.NAMED:
        return Bound(template.sql, {name: values[name] for name in template.names})
    return Bound(template.sql, [values[name] for name in template.names])


# A memo of a pure function, not state: the same text is bound for every row of an `execute_many`.
@lru_cache(maxsize=128)
def _template(sql: str, rules: LexRules, style: ParameterStyle) -> _Template:
    names: dict[str, int] = {}
    occurrences: list[str] = []
    parts: list[str] = []
    placeholder = None
    for token in scan(sql, rules):
        if token.kind is Kind.PARAMETER:
            name = token.text[1:]
            number = names.setdefault(name, len(names) + 1)
            occurrences.append(name)
            parts.append(_marker(style, name, number))
            continue
        if token.kind is Kind.PLACEHOLDER and placeholder is None:
            placeholder = token
        parts.append(token.text.replace("%", "%%") if style is ParameterStyle.FORMAT else token.text)
    if placeholder is not None and names:
        line = sql.count("\n", 0, placeholder.start) + 1
        column = placeholder.start - sql.rfind("\n", 0, placeholder.start)
        raise SqlSyntaxError(f"{placeholder.text} can't be mixed with :name parameters", line, column)
    return _Template("".join(parts), tuple(occurrences if style is ParameterStyle.FORMAT else names))


def _marker(style: ParameterStyle, name: str, number: int) -> str:
    if style is ParameterStyle.NUMERIC:
        return f"${number}"
    return f":{name}" if style is ParameterStyle.NAMED else "%s"

"""How the value of a variable is checked, and written where its place is, so that it can be nothing but a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.lexer import lex
from stepwell.core.sql.quoting import quote_name, quote_text
from stepwell.core.sql.tokens import Kind as Token
from stepwell.core.templates.template import Kind

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules

_LONGEST = 63  # bytes of a name: PostgreSQL cuts longer ones
_NAMES = frozenset({Kind.NAME, Kind.TABLE, Kind.COLUMN, Kind.ENUM})
# What would end a statement, hide what follows, or be something else than SQL.
_NEVER_IN_SQL = {
    Token.TERMINATOR: "ends the statement",
    Token.COMMENT: "begins a comment",
    Token.HINT: "begins a hint",
    Token.EXECUTABLE: "begins a comment",
    Token.META: "holds a command of a client",
    Token.DELIMITER: "holds a command of a client",
    Token.UNTERMINATED: "leaves something open",
    Token.PARAMETER: "holds a parameter",
    Token.PLACEHOLDER: "holds a parameter",
    Token.DATA: "holds data",
}


def written(value: str, kind: Kind, rules: LexRules) -> str:
    """A value as SQL. Raises `ValueError`, saying what is wrong with it."""
    if not value.strip():
        raise ValueError("is empty")
    if not value.isprintable():
        raise ValueError("holds a control character")
    if kind in _NAMES:
        return _path(value, rules)
    if kind is Kind.NUMBER:
        if not (value.isascii() and value.isdecimal()):
            raise ValueError("is no whole number")
        return value
    if kind is Kind.TEXT:
        return quote_text(value, rules)
    if kind is Kind.TEXTS:
        return ", ".join(quote_text(each.strip(), rules) for each in _several(value))
    return _sql(value, rules)


def _several(value: str) -> list[str]:
    texts = value.split(",")
    if not all(each.strip() for each in texts):
        raise ValueError("has nothing between two commas")
    return texts


def last_name(value: str, kind: Kind) -> str:
    """A value as a part of a name that is made of several: of `shop.users`, the last part."""
    return value.rpartition(".")[2] if kind in _NAMES else value


def _path(value: str, rules: LexRules) -> str:
    """A name, perhaps behind that of its schema."""
    parts = value.split(".")
    for part in parts:
        if not part or part != part.strip():
            raise ValueError("is no name")
        if len(part.encode()) > _LONGEST:
            raise ValueError(f"is longer than {_LONGEST} bytes")
    return ".".join(quote_name(part, rules) for part in parts)


def _sql(value: str, rules: LexRules) -> str:
    depth = 0
    for token in lex(value, rules):
        if why := _NEVER_IN_SQL.get(token.kind):
            raise ValueError(f"{why} ({token.text})")
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or token.text == ";":
            raise ValueError("closes more than it opens" if depth < 0 else "ends the statement (;)")
    if depth:
        raise ValueError("opens more than it closes")
    return value.strip()


def in_python(value: str) -> str:
    """A value inside a text of Python source, whatever quotes that has. Raises `ValueError`."""
    if found := next((sign for sign in "\\{}" if sign in value), None):
        raise ValueError(f"holds {found!r}, which a template in Python can't take; one in SQL (--sql) can")
    return value.replace('"', '\\"').replace("'", "\\'")

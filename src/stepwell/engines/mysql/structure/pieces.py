"""What facts of all kinds are made with: names, attributes without their usual values, secrets. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stepwell.core.schema.snapshot import Fact, Key
from stepwell.core.sql.reader import identifier
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.mysql.tables import quote

if TYPE_CHECKING:
    from stepwell.core.sql.tokens import Token

MASK = "***"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_CONTROL = {"0": "\0", "n": "\n", "r": "\r", "Z": "\x1a"}
_SECRET = re.compile(r"passw|pwd|secret|token|credential|_key\b", re.IGNORECASE)
# In a URL, and as some engines have it within a comment or a list of options: `password "x"`, `password=x`.
_WITHIN = (
    re.compile(r"(://[^:/@'\s]*:)\S*(?=@)"),  # it may have an @ and a quote in it
    re.compile(r"""(\bpassw(?:or)?d\b\s*["'=]+\s*)[^"',]+""", re.IGNORECASE),
)


def named(*names: str) -> str:
    """A name in full, with quotes around what needs them."""
    return ".".join(name if _PLAIN.fullmatch(name) else quote(name) for name in names)


def name_of(token: Token) -> str:
    """The name that a token stands for."""
    return identifier(token, MYSQL.commands) or token.text


def text_of_literal(literal: str) -> str:
    """The text that a string stands for, as the server prints one."""
    return _ESCAPED.sub(lambda found: _CONTROL.get(found[1], found[1]) if found[1] else "'", literal[1:-1])


def told(**values: Any) -> dict[str, Any]:
    """Attributes; what is nothing is as usual, and left out."""
    return {name: value for name, value in values.items() if value not in (None, False, "", [], {})}


def unless(value: object, usual: str) -> str | None:
    """A word in small letters; None for the usual one."""
    text = str(value or "").lower()
    return None if text == usual.lower() else text


def of_table(table: str) -> Key:
    """The table that something belongs to."""
    return Key("table", named(table))


def unknown(what: str) -> Fact:
    """A thing for which there is no word here."""
    return Fact("unknown", what)


def without_secrets(name: str, value: str) -> str:
    """The value of an option. What is a secret by its name is masked, and so are passwords within the value."""
    if _SECRET.search(name):
        return MASK
    for password in _WITHIN:
        value = password.sub(rf"\g<1>{MASK}", value)
    return value

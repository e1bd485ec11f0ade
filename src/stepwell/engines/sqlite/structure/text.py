"""One text for what is only written in another way: SQL as a file keeps it, in a normal form. Nothing here asks.

A file keeps the CREATEs as people wrote them, with their comments, and renames edit that text: they put quotes around
names that had none. SQLite reads names in any case and in four sorts of quotes, and so does this.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from stepwell.core.sql.lexer import lex
from stepwell.core.sql.reader import identifier
from stepwell.core.sql.rules import Fold
from stepwell.core.sql.tokens import Kind, is_trivia
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.engines.sqlite.tables import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stepwell.core.sql.tokens import Token

# The words that can't be a name without quotes.
_RESERVED = """
    ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE
    DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS ISNULL JOIN
    LIMIT NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO TRANSACTION UNION
    UNIQUE UPDATE USING VALUES WHEN WHERE
"""
RESERVED = frozenset(_RESERVED.split())
# Where a value may stand, these are one, and a name only in quotes.
NOW = frozenset({"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"})
VALUES = NOW | {"FALSE", "NULL", "TRUE"}
_PLAIN = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*")
_SAME = {"==": "=", "!=": "<>"}
_AS_WRITTEN = replace(SQLITE.commands, fold=Fold.KEEP)
_ADJOINING = frozenset(").,;")  # before which there is no blank
_SIGNS = frozenset("+-")


def tokens_of(sql: str) -> list[Token]:
    """The tokens of a statement that mean something. SQLite takes a comment that is never closed for one."""
    return [
        token
        for token in lex(sql, SQLITE)
        if not is_trivia(token.kind) and not (token.kind is Kind.UNTERMINATED and token.text[:2] == "/*")
    ]


def name_of(token: Token) -> str | None:
    """The name that a token stands for, as it is written; None for what is none."""
    return identifier(token, _AS_WRITTEN)


def folded(name: str) -> str:
    """A name as SQLite compares it: without the case of its ASCII letters."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)


def shown(name: str) -> str:
    """A name in what is told to people: in quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else quote(name)


def spelled(name: str) -> str:
    """A name within a definition, the same for every way to write it."""
    name = folded(name)
    is_word = name.upper() in RESERVED or name.upper() in VALUES
    return name if _PLAIN.fullmatch(name) and not is_word else quote(name)


def written(tokens: Sequence[Token], names: Collection[str] = ()) -> str:
    """The text of some tokens in the normal form. `names` (folded) are those that they may speak of.

    What stands in double quotes and is no name is a text to SQLite, which writes it as one when it renames a column.
    """
    parts: list[str] = []
    before = ""  # the part that the next one stands behind
    glued = False
    for token, after in zip_longest(tokens, tokens[1:]):
        text = literal(token) if _is_literal(token, names, before, after) else _text(token)
        if parts and not (glued and token.kind is Kind.NUMBER) and _is_apart(before, text):
            parts.append(" ")
        glued = text in _SIGNS and _is_operand_next(before)
        parts.append(text)
        before = text
    return "".join(parts)


def _text(token: Token) -> str:
    if token.kind is Kind.QUOTED:
        return spelled(name_of(token) or "")
    if token.kind is Kind.WORD:
        word = token.text.upper()
        return word if word in RESERVED or word in NOW else folded(token.text)
    if token.kind is Kind.NUMBER:
        return token.text.lower()
    if token.kind is Kind.STRING and token.text[0] in "xX":
        return token.text.upper()
    return _SAME.get(token.text, token.text)


def _is_literal(token: Token, names: Collection[str], before: str, after: Token | None) -> bool:
    """Whether it stands in double quotes and is no name: neither of something, nor where only a name can stand."""
    if not token.text.startswith('"'):
        return False
    is_path = before == "." or (after is not None and after.text == ".")
    return not (is_path or before in ("AS", "COLLATE") or folded(name_of(token) or "") in names)


def literal(token: Token) -> str:
    """What a word or a quoted name is where it is a text."""
    return "'" + (name_of(token) or "").replace("'", "''") + "'"


def _is_apart(before: str, text: str) -> bool:
    if text in _ADJOINING or before in ("(", "."):
        return False
    return text != "(" or before in RESERVED or not _PLAIN.fullmatch(before)


def _is_operand_next(before: str) -> bool:
    """Whether a sign that stands here belongs to the number behind it."""
    is_operand = before == ")" or before[-1:].isalnum() or before[-1:] in ("'", '"', "_")
    return before in RESERVED or not is_operand


def as_literal(token: Token) -> str:
    """A default that is a word of its own, which is a text to SQLite unless it is one of the words for values."""
    if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and token.text.upper() not in VALUES):
        return literal(token)
    return written([token])

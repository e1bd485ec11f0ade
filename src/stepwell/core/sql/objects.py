"""The kinds of object that CREATE, ALTER and DROP name, and where. Not the names of the objects."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.core.sql.tokens import Token

_LONGEST = 3  # words: TEXT SEARCH CONFIGURATION
_FARTHEST = 24  # tokens: CREATE OR REPLACE ALGORITHM = x DEFINER = `a`@`b` SQL SECURITY INVOKER VIEW


class ObjectKind(StrEnum):
    """What can stand in the way of a migration that creates it."""

    TABLE = "table"
    FOREIGN_TABLE = "foreign table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    INDEX = "index"
    SEQUENCE = "sequence"
    TYPE = "type"
    DOMAIN = "domain"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    SCHEMA = "schema"
    TRIGGER = "trigger"
    EXTENSION = "extension"
    EVENT = "event"


_SINGLE_WORDS = """
    AGGREGATE CAST COLLATION CONVERSION DATABASE DOMAIN EVENT EXTENSION FUNCTION GROUP INDEX INSTANCE LANGUAGE
    OPERATOR PACKAGE POLICY PROCEDURE PUBLICATION ROLE ROUTINE RULE SCHEMA SEQUENCE SERVER STATISTICS
    SUBSCRIPTION SYSTEM TABLE TABLESPACE TRANSFORM TRIGGER TYPE USER VIEW
"""
_SINGLE = frozenset(_SINGLE_WORDS.split())
_FOLLOWERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "MATERIALIZED": (("VIEW",),),
    "FOREIGN": (("TABLE",), ("DATA", "WRAPPER")),
    "EVENT": (("TRIGGER",),),
    "TEXT": (
        ("SEARCH", "CONFIGURATION"),
        ("SEARCH", "DICTIONARY"),
        ("SEARCH", "PARSER"),
        ("SEARCH", "TEMPLATE"),
    ),
    "OPERATOR": (("CLASS",), ("FAMILY",)),
    "USER": (("MAPPING",),),
    "ACCESS": (("METHOD",),),
    "DEFAULT": (("PRIVILEGES",),),
    "LARGE": (("OBJECT",),),
    "AGGREGATE": (("FUNCTION",),),
    "OWNED": (("BY",),),
}


class ObjectWords(NamedTuple):
    """The words that name the kind of object (`MATERIALIZED VIEW`), and the index of the token after them."""

    text: str
    end: int

    @property
    def first(self) -> str:
        """The first of the words."""
        return self.text.partition(" ")[0]


def object_words(tokens: Iterable[Token]) -> ObjectWords | None:
    """Find the kind of object in a statement that begins with CREATE, ALTER or DROP.

    Takes its significant tokens and looks at the first few only. Gives None where it names no kind that we
    know.
    """
    words: list[str] = []
    for token in islice(tokens, _FARTHEST):
        words.append(token.text.upper() if token.kind is Kind.WORD else "")
        # No kind has more than three words, so two more tokens are enough to be sure.
        if len(words) > _LONGEST and (found := _at(words, len(words) - _LONGEST)) is not None:
            return found
    found_late = (_at(words, index) for index in range(max(1, len(words) - _LONGEST + 1), len(words)))
    return next((found for found in found_late if found is not None), None)


def _at(words: list[str], index: int) -> ObjectWords | None:
    word = words[index]
    for follower in _FOLLOWERS.get(word, ()):
        end = index + 1 + len(follower)
        if tuple(words[index + 1 : end]) == follower:
            # MySQL's CREATE AGGREGATE FUNCTION makes a function; the other pairs are kinds of their own.
            return ObjectWords("FUNCTION" if word == "AGGREGATE" else " ".join((word, *follower)), end)
    return ObjectWords(word, index + 1) if word in _SINGLE else None

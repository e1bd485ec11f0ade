"""The shape of a dialect's lexical rules. No dialect stands here: see `engines/<name>/lexical.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fold(Enum):
    """What becomes of the case of an identifier."""

    KEEP = auto()
    LOWER_UNQUOTED = auto()
    LOWER_ALL = auto()  # names are the same in any case, quoted or not


class BodyRule(NamedTuple):
    """Which statements hold other statements, so that a `;` inside does not end them.

    `objects`: what is created by such a statement. `opener`: the words that open the body. `nests`: blocks
    may stand in blocks and each has its own END; otherwise the body ends with `; END`. `anonymous`: the first
    words of a statement that is a body without a CREATE.
    """

    objects: frozenset[str]
    opener: tuple[str, ...]
    nests: bool = False
    anonymous: tuple[str, ...] = ()


class OutsideOnly(NamedTuple):
    """A command that can't be in a transaction, and the reason in words.

    `pattern` is a regular expression for the statement's sentence (`Reader.sentence`), matched at its start;
    the empty one means always.
    """

    reason: str
    pattern: str = ""


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, eq=False)
class CommandRules:
    """What a dialect's commands do, as far as their text tells.

    `outside_only` is keyed by verb (`CREATE INDEX`). Regular expressions are `adds_enum_value`, for a
    sentence, and `writing_functions`, for the lower-case name of a function that makes a SELECT more than a
    read. `one_lock`: every change locks the whole database, so that rows and schema may well be changed together.
    `counting_types` are those that bring a number for each row, in lower case, and what refers to them is of.
    """

    fold: Fold = Fold.KEEP
    name_bytes: int | None = None  # longer names are cut, in bytes of UTF-8
    outside_only: Mapping[str, OutsideOnly] = field(default_factory=_nothing)
    adds_enum_value: str | None = None
    select_into_creates: bool = False
    writing_functions: str = r"(?!)"
    reading_pragmas: frozenset[str] = frozenset()
    acting_pragmas: frozenset[str] = frozenset()
    one_lock: bool = False
    counting_types: Mapping[str, str] = field(default_factory=_nothing)


# Compared by identity, so that what is compiled from rules is found again without hashing them.
@dataclass(frozen=True, eq=False)
class LexRules:
    """How a dialect's text falls into tokens. The defaults are those of standard SQL."""

    name: str
    string_prefixes: str = "BXN"  # letters that may stand directly before a string
    escape_strings: bool = False  # E'...' with backslash escapes
    unicode_strings: bool = False  # U&'...' and U&"..."
    backslash_escapes: bool = False  # in every string
    double_quoted_strings: bool = False  # "..." is a string, not an identifier
    dollar_quotes: bool = False
    backtick_identifiers: bool = False
    bracket_identifiers: bool = False
    nested_comments: bool = False
    hash_comments: bool = False
    dash_comment_needs_space: bool = False
    carriage_return_ends_comment: bool = False
    executable_comments: bool = False  # /*! ... */ and /*M! ... */ are executed
    hints: bool = False  # /*+ ... */ is read by the database
    operators: tuple[str, ...] = ()  # those of several characters; none listed: any run, as in PostgreSQL
    placeholder: str = r"(?!)"  # the dialect's own parameters, a regular expression
    client: str | None = None  # the program whose commands begin with a backslash
    copy_blocks: bool = False  # COPY ... FROM STDIN; data until \.
    delimiter_command: bool = False
    bodies: BodyRule | None = None
    commands: CommandRules = field(default_factory=CommandRules)

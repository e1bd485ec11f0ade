"""What SQL text consists of. A token knows its text and where it stands, not what it means."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """The kinds of token."""

    SPACE = auto()
    COMMENT = auto()
    HINT = auto()  # /*+ ... */
    EXECUTABLE = auto()  # /*! ... */
    WORD = auto()  # a keyword or an identifier without quotes
    QUOTED = auto()  # an identifier in quotes
    STRING = auto()
    NUMBER = auto()
    PARAMETER = auto()  # :name, which is ours
    PLACEHOLDER = auto()  # $1, ?, which is the database's
    OPERATOR = auto()
    SYMBOL = auto()  # ( ) [ ] , . and a `;` that ends nothing
    TERMINATOR = auto()  # what ends a statement
    DATA = auto()  # the lines of COPY ... FROM STDIN, with the \. that ends them
    DELIMITER = auto()  # the line of a DELIMITER command
    META = auto()  # a command for the database's own client, which begins with a backslash
    UNTERMINATED = auto()  # a string, quoted identifier or comment that is never closed: the rest of the text
    OTHER = auto()


class Token(NamedTuple):
    """A piece of SQL text; `start` is its offset in characters from 0."""

    kind: Kind
    text: str
    start: int


def is_trivia(kind: Kind) -> bool:
    """Whether it means nothing to a database: blank space and comments, but not hints or executable ones."""
    return kind is Kind.SPACE or kind is Kind.COMMENT

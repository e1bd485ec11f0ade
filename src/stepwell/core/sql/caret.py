"""Shows where in an SQL text something is: the line, and a caret under the character. It prints nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_WIDTH = 100  # columns
_TAB = " " * 4
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line that holds a position, and a line with a caret below it.

    `line_offset` is how many lines of the text stand before it: added to the line of the statement it is the
    line of the file. `column` counts the characters of the line from 1.
    """

    text: str
    line_offset: int
    column: int

    def __str__(self) -> str:
        return self.text


def excerpt(statement_text: str, position: int) -> Excerpt:
    """Point at a character of a statement.

    `position` counts characters from 1, as databases do; what is outside the text is taken as its nearest
    end. Tabs become four blanks, and a long line is cut around the position to 100 columns.
    """
    index = min(max(position, 1) - 1, len(statement_text))
    start = statement_text.rfind("\n", 0, index) + 1
    end = statement_text.find("\n", index)
    line = statement_text[start : len(statement_text) if end < 0 else end].rstrip("\r")
    column = min(index - start, len(line))
    before, after = _around(_shown(line[:column]), _shown(line[column:]))
    caret = " " * sum(map(_columns, before)) + "^"
    return Excerpt(f"{before}{after}\n{caret}", statement_text.count("\n", 0, start), column + 1)


def _shown(text: str) -> str:
    """Without what would move the cursor."""
    return "".join(_TAB if c == "\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _around(before: str, after: str) -> tuple[str, str]:
    """Cut both sides so that together they fit."""
    if _fit(before + after) == len(before + after):
        return before, after
    half = _WIDTH // 2
    if sum(map(_columns, after)) >= half:
        before = _cut_left(before, half)
    else:
        before = _cut_left(before, _WIDTH - sum(map(_columns, after)))
    room = _WIDTH - sum(map(_columns, before))
    return before, _cut_right(after, room)


def _cut_left(text: str, room: int) -> str:
    if sum(map(_columns, text)) <= room:
        return text
    return _CUT + text[len(text) - _fit(text[::-1], room - len(_CUT)) :]


def _cut_right(text: str, room: int) -> str:
    if sum(map(_columns, text)) <= room:
        return text
    return text[: _fit(text, room - len(_CUT))] + _CUT


def _fit(text: str, room: int = _WIDTH) -> int:
    """How many of the first characters fit into so many columns."""
    used = 0
    for count, character in enumerate(text):
        used += _columns(character)
        if used > room:
            return count
    return len(text)


def _columns(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

"""Text as a terminal sees it: columns instead of characters, and nothing in it that would act on the
terminal.
"""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls without tab and line feed, and what turns the direction of the text around.
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Show what would act on a terminal (escape sequences, carriage returns, ...) instead of letting it
    act.
    """
    return _ACTING.sub(lambda match: f"\\x{ord(match[0]):02x}", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same on one line: white space becomes one blank."""
    return printable(" ".join(text.split()))


def width(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int, ellipsis: str) -> str:
    """Shorten a text to so many columns, with a mark where something was cut."""
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    return _head(text, columns - 1) + ellipsis


def _head(text: str, columns: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:index]
    return text


def pad(text: str, columns: int) -> str:
    """Fill a text with blanks up to so many columns."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int | None, indent: str = "") -> list[str]:
    """Break a text into lines of at most so many columns (None: one line), `indent` before all but the
    first.
    """
    if columns is None or width(text) <= columns:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + word
        if width(longer) > columns and line.strip():
            lines.append(line)
            longer = indent + word
        *full, line = _chop(longer, columns, indent)
        lines += full
    return [*lines, line]


def _chop(text: str, columns: int, indent: str) -> list[str]:
    """Cut a word that is longer than a line into several."""
    pieces = []
    while width(text) > columns > len(indent) + 1:
        head = _head(text, columns) or text[: len(indent) + 1]
        pieces.append(head)
        text = indent + text[len(head) :]
    return [*pieces, text]

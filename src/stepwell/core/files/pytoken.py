"""The normal form of Python text: its tokens without comments, blank lines and the width of indents.

Not the tokenizer of the running Python, whose tokens differ between versions: a checksum is compared for
ever, by every Python. It takes valid Python; of anything else it makes something, the same everywhere. A test
compares it with `tokenize` on the standard library.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Between tokens stands a NUL, which no file may hold; structure is written in characters that are no token.
SEPARATOR = "\0"
NEWLINE = "\n"
INDENT = "\x01"
DEDENT = "\x02"

# Operators are taken character by character: no two valid programs differ only by space inside an operator.
# Everything that is not ASCII is part of a word: what counts as a letter differs between versions of Unicode.
_TOKEN = re.compile(
    r"""
      (?P<space>(?:[ \t\f]|\\\n|\#[^\n]*)+)
    | (?P<newline>\n)
    | (?P<formatted>(?:[fFtT][rR]?|[rR][fFtT])(?:'''|\"""|'|"))
    | (?P<string>[rRbBuU]{0,2}(?:
            '''[^\\']*(?:(?:\\.|'(?!''))[^\\']*)*(?:'''|\\?\Z)
          | \"""[^\\"]*(?:(?:\\.|"(?!""))[^\\"]*)*(?:\"""|\\?\Z)
          | '[^\\'\n]*(?:\\.[^\\'\n]*)*(?:'|(?=\n)|\\?\Z)
          | "[^\\"\n]*(?:\\.[^\\"\n]*)*(?:"|(?=\n)|\\?\Z)
      ))
    | (?P<word>\.?[0-9](?:[eE][+-]?[0-9]|[0-9A-Za-z_.])*|[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_\x80-\U0010ffff]*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<operator>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PREFIX = "fFtTrR"
_BRACE = re.compile(r"[{}]")
_INDENT = re.compile(r"[ \t\f]*")
_TAB_STOP = 8


@cache
def _literal(quotes: str, *, raw: bool) -> re.Pattern[str]:
    """The literal text of an f-string up to its next replacement field or its end."""
    quote = quotes[0]
    inside = f"|{quote}(?!{quote}{quote})" if len(quotes) > 1 else ""
    plain = "\\n" if len(quotes) == 1 else ""
    named = "" if raw else r"|\\N\{[^}]*\}"
    text = rf"[^\\{{{quote}{plain}]*"
    return re.compile(rf"{text}(?:(?:\{{\{{{named}|\\[^{{]|\\(?=\{{){inside}){text})*", re.DOTALL)


def normal_form(text: str) -> str:
    """Give the tokens of a Python text (line ends as LF) in one string.

    Raises `RecursionError` where f-strings nest hundreds deep, which no Python reads either.
    """
    return SEPARATOR.join(_tokens(text))


def _tokens(text: str) -> Iterator[str]:
    indents = [0]
    position = depth = 0
    fresh = True  # whether the next token is the first of its logical line
    end = len(text)
    while position < end:
        match = _TOKEN.match(text, position)
        assert match is not None  # noqa: S101 - the last alternative takes any character
        kind, start, position = match.lastgroup, position, match.end()
        if kind == "space":
            continue
        if kind == "newline":
            if not fresh and not depth:
                fresh = True
                yield NEWLINE
            continue
        if fresh:
            fresh = False
            yield from _structure(indents, _column(text, start))
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "formatted":
            position = formatted_end(text, position, match["formatted"])
        yield text[start:position]
    if not fresh:
        yield NEWLINE
    yield from [DEDENT] * (len(indents) - 1)


def _column(text: str, start: int) -> int:
    """How far the line of this position is indented; tabs go to the next multiple of eight, as in Python."""
    line = text.rfind("\n", 0, start) + 1
    indent = _INDENT.match(text, line)
    assert indent is not None  # noqa: S101 - the pattern may be empty
    return len(indent[0].rpartition("\f")[2].expandtabs(_TAB_STOP))


def _structure(indents: list[int], column: int) -> Iterator[str]:
    if column > indents[-1]:
        indents.append(column)
        yield INDENT
    while column < indents[-1]:
        indents.pop()
        yield DEDENT


def formatted_end(text: str, position: int, opening: str) -> int:
    """Where an f-string (or t-string) ends whose prefix and quotes end at this position; strings may nest."""
    quotes = opening.lstrip(_PREFIX)
    literal = _literal(quotes, raw="r" in opening.lower())
    while position < len(text):
        match = literal.match(text, position)
        assert match is not None  # noqa: S101 - the pattern may be empty
        position = match.end()
        if text.startswith(quotes, position):
            return position + len(quotes)
        if not text.startswith("{", position):
            return position  # never closed
        position = _field_end(text, position + 1)
    return position


def _field_end(text: str, position: int) -> int:
    """Where a replacement field ends whose `{` ends at this position."""
    depth = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # noqa: S101 - the last alternative takes any character
        kind, position = match.lastgroup, match.end()
        if kind == "open":
            depth += 1
        elif kind == "close":
            if not depth:
                return position
            depth -= 1
        elif kind == "formatted":
            position = formatted_end(text, position, match["formatted"])
        elif match[0] == ":" and not depth:
            return _format_end(text, position)
    return position


def _format_end(text: str, position: int) -> int:
    """Where a replacement field ends whose format specification begins at this position; fields may nest."""
    while match := _BRACE.search(text, position):
        if match[0] == "}":
            return match.end()
        position = _field_end(text, match.end())
    return len(text)

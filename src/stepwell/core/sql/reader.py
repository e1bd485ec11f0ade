"""The significant tokens of one statement, lexed only as far as somebody looks. It knows no grammar."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from stepwell.core.sql.lexer import significant
from stepwell.core.sql.rules import Fold
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.sql.rules import CommandRules, LexRules
    from stepwell.core.sql.tokens import Token

_EXECUTABLE = re.compile(r"/\*M?!\d*(?P<inner>[\s\S]*)\*/")
_UNICODE_ESCAPE = re.compile(r"\\(?:\\|\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))")
_SENTENCE = 128  # tokens; what the patterns look for stands near the beginning


class Reader:
    """Reads a statement token by token, without hints; what stands in executable comments is read as SQL."""

    __slots__ = ("_ahead", "_seen", "rules")

    def __init__(self, sql: str, rules: LexRules) -> None:
        self.rules = rules
        self._ahead = _executed(sql, rules)
        self._seen: list[Token] = []

    def token(self, index: int) -> Token | None:
        """The token at an index from 0, or None behind the end."""
        while len(self._seen) <= index:
            token = next(self._ahead, None)
            if token is None:
                return None
            self._seen.append(token)
        return self._seen[index]

    def __iter__(self) -> Iterator[Token]:
        index = 0
        while (token := self.token(index)) is not None:
            yield token
            index += 1

    def word(self, index: int) -> str:
        """The keyword at an index in upper case; empty for what is no keyword and behind the end."""
        token = self.token(index)
        return token.text.upper() if token is not None and token.kind is Kind.WORD else ""

    def words(self, index: int, *expected: str) -> bool:
        """Whether these keywords stand there, in this order."""
        return all(self.word(index + i) == word for i, word in enumerate(expected))

    def sign(self, index: int) -> str:
        """The symbol or operator at an index; empty for anything else."""
        token = self.token(index)
        return token.text if token is not None and token.kind in (Kind.SYMBOL, Kind.OPERATOR) else ""

    def sentence(self) -> str:
        """The statement as patterns want it: words in upper case, names in quotes as `""`, strings as `''`.

        One blank between any two tokens, and no more than the first 128 of them.
        """
        parts = []
        for token, _ in zip(self, range(_SENTENCE), strict=False):
            parts.append(_PLACES.get(token.kind) or token.text.upper())
        return " ".join(parts)

    def name(self, index: int) -> str | None:
        """The identifier at an index, unquoted and folded as the dialect does; None for what is none."""
        token = self.token(index)
        return None if token is None else identifier(token, self.rules.commands)

    def path(self, index: int) -> tuple[tuple[str, ...], int]:
        """The names of `a.b.c` that begins at an index, and the index after it; none where none begins."""
        names: list[str] = []
        while (name := self.name(index)) is not None:
            names.append(name)
            index += 1
            if self.sign(index) != ".":
                break
            index += 1
        return tuple(names), index


_PLACES = {Kind.QUOTED: '""', Kind.STRING: "''"}


def _executed(sql: str, rules: LexRules) -> Iterator[Token]:
    for token in significant(sql, rules):
        if token.kind is Kind.EXECUTABLE and (match := _EXECUTABLE.fullmatch(token.text)) is not None:
            yield from significant(match["inner"], rules)
        elif token.kind is not Kind.HINT:
            yield token


def identifier(token: Token, commands: CommandRules) -> str | None:
    """The name that a token stands for, or None. A name in single quotes, as SQLite has it, is one."""
    text = token.text
    if token.kind is Kind.WORD:
        name = text if commands.fold is Fold.KEEP else _lower(text)
    elif token.kind in (Kind.QUOTED, Kind.STRING):
        name = _unquoted(text)
        name = _lower(name) if commands.fold is Fold.LOWER_ALL else name
    else:
        return None
    if commands.name_bytes is not None:
        name = name.encode(errors="surrogatepass")[: commands.name_bytes].decode(errors="ignore")
    return name


def _unquoted(text: str) -> str:
    if text[:2] in ("U&", "u&"):
        return _UNICODE_ESCAPE.sub(_escaped, _unquoted(text[2:]))
    if text.startswith("["):
        return text[1:-1]
    return text[1:-1].replace(text[0] * 2, text[0])


def _escaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if digits is None:
        return "\\"
    code = int(digits, 16)
    return chr(code) if code <= sys.maxunicode else match[0]


def _lower(text: str) -> str:
    """ASCII letters only: databases leave the others as they are, whatever their locale."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)

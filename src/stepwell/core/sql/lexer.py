"""One pass over SQL text that gives its tokens. Total: any text has tokens, and joined they are the text.

What is wrong with a text (something never closed, a command of psql) is a kind of token here; `split` makes
errors of it.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from stepwell.core.sql.patterns import Mark, scanner
from stepwell.core.sql.tokens import Kind, Token, is_trivia

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.sql.patterns import Scanner
    from stepwell.core.sql.rules import LexRules

_COMMENT_EDGE = re.compile(r"/\*|\*/")
_END_OF_DATA = re.compile(r"^\\\.\r?$", re.MULTILINE)
# A named tuple's own constructor costs more than all the matching.
_new_token = tuple.__new__
_STANDARD_STREAMS = ("STDIN", "STDOUT")  # PostgreSQL reads from either


def lex(sql: str, rules: LexRules) -> list[Token]:
    """Take SQL text apart. The texts of the tokens, joined, are the text."""
    return list(scan(sql, rules))


def significant(sql: str, rules: LexRules) -> Iterator[Token]:
    """The tokens of SQL text without blank space and comments, one at a time."""
    return (token for token in scan(sql, rules) if not is_trivia(token.kind))


def scan(sql: str, rules: LexRules) -> Iterator[Token]:
    """Give the tokens of SQL text one at a time, so that who needs only the first ones pays for no others."""
    state = _Position(sql, scanner(rules))
    terminator = Kind.TERMINATOR
    while state.offset < len(sql):
        kinds = state.scanner.kinds
        for match in state.scanner.pattern.finditer(sql, state.offset):
            kind = kinds[match.lastindex or 0]
            if kind is None or (kind is terminator and state.copy_from is not None):
                yield from state.resume(match, rules)
                break
            yield _new_token(Token, (kind, match[0], match.start()))
        else:
            return


class _Position:
    """Where a scan stands, and what it has to know for the places where one expression is not enough."""

    __slots__ = ("copy_from", "offset", "scanner", "sql")

    def __init__(self, sql: str, first: Scanner) -> None:
        self.sql = sql
        self.offset = 0
        self.scanner = first
        self.copy_from: int | None = None  # where the word COPY was seen in the statement

    def resume(self, match: re.Match[str], rules: LexRules) -> Iterator[Token]:
        """Give the tokens of such a place and stand behind them."""
        mark = self.scanner.marks[match.lastindex or 0]
        self.offset = match.start()
        if mark is Mark.NESTED:
            yield self._take(*_nested_comment(self.sql, match.start(), rules))
        elif mark is Mark.COPY:
            self.copy_from = match.start() if self.copy_from is None else self.copy_from
            yield self._take(Kind.WORD, match.end())
        elif mark is Mark.DELIMITER:
            yield self._delimiter(match, rules)
        else:
            yield from self._end_of_copy(match)

    def _take(self, kind: Kind, end: int) -> Token:
        token = Token(kind, self.sql[self.offset : end], self.offset)
        self.offset = end
        return token

    def _delimiter(self, match: re.Match[str], rules: LexRules) -> Token:
        """A DELIMITER command has a line for itself; elsewhere the word is a word."""
        line_start = self.sql.rfind("\n", 0, match.start()) + 1
        if self.sql[line_start : match.start()].strip():
            return self._take(Kind.WORD, match.end())
        end = self.sql.find("\n", match.end())
        token = self._take(Kind.DELIMITER, len(self.sql) if end < 0 else end)
        self.scanner = scanner(rules, token.text.split()[1])
        return token

    def _end_of_copy(self, terminator: re.Match[str]) -> Iterator[Token]:
        """The end of a statement with the word COPY in it; its data follow if it reads standard input."""
        copy_from, self.copy_from = self.copy_from, None
        yield self._take(Kind.TERMINATOR, terminator.end())
        line_end = self.sql.find("\n", self.offset)
        if copy_from is None or line_end < 0:
            return
        head = list(self._plain(copy_from, terminator.start()))
        rest = list(self._plain(self.offset, line_end + 1))
        end = _END_OF_DATA.search(self.sql, line_end + 1)
        if end is not None and reads_standard_input(head) and all(is_trivia(token.kind) for token in rest):
            yield from rest
            self.offset = line_end + 1
            yield self._take(Kind.DATA, end.end())

    def _plain(self, start: int, end: int) -> Iterator[Token]:
        """The tokens of a stretch, marks taken as words."""
        kinds = self.scanner.kinds
        for match in self.scanner.pattern.finditer(self.sql, start, end):
            yield Token(kinds[match.lastindex or 0] or Kind.WORD, match[0], match.start())


def reads_standard_input(tokens: list[Token]) -> bool:
    """Whether these tokens of one statement are `COPY ... FROM STDIN ...`."""
    words = [token.text.upper() for token in tokens if not is_trivia(token.kind)]
    return words[:1] == ["COPY"] and any(
        before == "FROM" and after in _STANDARD_STREAMS for before, after in pairwise(words)
    )


def _nested_comment(sql: str, start: int, rules: LexRules) -> tuple[Kind, int]:
    """The kind and the end of a comment that holds others."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            is_hint = rules.hints and sql.startswith("/*+", start)
            return (Kind.HINT if is_hint else Kind.COMMENT), edge.end()
    return Kind.UNTERMINATED, len(sql)

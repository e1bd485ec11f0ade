"""Takes a script apart into statements as the database's own client would. It judges no statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.sql.bodies import Body
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.core.sql.lexer import reads_standard_input, scan
from stepwell.core.sql.patterns import DEFAULT_DELIMITER
from stepwell.core.sql.statement import Statement
from stepwell.core.sql.tokens import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.sql.rules import LexRules

_END_OF_DATA = "\\."


def split(sql: str, rules: LexRules, first_line: int = 1) -> list[Statement]:
    """Take a script apart into its statements, in order; empty ones are left out.

    `first_line` is the line of the file on which the text begins. Raises `SqlSyntaxError` for what is never
    closed, for commands that are meant for another program, and for COPY ... FROM STDIN without data.
    """
    if (text := _single(sql)) is not None:
        offset = sql.index(text)
        return [Statement(text, first_line + sql.count("\n", 0, offset), offset)]
    statements = []
    line, counted = first_line, 0
    for span in _Splitter(sql, rules, first_line).spans():
        line += sql.count("\n", counted, span.start)
        counted = span.start
        statements.append(_statement(sql, span, line))
    return statements


def pieces(sql: str, rules: LexRules) -> list[str]:
    """Take a script apart without loss: what is between statements, a statement, and so on in turn.

    Joined they are the script; the statements stand at the odd places. Raises as `split` does.
    """
    found = []
    end = 0
    for span in _Splitter(sql, rules, 1).spans():
        found += [sql[end : span.start], sql[span.start : span.end]]
        end = span.end
    return [*found, sql[end:]]


@dataclass(slots=True)
class _Span:
    """From where to where a statement goes in the script, and the data that follow it."""

    start: int
    end: int
    data: Token | None = None


def _statement(sql: str, span: _Span, line: int) -> Statement:
    text = sql[span.start : span.end]
    if span.data is None:
        return Statement(text, line, span.start)
    data = span.data.text.removesuffix("\r").removesuffix(_END_OF_DATA)
    return Statement(text, line, span.start, data, line + sql.count("\n", span.start, span.data.start))


_BLANK = " \t\n\r\f\v"
# A text that is one statement beyond doubt, which is nearly every call of `database.execute`: nothing in it
# begins a comment or an escape, or a quote that only some dialects know.
_PLAIN_CHARACTERS = r"[^;'\"`\\$\-/#\[\]]*+"
_PLAIN_STATEMENT = re.compile(
    rf"(?!COPY\b){_PLAIN_CHARACTERS}"
    rf"(?:(?:'[^'\\]*+'|\"[^\"\\]*+\"|-(?!-)|/(?!\*)){_PLAIN_CHARACTERS})*",
    re.IGNORECASE | re.ASCII,
)


def _single(sql: str) -> str | None:
    """The statement, where the text is plainly just one; None where it has to be lexed to know."""
    text = sql.strip(_BLANK).removesuffix(DEFAULT_DELIMITER).rstrip(_BLANK)
    lowered = text.lower()
    if "begin" in lowered or "delimiter" in lowered:
        return None  # perhaps a body, or a command that changes what ends a statement
    if text and text.count("(") == text.count(")") and _PLAIN_STATEMENT.fullmatch(text):
        return text
    return None


# Attributes of an enum are slow to read in Python 3.11, and these are read for every token.
_WORD, _SPACE, _COMMENT, _SYMBOL, _TERMINATOR = (
    Kind.WORD,
    Kind.SPACE,
    Kind.COMMENT,
    Kind.SYMBOL,
    Kind.TERMINATOR,
)
_DATA, _DELIMITER, _META, _UNTERMINATED = Kind.DATA, Kind.DELIMITER, Kind.META, Kind.UNTERMINATED


class _Splitter:
    """Reads the tokens of a script once and gathers those of the statement at hand."""

    def __init__(self, sql: str, rules: LexRules, first_line: int) -> None:
        self._sql = sql
        self._rules = rules
        self._first_line = first_line
        self._held: list[Token] = []  # the significant tokens of the statement at hand
        self._open: list[Token] = []  # its parentheses that are not closed
        self._body = Body(rules.bodies)
        self._waiting: _Span | None = None  # a COPY whose data must come next

    def spans(self) -> Iterator[_Span]:
        """Give where each statement stands. Raises `SqlSyntaxError`."""
        for token in scan(self._sql, self._rules):
            kind = token.kind
            if kind is _WORD:
                self._held.append(token)
            elif kind is _SPACE or kind is _COMMENT:
                continue
            elif kind is _TERMINATOR and self._ends(token):
                yield from self._close()
            elif kind is _DATA:
                yield from self._data(token)
            else:
                self._gather(token, kind)
        yield from self._finish()

    def _gather(self, token: Token, kind: Kind) -> None:
        if kind is _SYMBOL:
            if token.text == "(":
                self._open.append(token)
            elif token.text == ")" and self._open:
                self._open.pop()
        elif kind is _UNTERMINATED or kind is _META:
            raise self._refusal(token)
        elif kind is _DELIMITER:
            return
        self._held.append(token)

    def _ends(self, terminator: Token) -> bool:
        """Whether this terminator ends the statement. One that a DELIMITER command has set always does."""
        if terminator.text != DEFAULT_DELIMITER:
            return True
        return not self._open and not self._body.is_open(self._held)

    def _close(self) -> Iterator[_Span]:
        """End the statement at hand. One of hints alone is as empty as one of comments."""
        if self._waiting is not None:
            raise self._no_data(self._waiting)
        held, self._held, self._open = self._held, [], []
        self._body = Body(self._rules.bodies)
        if all(token.kind is Kind.HINT for token in held):
            return
        span = _Span(held[0].start, held[-1].start + len(held[-1].text))
        if self._rules.copy_blocks and reads_standard_input(held):
            self._waiting = span
        else:
            yield span

    def _data(self, token: Token) -> Iterator[_Span]:
        """The lexer gives data only after a COPY that waits for them."""
        if self._waiting is not None:
            self._waiting.data = token
            yield self._waiting
            self._waiting = None

    def _finish(self) -> Iterator[_Span]:
        """The end of the text ends the last statement, if that is whole."""
        if self._open:
            raise self._error(self._open[0], "this parenthesis is never closed")
        if self._body.is_open(self._held):
            raise self._error(self._held[0], "the body of this statement is never closed", "END; is missing")
        yield from self._close()
        if self._waiting is not None:
            raise self._no_data(self._waiting)

    def _refusal(self, token: Token) -> SqlSyntaxError:
        if token.kind is Kind.UNTERMINATED:
            return self._error(token, f"this {_unterminated(token.text)} is never closed")
        command = token.text.split()[0] if token.text.split() else token.text
        return self._error(
            token,
            f"{command} is a command of {self._rules.client}, not SQL",
            f"stepwell is not {self._rules.client}: delete the line, or write what it does in SQL",
        )

    def _no_data(self, copy: _Span) -> SqlSyntaxError:
        return self._error(
            Token(Kind.WORD, "COPY", copy.start),
            "COPY from standard input without its data",
            "end the statement with ';', begin the data on the next line, end them with a line '\\.'",
        )

    def _error(self, token: Token, message: str, hint: str | None = None) -> SqlSyntaxError:
        line = self._first_line + self._sql.count("\n", 0, token.start)
        column = token.start - (self._sql.rfind("\n", 0, token.start) + 1) + 1
        return SqlSyntaxError(message, line, column, hint=hint)


_OPENINGS = {
    "'": "string",
    "$": "dollar-quoted string",
    '"': "quoted name",
    "`": "quoted name",
    "[": "quoted name",
}


def _unterminated(text: str) -> str:
    """What is not closed, in words, from how it begins: perhaps with a prefix, as E'...'."""
    if text.startswith("/*"):
        return "comment"
    return next(name for opening in text if (name := _OPENINGS.get(opening)) is not None)

"""Turns a dialect's lexical rules into one regular expression. It does not run it: the lexer does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.sql.rules import LexRules

DEFAULT_DELIMITER = ";"

_LETTER = r"A-Za-z_\x80-\U0010ffff"
_NEVER = r"(?!)"
# No loop below can match a text in two ways, so that none is slow for any text. Possessive are only loops
# over one set of characters: Python 3.11.2, which Debian 12 has, gets others wrong (gh-106052).
_COMMENT_BODY = r"[^*/]*+(?:(?:\*(?!/)|/(?!\*))[^*/]*+)*"  # without a comment in it
_ANY = r"[\s\S]*"
_NUMBER = (
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*+(?:\.[0-9_]*+)?|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9]+)?"
)
# A name directly after an operand is a slice ([1:n]), a label or a path, not a parameter.
_PARAMETER = rf"(?<![{_LETTER}0-9:\"'`\])$]):[{_LETTER}][{_LETTER}0-9]*"
# PostgreSQL's own rule: a run of these, which ends before a comment, and does not end in + or - unless one of
# the second group is in it. At most 63 are looked at, the longest name of an operator, which bounds the time.
_PLAIN = r"(?:[+*<>=]|-(?!-)|/(?!\*))"
_SPECIAL = r"[~!@#%^&|`?]"
_OPERATOR_RUN = (
    rf"{_PLAIN}{{0,62}}{_SPECIAL}(?:{_PLAIN}|{_SPECIAL})*|{_PLAIN}{{0,62}}(?:[*<>=]|/(?!\*))|-(?!-)|\+"
)


class Mark(Enum):
    """Where a regular expression is not enough and the lexer looks for itself."""

    NESTED = auto()  # a comment that holds another, or is never closed
    COPY = auto()  # the word, which may begin a statement whose data follow
    DELIMITER = auto()  # the word, which may be a command to the client


@dataclass(frozen=True, slots=True)
class Scanner:
    """The compiled rules: the pattern, and for each of its groups the kind of token or the mark."""

    pattern: re.Pattern[str]
    kinds: tuple[Kind | None, ...]
    marks: tuple[Mark | None, ...]


# A memo of a pure function, not state: dialects are few, and compiling takes milliseconds.
@lru_cache(maxsize=32)
def scanner(rules: LexRules, delimiter: str = DEFAULT_DELIMITER) -> Scanner:
    """Compile the rules of a dialect, with the terminator that a DELIMITER command may have set."""
    meanings: list[Kind | Mark | None] = [None]  # there is no group 0
    sources = []
    for meaning, source in _alternatives(rules, delimiter):
        sources.append(f"({source})")
        meanings.extend([meaning] * re.compile(f"({source})").groups)
    return Scanner(
        pattern=re.compile("|".join(sources), re.ASCII),
        kinds=tuple(meaning if isinstance(meaning, Kind) else None for meaning in meanings),
        marks=tuple(meaning if isinstance(meaning, Mark) else None for meaning in meanings),
    )


def _alternatives(rules: LexRules, delimiter: str) -> Iterator[tuple[Kind | Mark, str]]:
    """Every kind of token with its expression; the first that fits wins."""
    yield Kind.SPACE, r"\s+"
    if delimiter != DEFAULT_DELIMITER:
        yield Kind.TERMINATOR, re.escape(delimiter)
    yield Kind.WORD, _plain_word(rules, delimiter)
    yield from _strings(rules)
    yield from _words(rules, delimiter)
    yield from _comments(rules)
    yield from _quoted(rules)
    yield Kind.TERMINATOR if delimiter == DEFAULT_DELIMITER else Kind.SYMBOL, ";"
    yield Kind.NUMBER, _NUMBER
    yield Kind.SYMBOL, r"[(),.\[\]]"
    yield Kind.PARAMETER, _PARAMETER
    yield Kind.PLACEHOLDER, rules.placeholder
    yield Kind.OPERATOR, "|".join([*_listed(rules), r"::|:=|:"])
    if rules.client is not None:
        yield Kind.META, r"\\[^\r\n]*"
    yield Kind.OTHER, r"[\s\S]"


def _listed(rules: LexRules) -> Iterator[str]:
    if not rules.operators:
        yield _OPERATOR_RUN
        return
    for operator in sorted(rules.operators, key=len, reverse=True):
        yield re.escape(operator)
    yield r"[+\-*/<>=~!@#%^&|`?]"


def _strings(rules: LexRules) -> Iterator[tuple[Kind | Mark, str]]:
    prefix = rf"[{rules.string_prefixes}{rules.string_prefixes.lower()}]" if rules.string_prefixes else _NEVER
    if rules.unicode_strings:
        prefix += "|[Uu]&"
    escapes = rules.backslash_escapes
    if rules.escape_strings:
        # A string that goes on after a line break goes on with the same escapes, as the server has it; psql does
        # not, and takes `E'a'` and `'b\'` on the next line for two strings.
        part = _delimited("'", escapes=True)
        gap = r"(?:[ \t\f\v]|--[^\r\n]*)*[\r\n](?:\s|--[^\r\n]*[\r\n])*"
        yield Kind.STRING, rf"[Ee]{part}(?:{gap}{part})*"
        yield Kind.UNTERMINATED, rf"[Ee]'{_ANY}"
    yield Kind.STRING, f"(?:{prefix})?{_delimited(chr(39), escapes=escapes)}"
    yield Kind.UNTERMINATED, f"(?:{prefix})?'{_ANY}"
    if rules.double_quoted_strings:
        yield Kind.STRING, _delimited('"', escapes=escapes)
    if rules.dollar_quotes:
        tag = rf"\$(?:[{_LETTER}][{_LETTER}0-9]*+)?\$"
        yield Kind.STRING, rf"(?P<tag>{tag})[\s\S]*?(?P=tag)"
        yield Kind.UNTERMINATED, f"{tag}{_ANY}"


def _plain_word(rules: LexRules, delimiter: str) -> str:
    """Most words: nothing else begins with their first letter. Half of all tokens, so they come first."""
    others = rules.string_prefixes + "EUCD"
    return f"(?![{others}{others.lower()}])" + _word(delimiter)


def _word(delimiter: str) -> str:
    if delimiter == DEFAULT_DELIMITER:
        return f"[{_LETTER}][{_LETTER}0-9$]*+"
    guard = f"(?!{re.escape(delimiter)})"
    return f"{guard}[{_LETTER}](?:{guard}[{_LETTER}0-9$])*"


def _words(rules: LexRules, delimiter: str) -> Iterator[tuple[Kind | Mark, str]]:
    end = rf"(?![{_LETTER}0-9$])"
    if rules.copy_blocks:
        yield Mark.COPY, f"[Cc][Oo][Pp][Yy]{end}"
    if rules.delimiter_command:
        yield Mark.DELIMITER, r"(?i:DELIMITER)(?=[ \t]+\S)"
    if rules.unicode_strings:
        yield Kind.QUOTED, f"[Uu]&{_delimited(chr(34), escapes=False)}"
        yield Kind.UNTERMINATED, f'[Uu]&"{_ANY}'
    yield Kind.WORD, _word(delimiter)


def _comments(rules: LexRules) -> Iterator[tuple[Kind | Mark, str]]:
    line = r"[^\r\n]*" if rules.carriage_return_ends_comment else r"[^\n]*"
    yield Kind.COMMENT, rf"--(?=[\s\x00-\x1f]|\Z){line}" if rules.dash_comment_needs_space else f"--{line}"
    if rules.hash_comments:
        yield Kind.COMMENT, f"#{line}"
    if rules.executable_comments:
        inner = rf"[^*/]*+(?:(?:\*(?!/)|/(?!\*)|/\*{_COMMENT_BODY}\*/)[^*/]*+)*"
        yield Kind.EXECUTABLE, rf"/\*M?!{inner}\*/"
        yield Kind.UNTERMINATED, rf"/\*M?!{_ANY}"
    flat = _COMMENT_BODY if rules.nested_comments else r"[\s\S]*?"
    if rules.hints:
        yield Kind.HINT, rf"/\*\+{flat}\*/"
    yield Kind.COMMENT, rf"/\*{flat}\*/"
    yield (Mark.NESTED, r"/\*") if rules.nested_comments else (Kind.UNTERMINATED, rf"/\*{_ANY}")


def _quoted(rules: LexRules) -> Iterator[tuple[Kind | Mark, str]]:
    quotes = ("" if rules.double_quoted_strings else '"') + ("`" if rules.backtick_identifiers else "")
    for quote in quotes:
        yield Kind.QUOTED, _delimited(quote, escapes=False)
    if rules.bracket_identifiers:
        yield Kind.QUOTED, r"\[[^\]]*+\]"
        yield Kind.UNTERMINATED, rf"\[{_ANY}"
    opening = quotes + ('"' if rules.double_quoted_strings else "")
    yield Kind.UNTERMINATED, f"[{opening}]{_ANY}"


def _delimited(quote: str, *, escapes: bool) -> str:
    """From quote to quote; a doubled one stands for itself and, with escapes, a backslash hides the next."""
    hidden = rf"(?:\\[\s\S]|{quote}{quote})" if escapes else quote * 2
    plain = rf"[^{quote}\\]*+" if escapes else f"[^{quote}]*+"
    return f"{quote}{plain}(?:{hidden}{plain})*{quote}(?!{quote})"

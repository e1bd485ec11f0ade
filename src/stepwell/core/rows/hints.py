"""What a check says of the values that it lets pass: the literals in it, and texts that match its patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from stepwell.core.rows.samples import of_glob, of_like, of_regex
from stepwell.core.sql.lexer import significant
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.tokens import Token

_LENGTHS = frozenset({"length", "char_length", "character_length", "octet_length", "bit_length", "lengthb"})
_LIKE = frozenset({"like", "ilike", "~~", "~~*", "!~~", "!~~*"})
_REGEX = frozenset(
    {"~", "~*", "!~", "!~*", "regexp", "rlike", "similar", "similar_escape", "similar_to_escape"}
)
_BETWEEN = frozenset({"(", "[", "ARRAY", "ANY", "ALL"})  # an operator and its literal
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hints:
    """Texts, numbers (as text) and lengths that were seen in checks, each once, in the order of the text."""

    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()


NO_HINTS = Hints()


def hints(expressions: Iterable[str], rules: LexRules) -> Hints:
    """Read the expressions of some checks."""
    found = [_of_one(each, rules) for each in expressions]
    return Hints(
        tuple(dict.fromkeys(text for each in found for text in each.texts)),
        tuple(dict.fromkeys(number for each in found for number in each.numbers)),
        tuple(dict.fromkeys(length for each in found for length in each.lengths)),
    )


@lru_cache(maxsize=512)
def _of_one(expression: str, rules: LexRules) -> Hints:
    tokens = list(significant(expression, rules))
    texts: list[str] = []
    numbers: list[str] = []
    for index, token in enumerate(tokens):
        if token.kind is Kind.STRING:
            texts += _texts(literal(token.text), _operator(tokens, index))
        elif token.kind is Kind.NUMBER:
            negative = index > 0 and tokens[index - 1].text == "-"
            numbers.append(f"-{token.text}" if negative else token.text)
    counted = any(token.text.lower() in _LENGTHS for token in tokens)
    lengths = [int(each) for each in numbers if each.isdecimal()] if counted else []
    return Hints(tuple(texts), tuple(numbers), tuple(lengths))


def _operator(tokens: Sequence[Token], index: int) -> str:
    """What compares the literal at an index: the word or the sign before it, behind parentheses and casts."""
    for token in reversed(tokens[:index]):
        if token.text.upper() not in _BETWEEN:
            return token.text.lower()
    return ""


def _texts(text: str, operator: str) -> tuple[str, ...]:
    """What a literal gives, by what it is compared with."""
    if operator in _LIKE:
        return of_like(text)
    if operator == "glob":
        return of_glob(text)
    if operator in _REGEX or operator == "to":
        return of_regex(text)
    return (text,)


def literal(token: str) -> str:
    """The text that a string literal stands for."""
    prefix, quoted = (
        (token[0].upper(), token[1:]) if token[0] in "eEbBxXnN" and token[1:2] == "'" else ("", token)
    )
    if quoted.startswith("$"):
        return quoted[quoted.index("$", 1) + 1 : quoted.rindex("$", 0, -1)]
    text = quoted[1:-1].replace("''", "'")
    return _ESCAPE.sub(r"\1", text) if prefix == "E" else text


def columns_in(expression: str, columns: Iterable[str], rules: LexRules) -> tuple[str, ...]:
    """Which of these columns an expression names, in their order."""
    named = set()
    for token in significant(expression, rules):
        if token.kind is Kind.WORD:
            named.add(token.text.lower())
        elif token.kind is Kind.QUOTED:
            named.add(token.text[1:-1].replace('""', '"').lower())
    return tuple(each for each in columns if each.lower() in named)

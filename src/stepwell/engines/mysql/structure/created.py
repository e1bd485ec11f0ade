"""Takes apart what SHOW CREATE prints, which the server has written out of what it has understood. Pure.

What stands in executable comments is read as the server reads it. Nothing is left out: a word that begins nothing
known belongs to what stands before it.
"""

from __future__ import annotations

import re
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.sql.lexer import lex
from stepwell.core.sql.tokens import Kind, is_trivia
from stepwell.engines.mysql.tables import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.tokens import Token

Tokens = list["Token"]

# Strings and names are passed over: a comment of theirs is no comment.
_WRAPPED = re.compile(r"""('(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`)|/\*M?!\d*\s?|\s?\*/""", re.DOTALL)
# What a clause may begin with its own word again: NOT NULL, DEFAULT NULL.
_TAKES_NULL = frozenset({"NOT", "DEFAULT"})
_VERSIONED = "WITH SYSTEM VERSIONING"
_CHARSETS = frozenset({"_ascii", "_latin1", "_utf8", "_utf8mb3", "_utf8mb4"})  # all that are ASCII and more
_STEPS = {"(": 1, ")": -1}


class Made(NamedTuple):
    """A table as SHOW CREATE has it: what stands between its parentheses, its options, and how it is partitioned."""

    items: tuple[Tokens, ...]
    options: Mapping[str, str]
    partition_by: str
    partitions: tuple[Tokens, ...]


class Clauses(NamedTuple):
    """What stands before the first clause, and each clause by the word that begins it."""

    before: str
    by_word: Mapping[str, str]


def tokens_of(text: str, rules: LexRules, database: str) -> Tokens:
    """The tokens of what the server prints, without the name of its own database before other names."""
    quoted = quote(database)
    tokens = _lexed(text, rules)
    return list(_unqualified(tokens, quoted)) if f"{quoted}." in text else tokens


def tokens_of_view(text: str, rules: LexRules, database: str) -> Tokens:
    """The same of a view, whose author may have given the name of the database to a table or column in it.

    A view of this database alone has no such names before others; these are of views of several ones.
    """
    tokens = meaningful(_lexed(text, rules))
    taken = any(
        token.text == quote(database) and following.text != "." for token, following in pairwise(tokens)
    )
    return _lexed(text, rules) if taken else tokens_of(text, rules, database)


def _lexed(text: str, rules: LexRules) -> Tokens:
    return lex(_WRAPPED.sub(lambda match: match[1] or "", text), rules)


def _unqualified(tokens: Sequence[Token], database: str) -> Iterator[Token]:
    skipped = False
    for index, token in enumerate(tokens):
        if skipped:
            skipped = False
        elif (
            token.text == database
            and tokens[index + 1 : index + 2]
            and tokens[index + 1].text == "."
            and (index == 0 or tokens[index - 1].text != ".")
        ):
            skipped = True  # and the dot behind it
        else:
            yield token


def _without_charsets(tokens: Tokens) -> Iterator[Token]:
    """Without the character set before a text that is the same in each: MySQL writes that of the author's client."""
    for token, following in zip_longest(tokens, tokens[1:]):
        is_before_text = following is not None and following.kind is Kind.STRING and following.text.isascii()
        if not (is_before_text and token.text in _CHARSETS):
            yield token


def text_of(tokens: Iterable[Token]) -> str:
    """What was printed, with one blank where there were several outside of strings."""
    return "".join(" " if token.kind is Kind.SPACE else token.text for token in tokens).strip()


def meaningful(tokens: Iterable[Token]) -> Tokens:
    """Without blanks."""
    return [token for token in tokens if not is_trivia(token.kind)]


def table(text: str, rules: LexRules, database: str) -> Made:
    """Take a CREATE TABLE apart."""
    tokens = list(_without_charsets(tokens_of(text, rules, database)))
    begin = next(index for index, token in enumerate(tokens) if token.text == "(")
    end = _closing(tokens, begin)
    options, partitioning = _until(tokens[end + 1 :], "PARTITION")
    head, inner = _partitions(partitioning)
    return Made(
        tuple(_parts(tokens[begin + 1 : end])), _options(meaningful(options)), head, tuple(_parts(inner))
    )


def _closing(tokens: Sequence[Token], begin: int) -> int:
    """Where the parenthesis is closed that is opened there."""
    depth = 0
    for index in range(begin, len(tokens)):
        depth += _step(tokens[index])
        if depth == 0:
            return index
    return len(tokens)


def _step(token: Token) -> int:
    """By how much it is deeper in parentheses behind a token."""
    return _STEPS.get(token.text, 0)


def _until(tokens: Tokens, word: str) -> tuple[Tokens, Tokens]:
    """What stands before a word, and what begins with it."""
    at = next((index for index, token in enumerate(tokens) if _word(token) == word), len(tokens))
    return tokens[:at], tokens[at:]


def _word(token: Token) -> str:
    return token.text.upper() if token.kind is Kind.WORD else ""


def _parts(tokens: Iterable[Token]) -> Iterator[Tokens]:
    """What commas set apart, outside of parentheses."""
    part: Tokens = []
    depth = 0
    for token in tokens:
        depth += _step(token)
        if token.text == "," and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    if meaningful(part):
        yield part


def _partitions(tokens: Tokens) -> tuple[str, Tokens]:
    """How a table is partitioned, and what stands in the parentheses that list the partitions."""
    for index, token in enumerate(tokens):
        following = meaningful(tokens[index + 1 : index + 3]) if token.text == "(" else []
        if following and _word(following[0]) == "PARTITION":
            return text_of(tokens[:index]), tokens[index + 1 : _closing(tokens, index)]
    return text_of(tokens), []


def _options(tokens: Tokens) -> dict[str, str]:
    """Options by their names: `DATA DIRECTORY='/a'`, `WITH SYSTEM VERSIONING`, TABLESPACE `a`."""
    found: dict[str, str] = {}
    name: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "=":
            value, index = _value(tokens, index + 1)
            found[" ".join(name)], name = value, []
        elif token.kind is Kind.QUOTED and name and following != "=":
            found[" ".join(name)], name = token.text, []
        else:
            name.append(token.text if token.kind is Kind.QUOTED else token.text.upper())
            if " ".join(name) == _VERSIONED:
                found[_VERSIONED], name = "yes", []
        index += 1
    if name:
        found[" ".join(name)] = "yes"
    return found


def _value(tokens: Tokens, index: int) -> tuple[str, int]:
    """A value, and where it ends: a word, a string, a number, or what stands in parentheses."""
    end = _closing(tokens, index) if tokens[index].text == "(" else index
    return "".join(token.text for token in tokens[index : end + 1]), end


def clauses(tokens: Iterable[Token], starts: Collection[str]) -> Clauses:
    """Take apart what stands behind a name; `starts` are the words that begin a clause, outside of parentheses."""
    parts: list[tuple[str, Tokens]] = [("", [])]
    depth = 0
    for token in tokens:
        current, inside = parts[-1]
        word = token.text.upper() if depth == 0 and token.kind is Kind.WORD else ""
        taken = word == "NULL" and current in _TAKES_NULL and not meaningful(inside)
        if word in starts and not taken:
            parts.append((word, []))
        else:
            inside.append(token)
            depth += _step(token)
    by_word: dict[str, str] = {}
    for word, inside in parts[1:]:
        by_word[word] = f"{by_word[word]} {text_of(inside)}" if word in by_word else text_of(inside)
    return Clauses(text_of(parts[0][1]), by_word)


def parenthesized(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """What goes up to the end of the first parentheses, and the rest."""
    begin = next((index for index, token in enumerate(tokens) if token.text == "("), None)
    if begin is None:
        return tokens, []
    end = _closing(tokens, begin) + 1
    return tokens[:end], tokens[end:]

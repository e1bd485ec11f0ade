"""Tells queries that can be seen to change nothing from all others. In doubt it is one of the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepwell.core.sql.reader import identifier
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.sql.reader import Reader
    from stepwell.core.sql.rules import CommandRules
    from stepwell.core.sql.tokens import Token

_QUERIES = frozenset({"SELECT", "VALUES", "TABLE", "WITH"})
_REPORTS = frozenset({"SHOW", "DESCRIBE", "DESC"})
_MAIN_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "REPLACE"})
_MODIFYING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_ACTING = _MODIFYING | {"INTO"}
_RUNNING = frozenset({"ANALYZE", "ANALYSE"})
_EXPLAIN_OPTIONS = _RUNNING | {"VERBOSE", "QUERY", "PLAN", "EXTENDED", "FORMAT"}
# SELECT ... FOR UPDATE and its like, LOCK IN SHARE MODE, NEXT VALUE FOR.
_ACTING_PAIRS = frozenset(
    {("FOR", "SHARE"), ("FOR", "KEY"), ("FOR", "NO"), ("LOCK", "IN"), ("NEXT", "VALUE")}
)


def is_read_only(reader: Reader, start: int) -> bool:
    """Whether the statement whose first word is at `start` is seen to change nothing and to lock no row."""
    first = reader.word(start)
    if first == "PRAGMA":
        return _pragma_reads(reader, start) and _is_alone(reader)
    if first == "EXPLAIN":
        return not _explain_runs(reader, start + 1) and _is_alone(reader)
    if first in _REPORTS:
        return _is_alone(reader)
    return first in _QUERIES and not _acts(reader) and _is_alone(reader)


def main_verb(reader: Reader, start: int) -> str:
    """The first word or, behind a WITH clause, the verb; `SELECT INTO` where that makes a table."""
    verb = reader.word(start)
    if verb not in ("SELECT", "WITH"):
        return verb
    for word in _outer_words(reader, start):
        if verb == "WITH" and word in _MAIN_VERBS:
            verb = word
        if verb == "SELECT" and word == "INTO" and reader.rules.commands.select_into_creates:
            return "SELECT INTO"
    return verb


def modifies_rows(reader: Reader) -> bool:
    """Whether one of the queries in parentheses of a WITH clause is no query at all."""
    before = ""
    for token in reader:
        if before == "(" and token.kind is Kind.WORD and token.text.upper() in _MODIFYING:
            return True
        before = token.text
    return False


def copy_direction(reader: Reader) -> str:
    """`FROM` or `TO`, whichever a COPY has; empty for one that has neither."""
    return next((word for word in _outer_words(reader, 0) if word in ("FROM", "TO")), "")


def _outer_words(reader: Reader, start: int) -> Iterator[str]:
    """The keywords that stand in no parentheses, other than those around the whole."""
    depth = 0
    for index, token in enumerate(reader):
        if index < start:
            continue
        if token.kind is Kind.SYMBOL:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.kind is Kind.WORD and depth == 0:
            yield token.text.upper()


def _is_alone(reader: Reader) -> bool:
    """Whether nothing follows the first terminator."""
    tokens = list(reader)
    return all(token.kind is not Kind.TERMINATOR for token in tokens[:-1])


def _acts(reader: Reader) -> bool:
    """Whether a query changes or locks something: by a word, an assignment, or a function that is known to."""
    before: Token | None = None
    for token in reader:
        if token.text == ":=" or _is_acting_word(before, token):
            return True
        if token.text == "(" and before is not None and _writes(before, reader.rules.commands):
            return True
        before = token
    return False


def _is_acting_word(before: Token | None, token: Token) -> bool:
    if token.kind is not Kind.WORD:
        return False
    word = token.text.upper()
    if before is None:
        return word in _ACTING
    return before.text != "." and (word in _ACTING or (before.text.upper(), word) in _ACTING_PAIRS)


def _writes(function: Token, commands: CommandRules) -> bool:
    name = identifier(function, commands)
    return name is not None and re.fullmatch(commands.writing_functions, name.lower()) is not None


def _explain_runs(reader: Reader, index: int) -> bool:
    """Whether EXPLAIN runs what it explains: ANALYZE among its options, whatever its value."""
    depth = 0
    while (word := reader.word(index)) in _EXPLAIN_OPTIONS or depth or reader.sign(index) == "(":
        if word in _RUNNING:
            return True
        if reader.token(index) is None:
            return True  # in doubt: the options never end
        depth += {"(": 1, ")": -1}.get(reader.sign(index), 0)
        index += 1
    return False


def _pragma_reads(reader: Reader, start: int) -> bool:
    commands = reader.rules.commands
    names, index = reader.path(start + 1)
    if not names:
        return False
    name = names[-1].lower()
    if name in commands.reading_pragmas:
        return True
    return reader.sign(index) not in ("=", "(") and name not in commands.acting_pragmas

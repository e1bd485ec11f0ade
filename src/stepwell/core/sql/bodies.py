"""Where the body of a routine or trigger ends, so that a `;` in it ends nothing. It lexes nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.objects import object_words
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.rules import BodyRule
    from stepwell.core.sql.tokens import Token

_BLOCKS = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})
# After these a new statement of a body may begin.
_BEFORE_STATEMENT = frozenset(
    {
        "BEGIN",
        "THEN",
        "ELSE",
        "DO",
        "LOOP",
        "REPEAT",
        "ROW",
        "DETERMINISTIC",
        "DATA",
        "SQL",
        "INVOKER",
        "DEFINER",
        "ATOMIC",
        "SQLEXCEPTION",
        "SQLWARNING",
        "FOUND",
    }
)
_BEFORE_STATEMENT_SIGNS = frozenset({";", ":", ")"})


class Body:
    """The body of the statement that is being gathered, if it has one; asked anew at each `;` of it."""

    __slots__ = ("_inside", "_open", "_read", "_rule")

    def __init__(self, rule: BodyRule | None) -> None:
        self._rule = rule
        self._inside: int | None = None  # the index of the first token in the body
        self._read = 0  # how many tokens are accounted for
        self._open: list[
            bool
        ] = []  # what is open, from outside in: whether it is a CASE that is an expression

    def is_open(self, tokens: Sequence[Token]) -> bool:
        """Whether a `;` would be inside, after all the significant tokens of the statement so far."""
        if self._rule is None or not tokens:
            return False
        if self._inside is None:
            self._inside = _inside(tokens, self._rule)
            if self._inside is None:
                return False
            self._read = self._inside
        return self._block_open(tokens) if self._rule.nests else not _ended(tokens, self._inside)

    def _block_open(self, tokens: Sequence[Token]) -> bool:
        for index in range(self._read, len(tokens)):
            if tokens[index].kind is Kind.WORD:
                self._step(tokens, index)
        self._read = len(tokens)
        return bool(self._open)

    def _step(self, tokens: Sequence[Token], index: int) -> None:
        """Account for a word that may open or close something."""
        word = tokens[index].text.upper()
        before = tokens[index - 1]
        if before.text == ".":
            return  # a column's name
        if word == "END":
            self._open[-1:] = []
            return
        if _is_word(before, "END"):
            return  # the second word of END IF
        # THEN and ELSE of a CASE that is an expression are followed by another one.
        begins = _begins_statement(before) and not (self._open and self._open[-1])
        if word == "BEGIN" or (word in _BLOCKS and begins):
            self._open.append(False)
        elif word == "CASE":
            self._open.append(not begins)


def _begins_statement(before: Token) -> bool:
    """Whether a statement of a body may begin after this token, so that IF and REPEAT there are no functions."""
    return before.text in _BEFORE_STATEMENT_SIGNS or before.text.upper() in _BEFORE_STATEMENT


def _inside(tokens: Sequence[Token], rule: BodyRule) -> int | None:
    """The index of the first token of the body, or None where there is no body."""
    if rule.anonymous and _words_at(tokens, 0, rule.anonymous):
        return 0
    if not _is_word(tokens[0], "CREATE"):
        return None
    words = object_words(tokens)
    if words is None or words.first not in rule.objects:
        return None
    if rule.nests:
        return words.end
    candidates = range(words.end, len(tokens) - len(rule.opener) + 1)
    opener = next((i for i in candidates if _words_at(tokens, i, rule.opener)), None)
    return None if opener is None else opener + len(rule.opener)


def _ended(tokens: Sequence[Token], inside: int) -> bool:
    """A body that does not nest ends with an END that stands where a statement could begin.

    The END of a CASE never does, nor does one that is a name.
    """
    last = len(tokens) - 1
    if last < inside or not _is_word(tokens[last], "END"):
        return False
    return last == inside or tokens[last - 1].text == ";"


def _words_at(tokens: Sequence[Token], index: int, words: Sequence[str]) -> bool:
    if index and tokens[index - 1].text == ".":
        return False
    return len(tokens) >= index + len(words) and all(
        _is_word(token, word) for token, word in zip(tokens[index : index + len(words)], words, strict=True)
    )


def _is_word(token: Token, word: str) -> bool:
    return token.kind is Kind.WORD and token.text.upper() == word

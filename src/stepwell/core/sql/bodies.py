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
# After these a new statement of a body may begin, so that IF and REPEAT there are no functions.
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
    }
)
_BEFORE_STATEMENT_SIGNS = frozenset({";", ":", ")"})


class Body:
    """The body of the statement that is being gathered, if it has one; asked anew at each `;` of it."""

    __slots__ = ("_depth", "_inside", "_read", "_rule")

    def __init__(self, rule: BodyRule | None) -> None:
        self._rule = rule
        self._inside: int | None = None  # the index of the first token in the body
        self._read = 0  # how many tokens the depth accounts for
        self._depth = 0

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
                self._depth += _step(tokens, index)
        self._read = len(tokens)
        return self._depth > 0


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


def _step(tokens: Sequence[Token], index: int) -> int:
    """+1 where a block opens, -1 where one closes."""
    word = tokens[index].text.upper()
    before = tokens[index - 1]
    if before.text == "." or _is_word(before, "END"):
        return 0  # a column's name, or the second word of END IF
    if word == "END":
        return -1
    if word in {"BEGIN", "CASE"}:
        return 1
    if word in _BLOCKS and (
        before.text in _BEFORE_STATEMENT_SIGNS or before.text.upper() in _BEFORE_STATEMENT
    ):
        return 1
    return 0


def _words_at(tokens: Sequence[Token], index: int, words: Sequence[str]) -> bool:
    if index and tokens[index - 1].text == ".":
        return False
    return len(tokens) >= index + len(words) and all(
        _is_word(token, word) for token, word in zip(tokens[index : index + len(words)], words, strict=True)
    )


def _is_word(token: Token, word: str) -> bool:
    return token.kind is Kind.WORD and token.text.upper() == word

"""Stands in the tokens of a statement, and takes what is expected there. It knows no statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.tokens import Kind
from stepwell.engines.sqlite.structure.text import RESERVED, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.tokens import Token


class StrangeError(Exception):
    """The text is not what was expected."""


class Cursor:
    """Stands in the tokens of a statement, and takes what it expects there."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.index = 0

    def word(self, ahead: int = 0) -> str:
        """The word that stands here in upper case; empty for anything else."""
        token = self.peek(ahead)
        return token.text.upper() if token is not None and token.kind is Kind.WORD else ""

    def peek(self, ahead: int = 0) -> Token | None:
        """The token that stands here; None at the end."""
        place = self.index + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def takes(self, *words: str) -> bool:
        """Whether these words stand here; then stand behind them."""
        if any(self.word(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.index += len(words)
        return True

    def sign(self, text: str) -> bool:
        """Whether this sign stands here; then stand behind it."""
        token = self.peek()
        if token is None or token.text != text:
            return False
        self.index += 1
        return True

    def must(self, *, found: bool) -> None:
        """What has to be found; raises otherwise."""
        if not found:
            raise StrangeError

    def token(self) -> Token:
        """The token that stands here; stand behind it."""
        token = self.peek()
        if token is None:
            raise StrangeError
        self.index += 1
        return token

    def name(self) -> str:
        """A name."""
        is_word = self.word() in RESERVED
        name = name_of(self.token())
        if name is None or is_word:
            raise StrangeError
        return name

    @property
    def at_group(self) -> bool:
        """Whether parentheses begin here."""
        token = self.peek()
        return token is not None and token.text == "("

    def group(self) -> Sequence[Token]:
        """What stands in the parentheses that begin here."""
        self.must(found=self.sign("("))
        start, depth = self.index, 1
        while depth:
            text = self.token().text
            depth += {"(": 1, ")": -1}.get(text, 0)
        return self.tokens[start : self.index - 1]

    def rest(self) -> Sequence[Token]:
        """All that is left."""
        return self.tokens[self.index :]

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.index >= len(self.tokens)

"""From a position in the text that a driver was given to one in the text that its author wrote. It parses no SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.lexer import scan
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules


def written_position(position: int, sent: str, written: str, rules: LexRules) -> int | None:
    """Where a position of `sent`, with `$1` parameters, is in `written`, with `:name`; both count characters from 1.

    None where the one was not made out of the other by binding.
    """
    if sent == written:
        return position
    numbers: dict[str, int] = {}
    found, at = None, 0
    for token in scan(written, rules):
        text = token.text
        if token.kind is Kind.PARAMETER:
            text = f"${numbers.setdefault(text, len(numbers) + 1)}"
        if not sent.startswith(text, at):
            return None
        if at < position <= at + len(text):
            inside = 0 if token.kind is Kind.PARAMETER else position - 1 - at
            found = token.start + inside + 1
        at += len(text)
    return found if at == len(sent) else None

"""What somebody may have meant: the known word closest to a mistyped one. For the text of errors only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that looks most like `word`, or None where none does."""
    import difflib  # an error is about to be told; nothing else pays for this import

    found = difflib.get_close_matches(word, sorted(known), n=1)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Give a hint such as `did you mean 'status'?`, or None."""
    found = nearest(word, known)
    return None if found is None else f"did you mean {found!r}?"

"""How something is to be shown: width, colours, symbols, clock. It asks no stream: whoever has one
decides.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.history import State
from stepwell.core.report import Outcome

if TYPE_CHECKING:
    from datetime import tzinfo


class Tone(StrEnum):
    """What a piece of text is to feel like; the value is its ANSI code."""

    GOOD = "32"
    WAITING = "36"
    WARNING = "33"
    BAD = "1;31"
    STRONG = "1"
    FAINT = "2"


class View(NamedTuple):
    """The surface that is drawn on.

    `width` is in columns (None: unlimited); `now` and `zone` are the reader's clock (None: the zone of this
    machine); `relative` allows `3 minutes ago`.
    """

    width: int | None = None
    colour: bool = False
    unicode: bool = True
    relative: bool = False
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    zone: tzinfo | None = UTC

    def paint(self, text: str, tone: Tone | None) -> str:
        """Colour a text, if colours are wanted."""
        return f"\x1b[{tone}m{text}\x1b[0m" if self.colour and tone and text else text

    @property
    def ellipsis(self) -> str:
        """The mark of what was cut."""
        return "…" if self.unicode else "~"


class Badge(NamedTuple):
    """A word with its symbol, for screens that have it and for those that don't."""

    symbol: str
    ascii: str
    word: str
    tone: Tone | None

    def text(self, view: View) -> str:
        """The symbol and the word, without colour."""
        return f"{self.symbol if view.unicode else self.ascii} {self.word}"


STATES = {
    State.APPLIED: Badge("✔", "+", "applied", Tone.GOOD),
    State.PENDING: Badge("○", "-", "pending", Tone.WAITING),
    State.CHANGED: Badge("≠", "~", "changed", Tone.WARNING),
    State.MISSING: Badge("?", "?", "missing", Tone.WARNING),
    State.FAILED: Badge("✘", "x", "failed", Tone.BAD),
    State.IN_DOUBT: Badge("‼", "!", "in doubt", Tone.BAD),
}

OUTCOMES = {
    Outcome.PLANNED: Badge("○", "-", "planned", Tone.WAITING),
    Outcome.APPLIED: Badge("✔", "+", "applied", Tone.GOOD),
    Outcome.REVERTED: Badge("✔", "+", "reverted", Tone.GOOD),
    Outcome.UNDONE: Badge("↶", "<", "undone", Tone.WARNING),
    Outcome.FAILED: Badge("✘", "x", "failed", Tone.BAD),
    Outcome.NOT_RUN: Badge("·", ".", "not run", Tone.FAINT),
    Outcome.IN_DOUBT: Badge("‼", "!", "in doubt", Tone.BAD),
}

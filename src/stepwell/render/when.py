"""Times and lengths of time as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from stepwell.render.view import View

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MILLISECONDS = 1000.0


def moment(when: datetime | None, view: View) -> str:
    """A time in the reader's zone; relative where that is allowed and it was within a day. Nothing for
    None.
    """
    if when is None:
        return ""
    seconds = (view.now - when).total_seconds()
    if view.relative and 0 <= seconds < _DAY:
        return _ago(int(seconds))
    return when.astimezone(view.zone).strftime("%Y-%m-%d %H:%M" if view.relative else "%Y-%m-%d %H:%M:%S")


def _ago(seconds: int) -> str:
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{counted(seconds // _MINUTE, 'minute')} ago"
    return f"{counted(seconds // _HOUR, 'hour')} ago"


def elapsed(milliseconds: float | None) -> str:
    """A length of time: `3.1 ms`, `1.24 s`, `2 min 5 s`. Nothing for None."""
    if milliseconds is None:
        return ""
    if milliseconds < _MILLISECONDS:
        return f"{milliseconds:.1f} ms"
    seconds = milliseconds / _MILLISECONDS
    if seconds < _MINUTE:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 migration`, `2 migrations`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

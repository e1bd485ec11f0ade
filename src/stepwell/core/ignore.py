"""What `drift` is told to leave out: a pattern of things, and why they may differ. What fits is found elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = ("pattern", "reason")
_SEPARATOR = " # "  # between pattern and reason, where both are one text
_FORM = f"'PATTERN{_SEPARATOR}REASON'"


class WrongEntryError(ValueError):
    """One entry of a list is wrong: its number from 0, and what is wrong with it."""

    def __init__(self, number: int, pattern: str | None, what: str) -> None:
        named = f", {pattern!r}," if pattern else ""
        super().__init__(f"is wrong: its entry {number + 1}{named} {what}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Ignore:
    """A pattern of things, or of attributes of things, and the reason why they may differ."""

    pattern: str
    reason: str

    def __str__(self) -> str:
        return f"{self.pattern}{_SEPARATOR}{self.reason}"


def ignores_of(value: object) -> tuple[Ignore, ...]:
    """Read a list of entries: each a table with `pattern` and `reason`, or a text with both. A text has one a line.

    Raises `WrongEntryError` for an entry without a reason, and for anything else that is none; else `ValueError`.
    """
    entries = [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple):
        raise ValueError(f"must be a list of tables with 'pattern' and 'reason', or of texts {_FORM}")  # noqa: TRY004 - a wrong value is one kind of error
    return tuple(_read(entries))


def _read(entries: list[object] | tuple[object, ...]) -> Iterator[Ignore]:
    for number, entry in enumerate(entries):
        if isinstance(entry, Ignore):
            yield entry
            continue
        given = _parts(number, entry)
        pattern, reason = (_text(number, given, key) for key in _KEYS)
        yield Ignore(pattern, reason)


def _parts(number: int, entry: object) -> Mapping[str, object]:
    if isinstance(entry, str):
        pattern, _, reason = entry.partition(_SEPARATOR)
        return {"pattern": pattern, "reason": reason}
    if not isinstance(entry, Mapping):
        raise WrongEntryError(number, None, f"must be a table with 'pattern' and 'reason', or a text {_FORM}")
    if strange := [key for key in entry if key not in _KEYS]:
        raise WrongEntryError(number, None, f"has a key {strange[0]!r}: there are 'pattern' and 'reason'")
    return entry


def _text(number: int, given: Mapping[str, object], key: str) -> str:
    value = given.get(key, "")
    other = given.get("pattern")
    pattern = other if key == "reason" and isinstance(other, str) else None
    if not isinstance(value, str):
        raise WrongEntryError(number, pattern, f"has a {key} that is not text")
    text = " ".join(value.split())
    if not text:
        how = f": write {_FORM}, or a table with both" if key == "reason" else ""
        raise WrongEntryError(number, pattern, f"has no {key}{how}")
    if not text.isprintable():
        raise WrongEntryError(number, pattern, f"has a {key} with a control character")
    return text

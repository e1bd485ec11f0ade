"""What the name of a migration says of the values of a template: `add_email_to_users` says a column and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.templates.template import PLACE, Kind
from stepwell.core.templates.values import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stepwell.core.templates.known import Known
    from stepwell.core.templates.template import Variable


def told_by(
    forms: Sequence[str], slug: str, said: Mapping[str, str], declared: Mapping[str, Variable], known: Known
) -> dict[str, str]:
    """What the name says by one of the forms; of several ways to read it, by what was `said` and what is known.

    Where that does not tell, the first form counts, and of its readings the one that begins with the shortest value.
    """
    words = slug.split("_")
    readings = [reading for form in forms for reading in _readings(_parts(form), words)]
    return max(readings, key=lambda each: _certain(each, said, declared, known), default={})


def shown_form(form: str) -> str:
    """`add_${column}` is shown as `add_COLUMN`."""
    return PLACE.sub(lambda found: found[1].upper(), form)


def _parts(form: str) -> list[str]:
    """`add_${column}_to_${table}` gives `add`, `${column}`, `to`, `${table}`; a `_` within a place is its own."""
    marked = PLACE.sub(lambda found: found[0].replace("_", "\0"), form)
    return [part.replace("\0", "_") for part in marked.split("_")]


def _readings(parts: Sequence[str], words: Sequence[str]) -> Iterator[dict[str, str]]:
    if not parts:
        if not words:
            yield {}
        return
    place = PLACE.fullmatch(parts[0])
    if place is None:
        if words and words[0] == parts[0]:
            yield from _readings(parts[1:], words[1:])
        return
    for taken in range(1, len(words) - len(parts) + 2):
        for rest in _readings(parts[1:], words[taken:]):
            yield {place[1]: "_".join(words[:taken]), **rest}


def _certain(
    reading: Mapping[str, str], said: Mapping[str, str], declared: Mapping[str, Variable], known: Known
) -> tuple[int, int]:
    """How many values of a reading are what was said, and how many of its names are there."""
    kinds = {name: declared[name].kind for name in reading if name in declared}
    same = sum(
        name in said and last_name(said[name], kind).lower() == reading[name] for name, kind in kinds.items()
    )
    return same, sum(_is_there(kind, reading[name], reading, known) for name, kind in kinds.items())


def _is_there(kind: Kind, value: str, reading: Mapping[str, str], known: Known) -> bool:
    match kind:
        case Kind.TABLE:
            return value in known.tables
        case Kind.ENUM:
            return value in known.enums
        case Kind.COLUMN:
            return value in known.tables.get(reading.get("table", ""), ())
    return False

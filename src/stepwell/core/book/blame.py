"""Which migration made each thing in a database, and which one was the last to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.book import Touched
from stepwell.core.book.renames import SCHEMA
from stepwell.core.schema.diff import Added, Changed, Removed, Renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.migration import Version
    from stepwell.core.schema.diff import Change, Diff
    from stepwell.core.schema.snapshot import Key


class Turn(NamedTuple):
    """What one migration did, and under which names what was there before went on."""

    version: Version
    diff: Diff
    ways: Mapping[Key, Key]


def blame(turns: Iterable[Turn]) -> Mapping[Key, Touched]:
    """Of everything that these have made and that is still there. What a table has, is the table's too."""
    touched: dict[Key, Touched] = {}
    for version, diff, ways in turns:
        taken = frozenset(ways.values())  # by what was renamed: what had the name before is gone
        kept = {key: each for key, each in touched.items() if key in ways or key not in taken}
        touched = {ways.get(key, key): each for key, each in kept.items()}
        for change in diff.changes:
            if isinstance(change, Removed) and change.key not in taken:
                touched.pop(change.key, None)
        for change in diff.changes:
            if isinstance(change, Added):
                touched[change.key] = Touched(version, version)
        for change in diff.changes:
            for key in _about(change, ways):
                if key in touched:
                    touched[key] = touched[key]._replace(changed=version)
    return touched


def _about(change: Change, ways: Mapping[Key, Key]) -> Iterable[Key]:
    """What a change is about, under its new name: the thing itself, and what it belongs to."""
    fact = change.fact if isinstance(change, Added | Removed) else change.after
    if isinstance(change, Changed | Renamed):
        yield fact.key
    if fact.parent is not None and fact.parent.kind != SCHEMA:
        yield ways.get(fact.parent, fact.parent)

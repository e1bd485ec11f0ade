"""Which migration made each thing in a database, and which one was the last to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.book import Touched
from stepwell.core.book.renames import SCHEMA
from stepwell.core.schema.diff import Added, Changed, Removed, Renamed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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
        renamed = (change for change in diff.changes if isinstance(change, Renamed))
        all_ways = {change.key: change.after.key for change in renamed} | dict(ways)
        touched = _carried(
            touched, all_ways, {each.key for each in diff.changes if isinstance(each, Removed)}
        )
        for change in diff.changes:
            if isinstance(change, Added):
                touched[change.key] = Touched(version, version)
        for key in (key for change in diff.changes for key in _concerned(change, all_ways)):
            if key in touched:
                touched[key] = touched[key]._replace(changed=version)
    return touched


def _carried(
    touched: Mapping[Key, Touched], ways: Mapping[Key, Key], gone: Collection[Key]
) -> dict[Key, Touched]:
    """What is still there, under its new name; what had that name before is gone."""
    taken = frozenset(ways.values())
    return {
        ways.get(key, key): each
        for key, each in touched.items()
        if key in ways or not (key in gone or key in taken)
    }


def _concerned(change: Change, ways: Mapping[Key, Key]) -> Iterable[Key]:
    """What a change is about, under its new name: the thing itself, and what it belongs to."""
    fact = change.fact if isinstance(change, Added | Removed) else change.after
    if isinstance(change, Changed | Renamed):
        yield fact.key
    if fact.parent is not None and fact.parent.kind != SCHEMA:
        yield ways.get(fact.parent, fact.parent)

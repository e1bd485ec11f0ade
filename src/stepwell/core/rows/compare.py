"""What became of rows between two readings of a database, as values and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stepwell.core.rows.contents import Contents, Digest, TableContents

Row = tuple["Digest", ...]


class Fate(Enum):
    """What happened to rows or values."""

    TABLE_GONE = "table_gone"
    COLUMN_GONE = "column_gone"
    ROWS_GONE = "rows_gone"
    VALUES_GONE = "values_gone"  # there is NULL now
    VALUES_CHANGED = "values_changed"
    TABLE_NEW = "table_new"
    ROWS_NEW = "rows_new"
    VALUES_NEW = "values_new"  # there was NULL before


_LOSSES = frozenset(
    {Fate.TABLE_GONE, Fate.COLUMN_GONE, Fate.ROWS_GONE, Fate.VALUES_GONE, Fate.VALUES_CHANGED}
)


@dataclass(frozen=True, slots=True)
class Change:
    """A difference. `count` of `of` rows are concerned; `at_least`: the rows are too many to be counted one by one."""

    fate: Fate
    table: str
    column: str | None = None
    count: int = 0
    of: int = 0
    at_least: bool = False

    @property
    def is_loss(self) -> bool:
        """Whether data that were there are not there any more."""
        return self.fate in _LOSSES and self.count > 0


def compare(before: Contents, after: Contents) -> tuple[Change, ...]:
    """Everything that differs, by table and column. A renamed table is one that is gone and one that is new."""
    found: list[Change] = []
    for name in sorted(before.tables.keys() | after.tables.keys()):
        old, new = before.tables.get(name), after.tables.get(name)
        if old is None and new is not None:
            found.append(Change(Fate.TABLE_NEW, name, count=new.count, of=new.count))
        elif new is None and old is not None:
            found.append(Change(Fate.TABLE_GONE, name, count=old.count, of=old.count))
        elif old is not None and new is not None:
            found += _table(name, old, new)
    return tuple(found)


def losses(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those of the changes that lose data."""
    return tuple(each for each in changes if each.is_loss)


def left_behind(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those that add rows to tables that lost none: where some went and others came, the loss is what is told."""
    lost = {each.table for each in changes if each.is_loss}
    return tuple(each for each in changes if each.fate is Fate.ROWS_NEW and each.table not in lost)


def kept_values(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those that put values in the place of NULL."""
    return tuple(each for each in changes if each.fate is Fate.VALUES_NEW)


def _table(name: str, old: TableContents, new: TableContents) -> Iterator[Change]:
    for column in old.columns:
        if column not in new.columns:
            yield Change(Fate.COLUMN_GONE, name, column, old.filled[column], old.count)
    shared = tuple(column for column in old.columns if column in new.columns)
    if old.bucketed or new.bucketed:
        yield from _in_buckets(name, old, new, shared)
    elif old.key and old.key == new.key:
        yield from _by_key(name, old, new, shared)
    else:
        yield from _as_multisets(name, old, new, shared)


# --- row by row ---


def _by_key(name: str, old: TableContents, new: TableContents, shared: Sequence[str]) -> Iterator[Change]:
    before = dict(zip(_picked(old, old.key), _picked(old, shared), strict=True))
    after = dict(zip(_picked(new, new.key), _picked(new, shared), strict=True))
    yield from _moved(name, len(before.keys() - after.keys()), len(after.keys() - before.keys()), old.count)
    both = [(row, after[key]) for key, row in before.items() if key in after]
    yield from _columns(name, both, shared, old.count)


def _as_multisets(
    name: str, old: TableContents, new: TableContents, shared: Sequence[str]
) -> Iterator[Change]:
    """Without a key it can't be told which row is which, only how many are of a kind."""
    before, after = Counter(_picked(old, shared)), Counter(_picked(new, shared))
    gone, come = sorted((before - after).elements(), key=repr), sorted((after - before).elements(), key=repr)
    if not gone or len(gone) != len(come):
        yield from _moved(name, len(gone), len(come), old.count)
        return
    for place, column in enumerate(shared):  # as many are there as before: values of theirs have changed
        had, has = Counter(row[place] for row in gone), Counter(row[place] for row in come)
        yield from _values(name, column, (had - has), (has - had), old.count)


def _values(
    name: str, column: str, gone: Counter[Digest], come: Counter[Digest], of: int
) -> Iterator[Change]:
    emptied, filled = come[None], gone[None]
    changed = gone.total() - filled - emptied
    counts = ((Fate.VALUES_GONE, emptied), (Fate.VALUES_NEW, filled), (Fate.VALUES_CHANGED, changed))
    for fate, count in counts:
        if count > 0:
            yield Change(fate, name, column, count, of)


def _columns(name: str, pairs: Sequence[tuple[Row, Row]], shared: Sequence[str], of: int) -> Iterator[Change]:
    for place, column in enumerate(shared):
        values = [(old[place], new[place]) for old, new in pairs if old[place] != new[place]]
        emptied = sum(new is None for _, new in values)
        filled = sum(old is None for old, _ in values)
        counts = (
            (Fate.VALUES_GONE, emptied),
            (Fate.VALUES_NEW, filled),
            (Fate.VALUES_CHANGED, len(values) - emptied - filled),
        )
        for fate, count in counts:
            if count:
                yield Change(fate, name, column, count, of)


def _moved(name: str, gone: int, come: int, of: int) -> Iterator[Change]:
    if gone:
        yield Change(Fate.ROWS_GONE, name, count=gone, of=of)
    if come:
        yield Change(Fate.ROWS_NEW, name, count=come, of=of)


def _picked(contents: TableContents, columns: Sequence[str]) -> list[Row]:
    places = [contents.columns.index(name) for name in columns]
    return [tuple(row[place] for place in places) for row in contents.rows]


# --- in buckets ---


def _in_buckets(name: str, old: TableContents, new: TableContents, shared: Sequence[str]) -> Iterator[Change]:
    """Of a big table: by how much it shrank or grew, and in how many buckets a column differs."""
    yield from _moved(name, max(old.count - new.count, 0), max(new.count - old.count, 0), old.count)
    if old.count != new.count or not (old.bucketed and new.bucketed) or old.key != new.key:
        return
    before, after = _picked(old, shared), _picked(new, shared)
    for place, column in enumerate(shared):
        emptied = max(old.filled[column] - new.filled[column], 0)
        differ = sum(one[place] != other[place] for one, other in zip(before, after, strict=True))
        if emptied:
            yield Change(Fate.VALUES_GONE, name, column, emptied, old.count)
        elif differ:
            yield Change(Fate.VALUES_CHANGED, name, column, differ, old.count, at_least=True)


# --- in words ---


def worded(change: Change) -> str:
    """A change in words, such as "drops column users.email (2 of 2 rows had a value)"."""
    place = change.table if change.column is None else f"{change.table}.{change.column}"
    some = f"{change.count} of {_rows(change.of)}"
    rows = ("at least " if change.at_least else "") + _rows(change.count)
    return {
        Fate.TABLE_GONE: f"drops table {place} ({_rows(change.count)})",
        Fate.COLUMN_GONE: f"drops column {place} ({some} had a value)",
        Fate.ROWS_GONE: f"{many(change)} {_are(change.count)} gone",
        Fate.VALUES_GONE: f"{place} lost its value in {rows}",
        Fate.VALUES_CHANGED: f"{place} changed in {rows}",
        Fate.TABLE_NEW: f"table {place} is new ({_rows(change.count)})",
        Fate.ROWS_NEW: f"{many(change)} {_are(change.count)} new",
        Fate.VALUES_NEW: f"{place} got a value in {rows}",
    }[change.fate]


def many(change: Change) -> str:
    """The rows of a change in words, such as "2 rows of users"."""
    return f"{_rows(change.count)} of {change.table}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"

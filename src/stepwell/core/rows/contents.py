"""The rows of a database as a value: digests, no data. Small tables row by row, big ones in buckets of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROW_BY_ROW = 10_000  # rows up to which every row is kept
BUCKETS = 4096
_WRAP = 1 << 64

Digest = int | None  # of one value; None is NULL


@dataclass(frozen=True, slots=True)
class TableContents:
    """The rows of one table. `key`: the columns of the primary key, which tell rows apart.

    Each of `rows` has a digest for every column: of the value, or, with `bucketed`, the sum of those of a bucket.
    `filled` counts the rows that have a value in a column.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    count: int
    filled: Mapping[str, int]
    rows: tuple[tuple[Digest, ...], ...]
    bucketed: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """The rows of a database, by the name of the table."""

    tables: Mapping[str, TableContents] = field(default_factory=dict)


class Gatherer:
    """Takes the digests of the rows of a table one by one, and keeps no more than a bounded number."""

    def __init__(self, columns: Sequence[str], key: Sequence[str], *, limit: int = ROW_BY_ROW) -> None:
        self._columns = tuple(columns)
        self._key = tuple(self._columns.index(name) for name in key)
        self._limit = limit
        self._count = 0
        self._filled = [0] * len(self._columns)
        self._rows: list[tuple[Digest, ...]] = []
        self._buckets: list[list[int]] | None = None

    def add(self, row: Sequence[Digest]) -> None:
        """One row, a digest for each column."""
        self._count += 1
        for place, digest in enumerate(row):
            self._filled[place] += digest is not None
        if self._buckets is not None:
            self._pour(row)
            return
        self._rows.append(tuple(row))
        if self._count > self._limit:
            self._buckets = [[0] * len(self._columns) for _ in range(BUCKETS)]
            for each in self._rows:
                self._pour(each)
            self._rows = []

    def _pour(self, row: Sequence[Digest]) -> None:
        """Add a row to its bucket: that of its key. What a column has is tied to the key, so that a swap shows."""
        if self._buckets is None:
            return
        key = _mixed([row[place] for place in self._key])
        bucket = self._buckets[key % BUCKETS]
        for place, digest in enumerate(row):
            if digest is not None:
                bucket[place] = (bucket[place] + _mixed([key, digest])) % _WRAP

    def contents(self) -> TableContents:
        """What was gathered."""
        filled = dict(zip(self._columns, self._filled, strict=True))
        key = tuple(self._columns[place] for place in self._key)
        rows: Iterable[tuple[Digest, ...]] = self._rows
        if self._buckets is not None:
            rows = (tuple(bucket) for bucket in self._buckets)
        return TableContents(self._columns, key, self._count, filled, tuple(rows), self._buckets is not None)


def summed(
    columns: Sequence[str],
    key: Sequence[str],
    buckets: Iterable[tuple[int, int, Sequence[int], Sequence[int]]],
) -> TableContents:
    """The contents of a big table whose buckets were summed up by the database.

    Of each bucket: its number, its rows, and for each column how many of them have a value, and the sum of the digests.
    """
    rows: list[tuple[Digest, ...]] = [(0,) * len(columns)] * BUCKETS
    count = 0
    filled = [0] * len(columns)
    for number, size, values, sums in buckets:
        count += size
        filled = [before + more for before, more in zip(filled, values, strict=True)]
        rows[number] = tuple(each % _WRAP for each in sums)
    of_columns = dict(zip(columns, filled, strict=True))
    return TableContents(tuple(columns), tuple(key), count, of_columns, tuple(rows), bucketed=True)


def _mixed(digests: Sequence[Digest]) -> int:
    """One number of several; the order counts."""
    mixed = 0x9E3779B97F4A7C15
    for digest in digests:
        mixed = (
            (mixed ^ (0 if digest is None else digest % _WRAP)) * 0x100000001B3 + 0x632BE59BD9B4E019
        ) % _WRAP
        mixed ^= mixed >> 29
    return mixed

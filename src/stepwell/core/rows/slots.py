"""What the columns of one row can be given: a slot for each column, or for those that foreign keys tie together."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from stepwell.core.rows.hints import NO_HINTS, hints
from stepwell.core.rows.nested import Value
from stepwell.core.rows.values import candidates, edges, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stepwell.core.rows.description import Column, ForeignKey, Table
    from stepwell.core.sql.rules import LexRules

PLAIN, EDGE, EMPTY = range(3)  # what the rows of a table are like, in turn
ROWS = 3
_MOST_JOINED = 60
_OTHERS = 3  # values of a column beside a foreign key that is NULL

T = TypeVar("T")


class Special(Enum):
    """What can stand in place of a value."""

    DEFAULT = "left out"


@dataclass(frozen=True, slots=True)
class Own:
    """The value that the same row has in another column: a row that refers to itself."""

    column: str


Choice = Value | Special | Own


@dataclass(frozen=True, slots=True)
class Slot:
    """Columns, and the options that they have together, the best one first."""

    columns: tuple[str, ...]
    options: tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known from outside when a row is made.

    `keys`: for each foreign key by name, the keys that exist; `absent`: foreign keys that have to be NULL; `fixed`:
    values that were promised to others; `used`: values of earlier rows, which come last.
    """

    keys: Mapping[str, Sequence[tuple[Value, ...]]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    fixed: Mapping[str, Value] = field(default_factory=dict)
    used: Mapping[str, frozenset[Value]] = field(default_factory=dict)


def slots(table: Table, number: int, known: Known, rules: LexRules) -> list[Slot]:
    """The slots of a row; `number` counts the rows of a table from 0. A column without a value has no options."""
    return _Row(table, number, known, rules).slots()


def promise(table: Table, columns: Sequence[str], number: int, rules: LexRules) -> tuple[Value, ...] | None:
    """The values that a row of the table will have in these columns, before it has any; None where none are known."""
    row = _Row(table, PLAIN, Known(), rules)
    values = [row.values(table.column(name)) for name in columns]  # in order: it is the first row
    return tuple(each[number % len(each)] for each in values) if all(values) else None


def _tied(references: Sequence[ForeignKey]) -> list[list[ForeignKey]]:
    """Foreign keys in groups that have no column in common."""
    groups: list[list[ForeignKey]] = []
    for key in references:
        touching = [group for group in groups if any(set(key.columns) & set(each.columns) for each in group)]
        merged = [each for group in touching for each in group] + [key]
        groups = [group for group in groups if group not in touching] + [merged]
    return groups


class _Row:
    """One row to be of a table."""

    def __init__(self, table: Table, number: int, known: Known, rules: LexRules) -> None:
        self._table = table
        self._number = number
        self._mood = number % ROWS
        self._known = known
        self._rules = rules

    def slots(self) -> list[Slot]:
        """Those of foreign keys, then those of the other columns."""
        generated = {column.name for column in self._table.columns if column.generated}
        groups = _tied([key for key in self._table.references if not generated & set(key.columns)])
        tied = [
            Slot(names, tuple(self._joined(group, names)))
            for group in groups
            for names in [tuple(dict.fromkeys(name for key in group for name in key.columns))]
        ]
        done = generated.union(*(slot.columns for slot in tied))
        free = [column for column in self._table.columns if column.name not in done]
        return [
            *tied,
            *(Slot((each.name,), tuple((choice,) for choice in self._free(each))) for each in free),
        ]

    # --- a column by itself ---

    def values(self, column: Column) -> list[Value]:
        """What a column can hold, the best for this row first: one at an edge, or another one than in other rows."""
        checks = [*self._checks(column), *column.type.checks]
        found = candidates(column.type, hints(checks, self._rules) if checks else NO_HINTS)
        edge = (
            edges(column.type)[:1] if self._mood == EDGE and not checks and not self._is_key(column) else []
        )
        return list(
            dict.fromkeys([*edge, *plain(column.type), *found] if edge else _from(found, self._number))
        )

    def _checks(self, column: Column) -> list[str]:
        return [
            text
            for each in self._table.constraints
            if column.name in each.columns
            for text in each.expressions
        ]

    def _is_compared(self, column: Column) -> bool:
        """Whether a check is about this column and another one."""
        return any(
            column.name in each.columns and len(each.columns) > 1 and each.expressions
            for each in self._table.constraints
        )

    def _is_key(self, column: Column) -> bool:
        """A key stays small: what is at its edge leaves no room for the next one."""
        return column.name in self._table.primary

    def _free(self, column: Column) -> list[Choice]:
        if column.name in self._known.fixed:
            return [self._known.fixed[column.name]]
        found: list[Choice] = list(self.values(column))
        used = self._known.used.get(column.name, frozenset())
        found.sort(key=lambda value: value in used)
        default: list[Choice] = [Special.DEFAULT] if column.default else []
        nothing: list[Choice] = [None] if _may_be_null(column) else []
        if column.fresh:
            return [*default, *found, *nothing]
        if self._mood == EDGE:
            return [*found, *default, *nothing]
        if self._mood == EMPTY:
            return [*nothing, *found, *default]
        if self._is_compared(column):
            return [*default, *found[:1], *nothing, *found[1:]]  # a check may want it to be NULL
        return [*default, *found, *nothing]

    # --- columns of foreign keys ---

    def _joined(self, group: Sequence[ForeignKey], names: tuple[str, ...]) -> Iterator[tuple[Choice, ...]]:
        """The values that satisfy all keys of a group at once, the first ones in turn by the number of the row."""
        rows: list[dict[str, Choice]] = [
            {name: self._known.fixed[name] for name in names if name in self._known.fixed}
        ]
        for key in group:
            options = list(self._options(key))
            rows = [
                {**row, **option}
                for row in rows
                for option in options
                if all(row.get(name, value) == value for name, value in option.items())
            ][: _MOST_JOINED * 4]
        for row in rows[:_MOST_JOINED]:
            yield from self._completed(row, names)

    def _options(self, key: ForeignKey) -> Iterator[dict[str, Choice]]:
        """What a foreign key allows its columns: the keys that exist, the row's own, nothing."""
        optional = [name for name in key.columns if _may_be_null(self._table.column(name))]
        absent: list[dict[str, Choice]] = [dict.fromkeys(optional)] if optional else []
        if len(key.columns) > 1:  # one NULL is enough, and the others may be needed elsewhere
            absent += [{name: None} for name in optional]
        existing = [dict(zip(key.columns, each, strict=True)) for each in self._known.keys.get(key.name, ())]
        present: list[dict[str, Choice]] = [{**each} for each in _from(existing, self._number)]
        if key.table == self._table.name:
            present.append({name: Own(target) for name, target in zip(key.columns, key.targets, strict=True)})
        if key.name in self._known.absent:
            present = []
        yield from (*absent, *present) if self._mood == EMPTY else (*present, *absent)

    def _completed(self, row: Mapping[str, Choice], names: tuple[str, ...]) -> Iterator[tuple[Choice, ...]]:
        """With values for the columns that no foreign key minds, since another one of its columns is NULL."""
        lacking = {name: self._free(self._table.column(name)) for name in names if name not in row}
        if not all(lacking.values()):
            return
        for turn in range(_OTHERS if lacking else 1):
            filled = {**row, **{name: values[turn % len(values)] for name, values in lacking.items()}}
            yield tuple(filled[name] for name in names)


def _may_be_null(column: Column) -> bool:
    return column.nullable and not column.type.required


def _from(values: list[T], start: int) -> list[T]:
    """The same values in turn, from another one on."""
    turn = start % len(values) if values else 0
    return [*values[turn:], *values[:turn]]

"""What became of filling a database: for every table its new rows, or the reason why it has none. Values and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.rows.description import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.rows.description import Table


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A table: how many rows it had before, how many it was given, and why not more, if it has none or just one.

    `kept`: nothing was tried, since a former filling gave rows to the same table.
    """

    table: Table
    existing: int
    inserted: int
    reason: str | None = None
    kept: bool = False

    @property
    def empty(self) -> bool:
        """Whether the table has no row at all."""
        return self.existing + self.inserted == 0


@dataclass(frozen=True, slots=True)
class Filled:
    """Every table of a database, in the order in which they were filled."""

    tables: tuple[FilledTable, ...] = ()

    @property
    def unfilled(self) -> tuple[FilledTable, ...]:
        """The tables without a row."""
        return tuple(each for each in self.tables if each.empty)

    @property
    def inserted(self) -> int:
        """How many rows were made."""
        return sum(each.inserted for each in self.tables)

    def still_fits(self, table: Table) -> bool:
        """Whether this filling gave rows to a table that was the same in every respect."""
        return any(each.table == table and not each.empty for each in self.tables)


def told(filled: Filled) -> list[str]:
    """What people have to know of a filling: tables without rows, with few, with triggers that ran; a line each."""
    lines = []
    for each in filled.tables:
        if each.empty:
            lines.append(f"no rows for {each.table.name}: {each.reason}")
        elif each.reason is not None:
            lines.append(f"{_rows(each.inserted)} made for {each.table.name}: {each.reason}")
        if each.inserted and each.table.triggers:
            lines.append(
                f"triggers of {each.table.name} ran when it got rows: {', '.join(each.table.triggers)}"
            )
    return lines


def _rows(count: int) -> str:
    return {0: "no row", 1: "one row"}.get(count, f"{count} rows")


def refused(table: Table, tries: int, message: str) -> str:
    """Why a table has no row: what the database said last, and which types nobody knows values of."""
    tried = "the only row that was tried was" if tries == 1 else f"all {tries} rows that were tried were"
    unknown = [
        f"{column.name} of type {column.type.name}"
        for column in table.columns
        if column.type.family is Family.UNKNOWN and not column.nullable and not column.default
    ]
    guessed = f"; no value is known for {', '.join(unknown)}" if unknown else ""
    return f"{tried} refused, the last one with: {message.strip()}{guessed}"


def no_values(table: Table, columns: Sequence[str], *, lacking: Sequence[str]) -> str:
    """Why a row could not even be tried: columns that can have no value; `lacking`: tables to refer to without rows."""
    if lacking:
        return f"there is no row in {', '.join(lacking)} that it could refer to"
    kinds = ", ".join(f"{name} of type {table.column(name).type.name}" for name in columns)
    return f"no value is known for {kinds}"


def stuck(table: Table, tables: Sequence[str]) -> str:
    """Why a table in a cycle of foreign keys can't be the first."""
    others = ", ".join(name for name in tables if name != table.name)
    return f"its foreign keys lead to {others} and back, none may be NULL, and none is deferrable"

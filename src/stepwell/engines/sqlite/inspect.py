"""What the file says of the history table, and whether that table can be trusted. Pure: the rows are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.errors import HistoryTableError
from stepwell.core.history import TableShape
from stepwell.core.tables import LOG_COLUMNS, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE lower(tbl_name) IN (lower(:table), lower(:log))"
COLUMNS = "SELECT name, type, pk FROM pragma_table_info(:table)"

Row = tuple[Any, ...]


def shape(table: str, objects: Sequence[Row], columns: Sequence[Row]) -> TableShape:
    """The shape of the history table. Raises `HistoryTableError` for one that we can't trust, or that isn't ours."""
    if not _trusted(table, objects):
        return TableShape.ABSENT
    found = shape_of(_names(columns))
    if found is None:
        raise _not_ours(table, "it has other columns: another tool's table of that name?")
    ((kind, key),) = [row[1:] for row in columns if row[0] == "id"]
    if kind.upper() != "INTEGER" or key != 1:  # only this gets its number from the database
        has = f"{kind} PRIMARY KEY" if key else kind or "no type"
        raise _not_ours(table, f"its column id is {has}, not INTEGER PRIMARY KEY")
    return found


def has_log(log: str, objects: Sequence[Row], columns: Sequence[Row]) -> bool:
    """Whether the log is there. Raises as `shape` does."""
    if not _trusted(log, objects):
        return False
    if _names(columns) != frozenset(LOG_COLUMNS):
        raise _not_ours(log, "it has other columns than stepwell's log")
    return True


def _names(columns: Sequence[Row]) -> frozenset[str]:
    return frozenset(row[0] for row in columns)


def _trusted(table: str, objects: Sequence[Row]) -> bool:
    own = [row for row in objects if row[2].lower() == table.lower()]
    for kind, name, *_ in own:
        if kind == "trigger":
            raise _not_ours(table, f"it has a trigger ({name})")
        if kind == "view" and name.lower() == table.lower():
            raise _not_ours(table, "it is a view")
    tables = [row for row in own if row[0] == "table" and row[1].lower() == table.lower()]
    if tables and str(tables[0][3]).upper().lstrip().startswith("CREATE VIRTUAL"):
        raise _not_ours(table, "it is a virtual table")
    return bool(tables)


def _not_ours(table: str, why: str) -> HistoryTableError:
    return HistoryTableError(
        f"{table} can't be used as stepwell's table: {why}",
        hint="look at it; if it belongs to something else, choose another name with the setting 'table'",
    )

"""Rows as tuples, in whatever form the program that lent a connection wants its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3


def execute(connection: sqlite3.Connection, sql: str, params: Any = None) -> sqlite3.Cursor:
    """Run one statement. Raises what the driver raises."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, params if params is not None else ())

"""Takes the snapshot of a SQLite file: by its schema table, its pragmas, and the text of what was created.

Only of the file itself, not of what is attached or temporary. Runs in a transaction that the caller has begun.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING

from stepwell.core.schema.snapshot import Snapshot
from stepwell.core.tables import LOG_COLUMNS, shape_of
from stepwell.engines.sqlite.structure.facts import ColumnRow, Item, Read, facts_of, is_virtual
from stepwell.engines.sqlite.structure.text import folded, name_of, tokens_of
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.engines.sqlite.channel import Channel

_ITEMS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY type, name"
_ROW = 'x.name, x.type, x."notnull", x.dflt_value, x.hidden'
# Of every table at once: a question for each would take ten times as long. SQLite itself writes the first words.
_COLUMNS = f"""
SELECT m.name, {_ROW} FROM main.sqlite_master m JOIN pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY m.name, x.cid
"""
_COLUMNS_OF_ONE = f"SELECT {_ROW} FROM pragma_table_xinfo(?, 'main') x ORDER BY x.cid"
_OF_SQLITE = "sqlite_"  # with which names begin that nobody else may give
# What a migration may set, and its way back has to restore. What decides how the file is stored is no structure, and
# can't be the same of a database in memory: its encoding, the size of its pages, its journal.
SETTINGS = ("application_id", "user_version")
# The tables that the modules of SQLite make for a virtual one, where this SQLite does not say which they are.
_INNER = (
    "config", "content", "data", "docsize", "idx", "node", "parent", "rowid", "segdir", "segments", "stat",
)  # fmt: skip

Columns = dict[str, list[ColumnRow]]


async def read(channel: Channel, own: Sequence[str]) -> Snapshot:
    """The snapshot, without the tool's tables of these names, the history and the log. Raises `EngineError`."""
    rows = (Item(*row) for row in (await channel.rows(_ITEMS))[1])
    items = [item for item in rows if not item.name.startswith(_OF_SQLITE)]
    columns = await _of_tables(channel)
    invalid = await _of_others(channel, items, columns)
    left_out = await _inner(channel, items, invalid) | _ours(own, columns)
    kept = [item for item in items if folded(item.table) not in left_out]
    settings = {name: (await channel.rows(f"PRAGMA main.{name}"))[1][0][0] for name in SETTINGS}
    settings = {name: value for name, value in settings.items() if value}
    return Snapshot("sqlite", sqlite3.sqlite_version, facts_of(Read(kept, columns, invalid, settings)))


async def _of_tables(channel: Channel) -> Columns:
    """The columns of every real table."""
    found: Columns = defaultdict(list)
    for name, *row in (await channel.rows(_COLUMNS))[1]:
        found[name].append(ColumnRow(*row))
    return found


async def _of_others(channel: Channel, items: Sequence[Item], columns: Columns) -> dict[str, str]:
    """Add the columns of views and virtual tables; of which there are none to be read, and why.

    A view may speak of what is gone, or of a function that only its program has; a module need not be there.
    """
    invalid = {}
    for item in items:
        if item.type == "view" or is_virtual(item):
            try:
                _, rows = await channel.rows(_COLUMNS_OF_ONE, (item.name,))
            except EngineError as error:
                if error.fault.sqlstate != "SQLITE_ERROR":
                    raise
                invalid[item.name] = error.fault.message
            else:
                columns[item.name] = [ColumnRow(*row) for row in rows]
    return invalid


async def _inner(channel: Channel, items: Sequence[Item], invalid: Mapping[str, str]) -> set[str]:
    """The tables that virtual ones keep their rows in, folded; not those that are only given to them to be read."""
    _, rows = await channel.rows("PRAGMA main.table_list")  # nothing before 3.37
    found = {folded(row[1]) for row in rows if row[2] == "shadow"}
    given: set[str] = set()
    for item in items:
        if is_virtual(item):
            given |= {folded(name_of(token) or "") for token in tokens_of(item.sql or "")}
            if not rows or item.name in invalid:
                found |= {folded(f"{item.name}_{end}") for end in _INNER}
    return found - given


def _ours(own: Sequence[str], columns: Mapping[str, Sequence[ColumnRow]]) -> set[str]:
    """Which of our names are those of our tables: another table may have such a name."""
    found = set()
    for name, rows in columns.items():
        there = frozenset(row.name for row in rows)
        if own and (
            (folded(name) == folded(own[0]) and shape_of(there) is not None)
            or (folded(name) == folded(own[1]) and there == frozenset(LOG_COLUMNS))
        ):
            found.add(folded(name))
    return found

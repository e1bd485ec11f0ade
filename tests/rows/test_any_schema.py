"""Whatever the tables of a database are: filling it ends, and leaves each with rows or with a reason."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.core.rows.compare import compare
from stepwell.core.settings import Settings
from stepwell.engines.sqlite.connecting import connect
from stepwell.ports import ConnectOptions

if TYPE_CHECKING:
    from stepwell.core.rows.contents import Contents
    from stepwell.core.rows.filled import Filled

ANY = ("", "CHECK ({column} <> 'x')", "CHECK ({column} < {column})")  # nothing passes the last one
NUMBERS = (
    *ANY,
    "CHECK ({column} IN (1, 2, 3))",
    "CHECK ({column} > 10)",
    "CHECK ({column} BETWEEN -7.5 AND -2)",
)
TEXTS = (
    *ANY,
    "CHECK (length({column}) > 2)",
    "CHECK ({column} LIKE 'a%b')",
    "CHECK ({column} GLOB '[x-z]*')",
)
COLUMNS = {
    "INTEGER": NUMBERS,
    "REAL": NUMBERS,
    "DECIMAL(4, 2)": NUMBERS,
    "TEXT": TEXTS,
    "VARCHAR(5)": TEXTS,
    "DATE": (*ANY, "CHECK ({column} > '2031-05-05')"),
    "BOOLEAN": (*ANY, "CHECK ({column} IN (0, 1))"),
    "BLOB": (*ANY, "CHECK (length({column}) = 9)"),
    "": ANY,
}
KEYS = ("id INTEGER PRIMARY KEY", "id INT NOT NULL PRIMARY KEY", "id TEXT PRIMARY KEY NOT NULL")
REQUIRED = ("", " NOT NULL", " UNIQUE", " NOT NULL UNIQUE", " NOT NULL DEFAULT 1")


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """A script of tables with columns, checks, keys, and foreign keys to any of them, cycles too."""
    count = draw(st.integers(1, 5))
    tables = []
    for number in range(count):
        columns = [draw(st.sampled_from(KEYS))]
        for place in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from(sorted(COLUMNS)))
            check = draw(st.sampled_from(COLUMNS[kind])).format(column=f"c{place}")
            columns.append(f"c{place} {kind}{draw(st.sampled_from(REQUIRED))} {check}")
        for place in range(draw(st.integers(0, 2))):
            target = draw(st.integers(0, count - 1))
            required = draw(st.sampled_from(("", " NOT NULL", " UNIQUE")))
            columns.append(f"f{place}{required} REFERENCES t{target}")
        tables.append(f"CREATE TABLE t{number} ({', '.join(columns)})")
    return ";\n".join(tables)


async def rehearsed(connection: sqlite3.Connection) -> tuple[Filled, Filled, Contents, Contents]:
    """Fill twice, the second time with what is known; read what is there after each."""
    lent = await connect(None, ConnectOptions(Settings(), ".", connect=lambda: connection))
    rows = lent.rehearsal()
    first = await rows.fill()
    before = await rows.contents()
    second = await rows.fill(first)
    after = await rows.contents()
    await lent.close()
    return first, second, before, after


def unsatisfiable(script: str) -> set[str]:
    """The tables that may go without: those with a check that nothing passes, and whoever may need them."""
    return {line.split()[2] for line in script.splitlines() if "< c" in line or "REFERENCES" in line}


@settings(deadline=None, max_examples=60)
@given(schemas())
def test_any_tables_are_filled_or_named(script: str) -> None:
    connection: Any = sqlite3.connect(":memory:")
    connection.executescript(script)
    first, second, before, after = asyncio.run(rehearsed(connection))
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert len(first.tables) == script.count("CREATE TABLE")
    for each in first.tables:
        ((count,),) = connection.execute(f"SELECT count(*) FROM {each.table.name}").fetchall()
        assert each.inserted <= count
        assert each.reason is not None or each.inserted >= 2
    assert {each.table.name for each in first.unfilled} <= unsatisfiable(script)
    assert second.inserted <= 3 * len(first.unfilled)
    if not first.unfilled:
        assert compare(before, after) == ()
    connection.close()

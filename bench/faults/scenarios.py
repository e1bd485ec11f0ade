"""What the tools are given to do, as values, and how to see whether it was done: once, whole, and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Change:
    """One migration: its statements, and whether they run in a transaction. One without has one statement."""

    name: str
    statements: tuple[str, ...]
    transactional: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """Some migrations, and the rows of `items` when all of them have been run once."""

    key: str
    title: str
    changes: tuple[Change, ...]
    rows: tuple[tuple[int, int], ...]
    tables: tuple[str, ...] = ("items", "more")
    index: str | None = None

    @property
    def apart(self) -> bool:
        """Whether some of it is outside of a transaction."""
        return not all(change.transactional for change in self.changes)


ITEMS = Change("items", ("CREATE TABLE items (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",))
ROWS = Change("rows", ("INSERT INTO items VALUES (1, 1)", "INSERT INTO items VALUES (2, 2)"))
MORE = Change("more", ("CREATE TABLE more (id INTEGER PRIMARY KEY)",))

BATCH = Scenario(
    "batch",
    "four migrations with transactions",
    (
        ITEMS,
        ROWS,
        Change("change", ("UPDATE items SET n = n * 10", "ALTER TABLE items ADD COLUMN note TEXT")),
        MORE,
    ),
    rows=((1, 10), (2, 20)),
)
APART = Scenario(
    "apart",
    "four migrations, of which an index and an update run without a transaction",
    (
        Change("items", ITEMS.statements + ROWS.statements),
        Change("index", ("CREATE INDEX CONCURRENTLY items_n ON items (n)",), transactional=False),
        Change("update", ("UPDATE items SET n = n + 1",), transactional=False),
        MORE,
    ),
    rows=((1, 2), (2, 3)),
    index="items_n",
)
SCENARIOS = (BATCH, APART)


def unique_index(*, careful: bool) -> Scenario:
    """An index that can't be built, since two rows are the same; `careful` people write IF NOT EXISTS."""
    sure = "IF NOT EXISTS " if careful else ""
    build = f"CREATE UNIQUE INDEX CONCURRENTLY {sure}items_n ON items (n)"
    return Scenario(
        "index",
        "a unique index over two rows that are the same",
        (
            Change(
                "items",
                (*ITEMS.statements, "INSERT INTO items VALUES (1, 1)", "INSERT INTO items VALUES (2, 1)"),
            ),
            Change("index", (build,), transactional=False),
        ),
        rows=((1, 1), (2, 2)),
        tables=("items",),
        index="items_n",
    )


@dataclass(frozen=True, slots=True)
class State:
    """What stands in the database."""

    tables: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]
    valid: bool | None  # None: there is no such index
    recorded: int

    @classmethod
    def of(cls, ask: Ask, recorded: int) -> State:
        """Look."""
        tables = ask("SELECT relname FROM pg_class WHERE relname IN ('items', 'more') ORDER BY 1")
        names = tuple(str(name) for (name,) in tables)
        rows = ask("SELECT id, n FROM items ORDER BY id") if "items" in names else []
        index = ask("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('items_n')")
        return cls(names, tuple((a, b) for a, b in rows), index[0][0] if index else None, recorded)

    def wrong(self, scenario: Scenario) -> list[str]:
        """What is not as it has to be when all is done, in words; empty: all is done, once."""
        found = []
        if self.recorded != len(scenario.changes):
            found.append("not all is recorded")
        if self.tables != scenario.tables:
            found.append("a table is missing")
        if self.rows != scenario.rows:
            found.append("rows are not as they should be: something ran twice, or never")
        if scenario.index is not None and self.valid is not True:
            found.append("the index is invalid" if self.valid is False else "the index is missing")
        return found

    @property
    def is_part(self) -> bool:
        """Whether anything stands at all."""
        return bool(self.tables) or self.recorded > 0

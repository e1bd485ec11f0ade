"""Fills a database with rows, table by table, whatever its engine is: what to insert is decided in `core/rows/`.

Each row is tried in a savepoint; what the database says of a refusal leads to the next try.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stepwell.core.rows.filled import Filled, FilledTable, no_values, refused, stuck
from stepwell.core.rows.order import order
from stepwell.core.rows.search import Search
from stepwell.core.rows.slots import ROWS, Known, promise, slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.rows.description import ForeignKey, Table
    from stepwell.core.rows.nested import Value
    from stepwell.core.rows.order import Turn
    from stepwell.core.sql.rules import LexRules

ENOUGH = 2  # rows of a table: with fewer, it is told why

Keys = list[tuple["Value", ...]]


class Refused(NamedTuple):
    """Why the database did not take a row: its words, and the columns concerned, if it says."""

    message: str
    columns: tuple[str, ...] | None = None


class Ground(Protocol):
    """A database with an open transaction, in which rows can be tried. Everything else raises `EngineError`."""

    rules: LexRules
    all_can_wait: bool

    async def tables(self) -> Sequence[Table]:
        """Describe the tables, without the two of the tool."""

    async def count(self, table: Table) -> int:
        """How many rows a table has."""

    async def keys(self, table: str, columns: Sequence[str]) -> Keys:
        """Some rows of these columns in a table, those without NULL, always the same ones."""

    async def insert(self, table: Table, row: Mapping[str, Value]) -> Refused | None:
        """Insert a row, or leave everything as it was."""

    async def complete(self, table: Table, key: ForeignKey, values: Sequence[Value]) -> Refused | None:
        """Give one row of those whose foreign key is NULL a key, or leave everything as it was."""

    async def between(self, done: int) -> None:
        """So many groups are done, and another one follows: what has come may stand."""

    async def together(self) -> None:
        """Begin a group of tables: foreign keys are checked at its end."""

    async def settle(self) -> Refused | None:
        """End the group. What is refused leaves nothing of it."""

    async def undo(self) -> None:
        """Leave nothing of the group."""


async def fill(ground: Ground, known: Filled | None = None) -> Filled:
    """Give rows to every table. Those that `known` has filled, and that are the same, keep what they have."""
    tables = await ground.tables()
    filler = _Filler(ground, {table.name: table for table in tables}, known or Filled())
    done: list[FilledTable] = []
    for number, group in enumerate(order(tables, all_can_wait=ground.all_can_wait), 1):
        done += await filler.group(group)
        await ground.between(number)
    return Filled(tuple(done))


class _Filler:
    """The filling of one database."""

    def __init__(self, ground: Ground, tables: Mapping[str, Table], known: Filled) -> None:
        self._ground = ground
        self._tables = tables
        self._known = known
        self._inserted: dict[str, int] = {}
        self._promised: dict[str, list[dict[str, Value]]] = {}  # by table, for each row

    async def group(self, turns: Sequence[Turn]) -> list[FilledTable]:
        """Fill tables that refer to each other, or one."""
        waits = any(turn.promised for turn in turns)
        self._promised = {}
        if waits:
            await self._ground.together()
        done = [await self._turn(turn) for turn in turns]
        if waits:
            done = await self._settled(done)
        for turn in turns:
            for key in turn.later if self._inserted.get(turn.table.name) else ():
                await self._complete(turn.table, key)
        return done

    async def _settled(self, done: list[FilledTable]) -> list[FilledTable]:
        """See that what the tables of a cycle were promised is there; otherwise none of them has got a row."""
        lacking = next((each for each in done if each.inserted + each.existing == 0), None)
        if lacking is None:
            failure = await self._ground.settle()
            if failure is None:
                return done
            reason = failure.message
        else:
            await self._ground.undo()
            reason = f"its foreign keys lead to {lacking.table.name} and back: {lacking.reason}"
        for each in done:
            self._inserted.pop(each.table.name, None)
        return [each if each is lacking else replace(each, inserted=0, reason=reason) for each in done]

    async def _complete(self, table: Table, key: ForeignKey) -> None:
        """Let at least one row refer to another, where all had to be NULL at first."""
        for values in await self._ground.keys(key.table, key.targets):
            if await self._ground.complete(table, key, values) is None:
                return

    async def _turn(self, turn: Turn) -> FilledTable:
        table = turn.table
        count = await self._ground.count(table)
        if table.parts:
            inserted = sum(self._inserted.get(part, 0) for part in table.parts)
            self._inserted[table.name] = inserted
            return FilledTable(
                table, count - inserted, inserted, None if count else "none of its parts has got a row"
            )
        if turn.stuck:
            return FilledTable(table, count, 0, stuck(table, turn.stuck))
        if table.trouble is not None:
            return FilledTable(table, count, 0, table.trouble)
        if count and self._known.still_fits(table):
            return FilledTable(table, count, 0, kept=True)
        return await self._rows(turn, count)

    async def _rows(self, turn: Turn, count: int) -> FilledTable:
        table = turn.table
        known = await self._known_to(turn)
        inserted = 0
        reason: str | None = None
        for number in range(ROWS):
            promised = self._promised.get(table.name)
            fixed = promised[number] if promised and number < len(promised) else {}
            found = await self._row(table, number, replace(known, fixed=fixed))
            if not isinstance(found, str):
                inserted += 1
                known = await self._after(table, found, known)
                continue
            reason = reason or found
            if inserted == 0 and number == 1:
                break  # neither a plain row nor another one: a third is no better
        self._inserted[table.name] = inserted
        return FilledTable(table, count, inserted, None if inserted >= ENOUGH else reason)

    async def _row(self, table: Table, number: int, known: Known) -> Mapping[str, Value] | str:
        """Find and insert one row; where that is not to be had, a plain one instead. Or say why there is none."""
        found: Mapping[str, Value] | str = ""
        for attempt in dict.fromkeys((number, number * ROWS)):
            search = Search(slots(table, attempt, known, self._ground.rules))
            found = await self._searched(table, search, known)
            if not isinstance(found, str):
                break
        return found

    async def _searched(self, table: Table, search: Search, known: Known) -> Mapping[str, Value] | str:
        if columns := search.without_options:
            lacking = [
                key.table
                for key in table.references
                if set(key.columns) & set(columns) and not known.keys.get(key.name)
            ]
            return no_values(table, columns, lacking=lacking)
        last = "nothing could be tried"
        while (row := search.row()) is not None:
            failure = await self._ground.insert(table, row)
            if failure is None:
                return row
            last = failure.message
            search.refused(failure.columns)
        return refused(table, search.tries, last)

    # --- what foreign keys can refer to ---

    async def _known_to(self, turn: Turn) -> Known:
        keys: dict[str, Keys] = {}
        for key in turn.table.references:
            keys[key.name] = await self._ground.keys(key.table, key.targets)
        for key in turn.promised:
            if not keys[key.name]:
                keys[key.name] = self._promise(key)
        return Known(keys, frozenset(key.name for key in turn.later))

    async def _after(self, table: Table, row: Mapping[str, Value], known: Known) -> Known:
        """After a row has come: its values are used, and rows of the same table can refer to it."""
        used = {name: known.used.get(name, frozenset()) | {value} for name, value in row.items()}
        own = [key for key in table.references if key.table == table.name]
        fresh = {key.name: await self._ground.keys(key.table, key.targets) for key in own}
        return replace(known, keys={**known.keys, **fresh}, used=used)

    def _promise(self, key: ForeignKey) -> Keys:
        """Keys of rows that the other table will have."""
        target = self._tables.get(key.table)
        if target is None:
            return []
        found: Keys = []
        rows = self._promised.setdefault(key.table, [{} for _ in range(ROWS)])
        for number in range(ROWS):
            values = promise(target, key.targets, number, self._ground.rules)
            if values is not None and values not in found:
                found.append(values)
                rows[number].update(zip(key.targets, values, strict=True))
        return found

"""Rows for a rehearsal in MySQL and MariaDB: tries them in savepoints, reads digests, loads scripts."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stepwell.core.rows.contents import Contents, Gatherer
from stepwell.core.rows.description import Family
from stepwell.engines.mysql.anatomy import SHAPES, describe
from stepwell.engines.mysql.tables import quote
from stepwell.filling import Refused, fill
from stepwell.ports import EngineError, Origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stepwell.core.rows.contents import TableContents
    from stepwell.core.rows.description import Column, ForeignKey, Table
    from stepwell.core.rows.filled import Filled
    from stepwell.core.rows.nested import Value
    from stepwell.engines.mysql.target import Target
    from stepwell.filling import Keys

SOME = 20  # keys of a table that others can refer to
_KEY = re.compile(r"for key '(?:.*\.)?([^'.]+)'")
_COLUMN = re.compile(r"column '([^']+)'|column `(?:[^`]+`\.`)*([^`]+)`|^Field '([^']+)'", re.IGNORECASE)
_CONSTRAINT = re.compile(r"constraint [`'](?:[^`']*\.)?([^`']+)[`']", re.IGNORECASE)
_LOCKS = re.compile(r"(?:UN)?LOCK\s+TABLES?\b", re.IGNORECASE)


class MySQLRehearsal:
    """See `stepwell.ports.Rehearsal` for what each method promises."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def fill(self, known: Filled | None = None) -> Filled:
        """Give rows to every table, in one transaction."""
        async with self._transaction():
            return await fill(_Ground(self._target), known)

    async def contents(self) -> Contents:
        """Digests of everything, in a transaction that sees one state."""
        async with self._transaction("WITH CONSISTENT SNAPSHOT, READ ONLY"):
            return Contents({table.name: await self._read(table) for table in await described(self._target)})

    async def load(self, script: str) -> None:
        """Run a script, in one transaction as far as its statements allow that; what it sets is set back."""
        from stepwell.core.rows.script import statements

        await self._target.remember()
        try:
            async with self._transaction():
                for statement in statements(script, self._target.rules):
                    if not _LOCKS.match(
                        statement.text
                    ):  # a dump has them, and they would end the transaction
                        await self._target.channel.send(statement.text)
        finally:
            if not self._target.channel.broken:
                await self._target.restore()

    async def _read(self, table: Table) -> TableContents:
        kept = [column for column in table.columns if not column.generated]
        gathered = Gatherer([column.name for column in kept], table.primary)
        digests = ", ".join(f"{_digest(column)} AS c{number}" for number, column in enumerate(kept))
        sql = f"SELECT {digests} FROM {quote(table.name)}"
        async for row in self._target.channel.stream(sql, None, origin=Origin("", None), shown=sql):
            gathered.add([None if each is None else int(each) for each in row.values()])
        return gathered.contents()

    @asynccontextmanager
    async def _transaction(self, options: str = "") -> AsyncIterator[None]:
        channel = self._target.channel
        await channel.execute(f"START TRANSACTION {options}")
        try:
            yield
            await channel.execute("COMMIT")
        except BaseException:
            if not channel.broken and channel.in_transaction:
                await channel.execute("ROLLBACK")
            raise


async def described(target: Target) -> list[Table]:
    """The tables of the database, without those of the tool."""
    own = frozenset(name.lower() for name in target.own_tables)
    return await describe(target.channel, own, is_mariadb=target.server.is_mariadb)


def _digest(column: Column) -> str:
    """A number of 64 bits from the text of a value, or from its bytes."""
    name = quote(column.name)
    is_binary = column.type.family is Family.BYTES or column.type.name in SHAPES or column.type.name == "bit"
    text = f"HEX({name})" if is_binary else f"CONVERT(CAST({name} AS CHAR) USING utf8mb4)"
    return f"CONV(LEFT(SHA2({text}, 256), 16), 16, 10)"


class _Ground:
    """See `stepwell.filling.Ground`."""

    all_can_wait = False

    def __init__(self, target: Target) -> None:
        self.rules = target.rules
        self._target = target
        self._channel = target.channel

    async def tables(self) -> Sequence[Table]:
        return await described(self._target)

    async def count(self, table: Table) -> int:
        ((count,),) = await self._channel.rows(f"SELECT COUNT(*) FROM {quote(table.name)}")
        return int(count)

    async def keys(self, table: str, columns: Sequence[str]) -> Keys:
        names = ", ".join(map(quote, columns))
        present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        sql = f"SELECT {names} FROM {quote(table)} WHERE {present} ORDER BY {names} LIMIT {SOME}"
        return (await self._channel.fetch(sql))[1]

    async def insert(self, table: Table, row: Mapping[str, Value]) -> Refused | None:
        names = ", ".join(_written(name) for name in row)
        places = ", ".join(_place(table.column(name)) for name in row)
        sql = f"INSERT INTO {_written(table.name)} ({names}) VALUES ({places})"
        values = [_parameter(table.column(name), value) for name, value in row.items()]
        return await self._try(sql, values, table, "a trigger keeps rows from being inserted")

    async def complete(self, table: Table, key: ForeignKey, values: Sequence[Value]) -> Refused | None:
        changes = ", ".join(f"{_written(each)} = %s" for each in key.columns)
        empty = " OR ".join(f"{_written(each)} IS NULL" for each in key.columns)
        ordered = f" ORDER BY {', '.join(map(_written, table.primary))}" if table.primary else ""
        sql = f"UPDATE {_written(table.name)} SET {changes} WHERE {empty}{ordered} LIMIT 1"
        return await self._try(sql, list(values), table, "no row was changed")

    async def _try(self, sql: str, values: list[Value], table: Table, untouched: str) -> Refused | None:
        await self._channel.execute("SAVEPOINT stepwell_row")
        try:
            count = await self._channel.send(sql, values)
        except EngineError as error:
            if self._channel.broken or not self._channel.in_transaction:
                raise
            await self._channel.execute("ROLLBACK TO SAVEPOINT stepwell_row")
            refusal: Refused | None = Refused(error.message, _culprits(error.message, table))
        else:
            refusal = None if count else Refused(untouched)
        await self._channel.execute("RELEASE SAVEPOINT stepwell_row")
        return refusal

    async def between(self, done: int) -> None:
        pass

    async def together(self) -> None:
        await self._channel.execute("SAVEPOINT stepwell_group")

    async def settle(self) -> Refused | None:
        await self._channel.execute("RELEASE SAVEPOINT stepwell_group")
        return None

    async def undo(self) -> None:
        await self._channel.execute("ROLLBACK TO SAVEPOINT stepwell_group")


def _written(name: str) -> str:
    """A name in a statement with values, where a percent sign means something."""
    return quote(name).replace("%", "%%")


def _place(column: Column) -> str:
    return "ST_GeomFromText(%s)" if column.type.name in SHAPES else "%s"


def _parameter(column: Column, value: Value) -> Value:
    """Numbers as numbers: a text in a column of bits is its bytes."""
    return int(value) if column.type.family is Family.INTEGER and isinstance(value, str) else value


def _culprits(message: str, table: Table) -> tuple[str, ...] | None:
    """Which columns were to blame, where the server says."""
    if match := _KEY.search(message):
        return table.of_constraint(match[1])
    if match := _CONSTRAINT.search(message):
        return table.of_constraint(match[1])
    if match := _COLUMN.search(message):
        name = next(each for each in match.groups() if each is not None)
        return (name,) if any(column.name == name for column in table.columns) else None
    return None

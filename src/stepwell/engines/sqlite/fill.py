"""Rows for a rehearsal in SQLite: tries them in savepoints, reads what is there as digests, loads scripts."""

from __future__ import annotations

import hashlib
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stepwell.core.rows.contents import Contents, Gatherer
from stepwell.engines.sqlite.anatomy import describe
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.engines.sqlite.tables import quote
from stepwell.filling import Refused, fill
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stepwell.core.rows.contents import Digest
    from stepwell.core.rows.description import ForeignKey, Table
    from stepwell.core.rows.filled import Filled
    from stepwell.core.rows.nested import Value
    from stepwell.engines.sqlite.channel import Channel
    from stepwell.filling import Keys

SOME = 20  # keys of a table that others can refer to
LOT = 5000
_NAMED = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.+)")
_CHECK = re.compile(r"CHECK constraint failed: (.+)", re.DOTALL)
_INDEX = re.compile(r"UNIQUE constraint failed: index '(.+)'")
_STRICT = re.compile(r"cannot store \w+ value in \w+ column (?:.+\.)?([^.]+)$")


class SQLiteRehearsal:
    """See `stepwell.ports.Rehearsal` for what each method promises."""

    def __init__(self, channel: Channel, table: str) -> None:
        self._channel = channel
        self._own = frozenset({table.lower(), f"{table}_log".lower()})

    async def fill(self, known: Filled | None = None) -> Filled:
        """Give rows to every table, in one transaction, with foreign keys enforced."""
        ended: dict[str, str] = {}
        async with self._enforcing():
            while True:
                try:
                    async with self._transaction("IMMEDIATE"):
                        return await fill(_Ground(self._channel, self._own, ended), known)
                except _EndedError as error:  # everything is undone: once more, without that table
                    ended[error.table] = error.reason

    async def contents(self) -> Contents:
        """Digests of everything, in a transaction that sees one state."""
        async with self._transaction():
            tables = [each for each in await describe(self._channel, self._own) if each.trouble is None]
            return Contents({table.name: await self._read(table) for table in tables})

    async def load(self, script: str) -> None:
        """Run a script, in one transaction."""
        from stepwell.core.rows.script import statements

        async with self._transaction("IMMEDIATE"):
            for statement in statements(script, SQLITE):
                await self._channel.execute(statement.text)

    async def _read(self, table: Table) -> Any:
        names = [column.name for column in table.columns if not column.generated]
        gathered = Gatherer(names, table.primary)
        columns = ", ".join(map(quote, names))
        cursor = await self._channel.execute(f"SELECT {columns} FROM {quote(table.name)}")
        while lot := await self._channel.fetch(cursor, LOT):
            for row in lot:
                gathered.add([digest(value) for value in row])
        return gathered.contents()

    @asynccontextmanager
    async def _enforcing(self) -> AsyncIterator[None]:
        """A pragma that means nothing within a transaction."""
        _, ((before,),) = await self._channel.rows("PRAGMA foreign_keys")
        await self._channel.execute("PRAGMA foreign_keys = ON")
        try:
            yield
        finally:
            await self._channel.execute(f"PRAGMA foreign_keys = {int(before)}")

    @asynccontextmanager
    async def _transaction(self, kind: str = "") -> AsyncIterator[None]:
        await self._channel.execute(f"BEGIN {kind}")
        try:
            yield
            await self._channel.execute("COMMIT")
        except BaseException:
            if self._channel.connection.in_transaction:
                await self._channel.execute("ROLLBACK")
            raise


def digest(value: Any) -> Digest:
    """The digest of a value. A number is the same whether it is stored as an integer or not."""
    if value is None:
        return None
    if isinstance(value, bytes):
        data = b"b" + value
    elif isinstance(value, float) and value.is_integer():
        data = f"t{int(value)}".encode()
    else:  # text with lone surrogates can't be in a database
        data = f"t{value}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())


class _EndedError(Exception):
    """A trigger has ended the transaction."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(reason)
        self.table, self.reason = table, reason


class _Ground:
    """See `stepwell.filling.Ground`."""

    rules = SQLITE
    all_can_wait = True

    def __init__(self, channel: Channel, own: frozenset[str], ended: Mapping[str, str]) -> None:
        self._channel = channel
        self._own = own
        self._ended = ended  # tables whose triggers end the transaction, and what they say

    async def tables(self) -> Sequence[Table]:
        found = await describe(self._channel, self._own)
        return [replace(each, trouble=self._ended.get(each.name, each.trouble)) for each in found]

    async def count(self, table: Table) -> int:
        if table.trouble is not None:
            return 0
        _, ((count,),) = await self._channel.rows(f"SELECT count(*) FROM {quote(table.name)}")
        return int(count)

    async def keys(self, table: str, columns: Sequence[str]) -> Keys:
        names = ", ".join(map(quote, columns))
        present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        sql = f"SELECT {names} FROM {quote(table)} WHERE {present} ORDER BY {names} LIMIT {SOME}"
        return (await self._channel.rows(sql))[1]

    async def insert(self, table: Table, row: Mapping[str, Value]) -> Refused | None:
        name = quote(table.name)
        sql = f"INSERT INTO {name} ({', '.join(map(quote, row))}) VALUES ({', '.join('?' for _ in row)})"
        if not row:
            sql = f"INSERT INTO {name} DEFAULT VALUES"
        return await self._try(sql, list(row.values()), table, "a trigger keeps rows from being inserted")

    async def complete(self, table: Table, key: ForeignKey, values: Sequence[Value]) -> Refused | None:
        name = quote(table.name)
        changes = ", ".join(f"{quote(each)} = ?" for each in key.columns)
        empty = " OR ".join(f"{quote(each)} IS NULL" for each in key.columns)
        row = ", ".join(map(quote, table.primary)) or "rowid"
        sql = (
            f"UPDATE {name} SET {changes}"
            f" WHERE ({row}) IN (SELECT {row} FROM {name} WHERE {empty} ORDER BY {row} LIMIT 1)"
        )
        return await self._try(sql, list(values), table, "no row was changed")

    async def _try(self, sql: str, values: list[Value], table: Table, untouched: str) -> Refused | None:
        await self._channel.execute("SAVEPOINT stepwell_row")
        try:
            cursor = await self._channel.execute(sql, values)
        except EngineError as error:
            if not self._channel.connection.in_transaction:
                raise _EndedError(table.name, f"a trigger ends the transaction: {error.message}") from error
            await self._channel.execute("ROLLBACK TO stepwell_row")
            refusal: Refused | None = Refused(error.message, _culprits(error.message, table))
        else:
            refusal = None if cursor.rowcount else Refused(untouched)
        await self._channel.execute("RELEASE stepwell_row")
        return refusal

    async def between(self, done: int) -> None:
        pass

    async def together(self) -> None:
        await self._channel.execute("SAVEPOINT stepwell_group")
        await self._channel.execute("PRAGMA defer_foreign_keys = ON")

    async def settle(self) -> Refused | None:
        _, broken = await self._channel.rows("PRAGMA foreign_key_check")
        if broken:
            await self.undo()
            return Refused(f"a row of {broken[0][0]} refers to a row of {broken[0][2]} that is not there")
        await self._channel.execute("RELEASE stepwell_group")
        await self._channel.execute("PRAGMA defer_foreign_keys = OFF")
        return None

    async def undo(self) -> None:
        await self._channel.execute("ROLLBACK TO stepwell_group")
        await self._channel.execute("RELEASE stepwell_group")
        await self._channel.execute("PRAGMA defer_foreign_keys = OFF")


def _culprits(message: str, table: Table) -> tuple[str, ...] | None:
    """Which columns were to blame, where SQLite says."""
    if match := _INDEX.search(message):
        return table.of_constraint(match[1])
    if match := _NAMED.search(message):
        found = tuple(each.removeprefix(f"{table.name}.") for each in match[1].split(", "))
        return found if all(any(name == column.name for column in table.columns) for name in found) else None
    if match := _CHECK.search(message):
        return table.of_constraint(match[1].strip())
    if match := _STRICT.search(message):
        return (match[1],)
    if message.startswith("FOREIGN KEY"):
        return tuple(dict.fromkeys(name for key in table.references for name in key.columns)) or None
    return None

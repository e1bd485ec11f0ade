"""Rows for a rehearsal in PostgreSQL: tries them in savepoints, reads what is there as digests, loads scripts."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from stepwell.core.errors import Fault
from stepwell.core.rows.values import GUESSES
from stepwell.engines.postgresql.anatomy import CLOSED, FOREIGN, PARTITION, describe, quoted
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.postgresql.tables import quote
from stepwell.filling import Refused, fill
from stepwell.ports import EngineError, Origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stepwell.core.rows.contents import Contents
    from stepwell.core.rows.description import ForeignKey, Table
    from stepwell.core.rows.filled import Filled
    from stepwell.core.rows.nested import Value
    from stepwell.core.sql.statement import Statement
    from stepwell.engines.postgresql.target import Target
    from stepwell.filling import Keys

BEGIN = "BEGIN; SET CONSTRAINTS ALL IMMEDIATE"
TABLES_AT_ONCE = (
    200  # each has locks on itself and its indexes until the end, of which a server has some thousands
)
SOME = 20  # keys of a table that others can refer to
_CHECK_VIOLATION = "23514"
_PARAMETER = re.compile(r"^unnamed portal parameter \$(\d+)", re.MULTILINE)
_QUOTED = re.compile(r'"(.*?)"', re.DOTALL)


class PostgresRehearsal:
    """See `stepwell.ports.Rehearsal` for what each method promises."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def fill(self, known: Filled | None = None) -> Filled:
        """Give rows to every table, in a transaction for some of them at a time."""
        async with self._transaction(BEGIN):
            return await fill(_Ground(self._target, await self._own()), known)

    async def contents(self) -> Contents:
        """Digests of everything, in read-only transactions."""
        from stepwell.engines.postgresql import digests

        own = await self._own()
        async with self._transaction(digests.BEGIN):
            return await digests.contents(self._target.channel, own)

    async def load(self, script: str) -> None:
        """Run a script, in one transaction; what it sets for its session is set back."""
        from stepwell.core.rows.script import statements

        channel = self._target.channel
        try:
            async with self._transaction("BEGIN"):
                for statement in statements(script, POSTGRESQL):
                    await self._run(statement)
        finally:
            if not channel.broken:
                await channel.send("RESET ALL")

    async def _run(self, statement: Statement) -> None:
        if statement.copy_data is None:
            await self._target.channel.send(statement.text)
        else:
            here = Origin("", None)
            text, data = statement.text, statement.copy_data
            await self._target.channel.copy(text, data, origin=here, shown=text)

    async def _own(self) -> frozenset[tuple[str, str]]:
        found = await self._target.describe()
        table = self._target.settings.table
        return frozenset({(found.schema or "", table), (found.schema or "", f"{table}_log")})

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[None]:
        channel = self._target.channel
        await channel.send(begin)
        try:
            yield
            await channel.send("COMMIT")
        except BaseException:
            if not channel.broken and channel.in_transaction:
                await channel.connection.rollback()
            raise


class _Ground:
    """See `stepwell.filling.Ground`."""

    rules = POSTGRESQL
    all_can_wait = False

    def __init__(self, target: Target, own: frozenset[tuple[str, str]]) -> None:
        self._channel = target.channel
        self._own = own
        self._sql: dict[str, str] = {}  # the names of tables in SQL
        self._closed: set[str] = set()  # tables that can't be read
        self._marked = False  # whether the savepoint of a row is open

    async def tables(self) -> Sequence[Table]:
        found = await describe(self._channel, self._own, self._read)
        self._sql = {table.name: sql for table, sql in found.items()}
        self._closed = {table.name for table in found if table.trouble in (CLOSED, FOREIGN)}
        return list(found)

    async def _read(self, kind: str) -> tuple[str, ...]:
        """Which texts this type takes, of those that some type takes."""
        found = []
        for text in GUESSES:
            cursor = psycopg.AsyncRawCursor(self._channel.connection)
            await self._mark()
            try:
                await cursor.execute(f"SELECT CAST($1 AS {kind})".encode(), [text], prepare=False)
            except psycopg.Error:
                await self._channel.send("ROLLBACK TO SAVEPOINT stepwell_row")
            else:
                found.append(text)
        return tuple(found)

    async def count(self, table: Table) -> int:
        only = "" if table.parts else "ONLY "
        if table.trouble is not None:
            return 0
        ((count,),) = await self._channel.rows(
            f"SELECT pg_catalog.count(*) FROM {only}{self._sql[table.name]}"
        )
        return int(count)

    async def keys(self, table: str, columns: Sequence[str]) -> Keys:
        if table in self._closed:
            return []
        names = [quote(name) for name in columns]
        shown = ", ".join(f"{name}::text" for name in names)
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        ordered = ", ".join(names)
        return await self._channel.rows(
            f"SELECT {shown} FROM {self._sql[table]} WHERE {present} ORDER BY {ordered} LIMIT {SOME}"
        )

    async def insert(self, table: Table, row: Mapping[str, Value]) -> Refused | None:
        name = self._sql[table.name]
        names = ", ".join(quote(each) for each in row)
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        sql = f"INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE VALUES ({places})"
        if not row:
            sql = f"INSERT INTO {name} DEFAULT VALUES"
        return await self._try(sql, row, table, "a trigger or a rule keeps rows from being inserted")

    async def complete(self, table: Table, key: ForeignKey, values: Sequence[Value]) -> Refused | None:
        name = self._sql[table.name]
        given = dict(zip(key.columns, values, strict=True))
        changes = ", ".join(f"{quote(each)} = ${number}" for number, each in enumerate(given, 1))
        empty = " OR ".join(f"{quote(each)} IS NULL" for each in given)
        ordered = f" ORDER BY {', '.join(map(quote, table.primary))}" if table.primary else ""
        sql = f"UPDATE {name} SET {changes} WHERE ctid = (SELECT ctid FROM {name} WHERE {empty}{ordered} LIMIT 1)"
        return await self._try(sql, given, table, "no row was changed")

    async def _try(self, sql: str, row: Mapping[str, Value], table: Table, untouched: str) -> Refused | None:
        cursor = psycopg.AsyncRawCursor(self._channel.connection)
        await self._mark()
        try:
            await cursor.execute(sql.encode(), [_parameter(value) for value in row.values()], prepare=False)
        except psycopg.Error as error:
            if self._channel.broken:
                raise EngineError(
                    Fault(str(error), code="connection_lost", sqlstate=error.sqlstate)
                ) from error
            await self._channel.send("ROLLBACK TO SAVEPOINT stepwell_row")
            return Refused(
                error.diag.message_primary or str(error), _culprits(error, table, self._sql[table.name], row)
            )
        await self._channel.send("RELEASE SAVEPOINT stepwell_row; SAVEPOINT stepwell_row")
        return None if cursor.rowcount else Refused(untouched)

    async def _mark(self) -> None:
        if not self._marked:
            await self._channel.send("SAVEPOINT stepwell_row")
            self._marked = True

    async def _unmark(self) -> None:
        if self._marked:
            await self._channel.send("RELEASE SAVEPOINT stepwell_row")
            self._marked = False

    async def between(self, done: int) -> None:
        if done % TABLES_AT_ONCE == 0:
            await self._unmark()
            await self._channel.send(f"COMMIT; {BEGIN}")

    async def together(self) -> None:
        await self._unmark()
        await self._channel.send("SAVEPOINT stepwell_group")
        await self._channel.send("SET CONSTRAINTS ALL DEFERRED")

    async def settle(self) -> Refused | None:
        await self._unmark()
        try:
            await self._channel.send("SET CONSTRAINTS ALL IMMEDIATE")
        except EngineError as error:
            await self.undo()
            return Refused(error.message)
        await self._channel.send("RELEASE SAVEPOINT stepwell_group")
        return None

    async def undo(self) -> None:
        self._marked = False
        await self._channel.send("ROLLBACK TO SAVEPOINT stepwell_group")
        await self._channel.send("RELEASE SAVEPOINT stepwell_group")
        await self._channel.send("SET CONSTRAINTS ALL IMMEDIATE")


def _parameter(value: Value) -> Any:
    """As text: the server reads it in the type of its column."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value if value is None else str(value)


def _culprits(
    error: psycopg.Error, table: Table, sql: str, row: Mapping[str, Value]
) -> tuple[str, ...] | None:
    """Which columns were to blame, where the server says."""
    diag = error.diag
    if diag.table_name is not None and quoted(diag.schema_name or "", diag.table_name) != sql:
        return None  # a trigger did something in another table
    if diag.datatype_name is not None:
        found = tuple(each.name for each in table.columns if each.type.uses(diag.datatype_name))
        return found or None
    if diag.constraint_name is not None:
        return table.of_constraint(diag.constraint_name)
    if diag.column_name is not None:
        return (diag.column_name,)
    if error.sqlstate == _CHECK_VIOLATION:
        return table.of_constraint(PARTITION)
    match = _PARAMETER.search(diag.context or "")
    number = int(match[1]) if match else 0
    return (list(row)[number - 1],) if 0 < number <= len(row) else _quoted(diag.message_primary or "", row)


def _quoted(message: str, row: Mapping[str, Value]) -> tuple[str, ...] | None:
    """The one column whose value the server quotes, as it does with what it can't read."""
    quoted_texts = {*_QUOTED.findall(message), message[message.find('"') + 1 : message.rfind('"')]}
    found = tuple(name for name, value in row.items() if value is not None and str(value) in quoted_texts)
    return found if len(found) == 1 else None

"""Takes the snapshot of a MySQL or MariaDB database: what the catalog says, and what SHOW CREATE prints.

Its locks are those of a reader, and nothing is written. What the server prints depends on settings: they are pinned.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import ConnectionFailedError, FailureKind, Refusal
from stepwell.core.schema.snapshot import Fact, Snapshot
from stepwell.engines.mysql.rights import DENIED, missing
from stepwell.engines.mysql.structure import asking, stored, tables
from stepwell.engines.mysql.structure.pieces import named, told, unknown
from stepwell.engines.mysql.structure.rights import guarded
from stepwell.engines.mysql.structure.tables import Given, Words
from stepwell.engines.mysql.tables import quote
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

    from stepwell.engines.mysql.channel import Channel
    from stepwell.engines.mysql.target import Target

# Each with its reason; what a server does not have is passed over.
PINNED = {
    # Some of its modes leave options out, or quote otherwise.
    "sql_mode": "",
    "sql_quote_show_create": "ON",
    # What is there shall be told, and nothing that was not asked for.
    "show_gipk_in_create_table_and_information_schema": "ON",
    "show_create_table_skip_secondary_engine": "OFF",
    "show_create_table_verbosity": "OFF",
    # Whoever is changing a table is waited for, but not for ever.
    "lock_wait_timeout": "3",
}
_SETTINGS = f"SHOW SESSION VARIABLES WHERE Variable_name IN ({', '.join(map(repr, PINNED))})"
# There is no one moment that all answers are from: what is dropped meanwhile is not found. Then all is asked once more.
_VANISHED = frozenset({"1051", "1146", "1305", "1347", "4091", "4092"})
ATTEMPTS = 3
AT_ONCE = 100  # questions that are sent together
_BASE_TABLES = frozenset({"BASE TABLE", "SYSTEM VERSIONED"})
_KNOWN = _BASE_TABLES | {"VIEW", "SEQUENCE"}
_TEMPORARY = frozenset({"TEMPORARY", "TEMPORARY SEQUENCE", "LOCAL TEMPORARY"})


async def read(target: Target, own_tables: Collection[str]) -> Snapshot:
    """The snapshot, without the facts about `own_tables`.

    Raises `EngineError`, and `ConnectionFailedError` where the user may not read what is there.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with _pinned(target.channel):
                facts = await _Reading(target, own_tables).facts()
            return Snapshot(target.server.name, target.server.number, facts)
        except EngineError as error:
            if error.fault.sqlstate not in _VANISHED or attempt == ATTEMPTS or target.channel.broken:
                raise
    raise AssertionError


@asynccontextmanager
async def _pinned(channel: Channel) -> AsyncIterator[None]:
    """With the settings that texts depend on; then they are again as they were."""
    former = {str(name): str(value) for name, value in await channel.rows(_SETTINGS)}
    await channel.execute(_set({name: PINNED[name] for name in former}))
    try:
        yield
    finally:
        if not channel.broken:
            await channel.execute(_set(former))


def _set(values: Mapping[str, str]) -> str:
    settings = (f"SESSION {name} = {_literal(value)}" for name, value in values.items())
    return f"SET {', '.join(settings)}"


def _literal(value: str) -> str:
    return value if value.isdecimal() else f"'{value}'"


class _Table(NamedTuple):
    """What the catalog calls a table, view or sequence."""

    name: str
    type: str
    words: Words


class _Reading:
    """One snapshot, in the making."""

    def __init__(self, target: Target, own_tables: Collection[str]) -> None:
        self._target = target
        self._channel = target.channel
        self._database = target.server.database
        self._own = own_tables
        self._invalid: list[Fact] = []

    async def facts(self) -> list[Fact]:
        """All facts."""
        found = [
            _Table(row["table_name"], row["table_type"], Words(row["table_collation"], row["table_comment"]))
            for row in await self._ask(asking.TABLES)
            if row["table_name"] not in self._own and row["table_type"] not in _TEMPORARY
        ]
        return [
            await self._of_database(),
            *await self._of_tables([each for each in found if each.type in _BASE_TABLES]),
            *await self._of_views(),
            *await self._of_sequences([each.name for each in found if each.type == "SEQUENCE"]),
            *stored.triggers(await self._ask(asking.TRIGGERS)),
            *await self._of_routines(),
            *stored.events(await self._ask(asking.EVENTS)),
            *await self._unknown(found),
            *self._invalid,
        ]

    async def _ask(self, sql: str) -> list[dict[str, Any]]:
        return await self._channel.named(sql, {"database": self._database})

    async def _created(self, kind: str, names: Sequence[str], column: int = 1) -> dict[str, str]:
        """What SHOW CREATE prints of each of these; nothing of one that the server can't open."""
        found: dict[str, str] = {}
        for first in range(0, len(names), AT_ONCE):
            found |= await self._lot(kind, names[first : first + AT_ONCE], column)
        return found

    async def _lot(self, kind: str, names: Sequence[str], column: int) -> dict[str, str]:
        try:
            answers = await self._channel.rows_of_each([asking.show(kind, quote(name)) for name in names])
        except EngineError as error:
            if error.fault.sqlstate in DENIED:
                right = f"{_right_to_see(kind)} ON {quote(self._database)}.*"
                raise missing(self._target, right, error) from error
            if error.kind is not FailureKind.STEP or error.fault.sqlstate in _VANISHED:
                raise
            if len(names) == 1:
                self._invalid.append(_invalid(kind, names[0], error))
                return {}
            lots = [await self._lot(kind, [name], column) for name in names]  # to know which
            return {name: text for lot in lots for name, text in lot.items()}
        return {name: str(rows[0][column]) for name, rows in zip(names, answers, strict=True)}

    async def _of_database(self) -> Fact:
        more = asking.OF_DATABASE[self._target.server.is_mariadb]
        (row,) = await self._ask(asking.DATABASE.format(more=more))
        attributes = told(
            collation=row["default_collation_name"],
            comment=row.get("comment"),
            encrypted=row.get("encryption") == "YES",
        )
        return Fact("database", "", None, attributes, await guarded(self._channel, self._database, self._own))

    async def _of_tables(self, found: Sequence[_Table]) -> list[Fact]:
        columns: dict[str, dict[str, Words]] = {each.name: {} for each in found}
        for row in await self._ask(asking.COLUMNS):
            if row["table_name"] in columns:
                words = Words(row["collation_name"], row["column_comment"])
                columns[row["table_name"]][row["column_name"]] = words
        texts = await self._created("TABLE", [each.name for each in found])
        return [
            fact
            for each in found
            if each.name in texts
            for fact in tables.facts_of(
                Given(each.name, texts[each.name], each.words, columns[each.name]),
                self._target.rules,
                self._database,
            )
        ]

    async def _of_views(self) -> list[Fact]:
        rows = await self._ask(asking.VIEWS)
        texts = await self._created("VIEW", [row["table_name"] for row in rows])
        return [
            stored.view(row, texts[row["table_name"]], self._target.rules, self._database)
            for row in rows
            if row["table_name"] in texts
        ]

    async def _of_sequences(self, names: Sequence[str]) -> list[Fact]:
        texts = await self._created("SEQUENCE", names)
        return [
            stored.sequence(name, text, self._target.rules, self._database) for name, text in texts.items()
        ]

    async def _of_routines(self) -> list[Fact]:
        rows = await self._ask(asking.ROUTINES)
        hidden = next((row for row in rows if row["routine_definition"] is None), None)
        if hidden is not None:
            raise self._hidden(hidden)
        functions = [row["routine_name"] for row in rows if row["routine_type"] == "FUNCTION"]
        if not self._target.server.is_mariadb:
            functions = []  # those of MySQL have nothing that the catalog does not say
        texts = await self._created("FUNCTION", functions, 2)
        return list(stored.routines(rows, await self._ask(asking.PARAMETERS), texts))

    def _hidden(self, routine: Mapping[str, Any]) -> ConnectionFailedError:
        server = self._target.server
        right = "SELECT ON mysql.proc" if server.is_mariadb else "SHOW_ROUTINE ON *.*"
        name = f"{routine['routine_type'].lower()} {named(routine['routine_name'])}"
        return ConnectionFailedError(
            f"{self._target.shown}: missing rights: {server.user} may not see what the {name} consists of",
            refusal=Refusal.RIGHTS,
            hint=f"GRANT {right} TO {server.user}",
        )

    async def _unknown(self, found: Iterable[_Table]) -> list[Fact]:
        """What is there, and what nobody has been asked about."""
        catalogs = await self._ask(asking.CATALOG)
        facts = [
            unknown(f"{each.type.lower()} {named(each.name)}") for each in found if each.type not in _KNOWN
        ]
        if any(each["catalog"] == "libraries" for each in catalogs):
            facts += stored.libraries(await self._ask(asking.LIBRARIES))
        question = asking.counted(catalogs)
        counted = await self._ask(question) if question is not None else []
        return facts + [
            unknown(f"{row['number']} of information_schema.{row['kind']}")
            for row in counted
            if row["number"]
        ]


def _right_to_see(kind: str) -> str:
    return {"VIEW": "SELECT, SHOW VIEW", "FUNCTION": "EXECUTE"}.get(kind, "SELECT")


def _invalid(kind: str, name: str, error: EngineError) -> Fact:
    """One that is there, and that the server can't open: a part of it is missing, or its engine."""
    return Fact(kind.lower(), named(name), None, {"invalid": f"error {error.fault.sqlstate}"})

"""Takes the snapshot of a PostgreSQL database: all questions at once, in one read-only transaction of its own.

Its locks are those of a reader, and nothing is written. What the server prints depends on settings: they are pinned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.schema.snapshot import Fact, Snapshot
from stepwell.engines.postgresql.structure import (
    hangers,
    operators,
    others,
    relations,
    remarks,
    rights,
    routines,
    types,
)
from stepwell.engines.postgresql.structure.facts import Remarks, facts_of, given, without_tables
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.engines.postgresql.channel import Channel, Cursor, Row
    from stepwell.engines.postgresql.structure.facts import Where

# Each with its reason: what a text would look like otherwise, or what would be run.
PINNED = (
    # Names are written with their schema, all but those of the server's own; and nobody's operators are found, nor
    # the types and tables of a session that was lent to us.
    ("search_path", "pg_catalog, pg_temp"),
    # Constants in defaults, checks and bounds of partitions are printed as the session shows such values.
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),  # as many digits as are needed to have the same number again
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("xmlbinary", "base64"),
    # A backslash in a text is doubled where this is off.
    ("standard_conforming_strings", "on"),
    # It would put quotes around every name.
    ("quote_all_identifiers", "off"),
    # Newer servers wait for whoever is changing what they print: not for ever.
    ("lock_timeout", "3s"),
    # Compiling questions that take a few milliseconds takes longer than they do.
    ("jit", "off"),
    # Helpers of a few milliseconds' work cost more than they bring.
    ("max_parallel_workers_per_gather", "0"),
)
# The transaction sees one moment, but what prints definitions looks at the present: what is dropped meanwhile is not
# found. Then all is asked once more.
_VANISHED = frozenset({"XX000", "42P01", "42704", "42883", "3F000"})
ATTEMPTS = 3


async def read(channel: Channel, own_tables: Sequence[tuple[str, str]]) -> Snapshot:
    """The snapshot, without the facts about `own_tables` (schema and name of each). Raises `EngineError`."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _read_apart(channel, own_tables)
        except EngineError as error:
            if error.fault.sqlstate not in _VANISHED or attempt == ATTEMPTS or channel.broken:
                raise
    raise AssertionError


async def _read_apart(channel: Channel, own_tables: Sequence[tuple[str, str]]) -> Snapshot:
    await channel.open_pipeline()
    try:
        await channel.send("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        taken = await ask(channel, own_tables)
        await channel.send("COMMIT")
        await channel.close_pipeline()
    except BaseException:
        await channel.drop_pipeline()
        if not channel.broken and channel.in_transaction:
            await channel.send("ROLLBACK")
        raise
    return taken


async def ask(channel: Channel, own_tables: Sequence[tuple[str, str]]) -> Snapshot:
    """Ask in the transaction that is open; the settings are pinned until its end."""
    number = channel.connection.info.server_version
    version = number // 10_000
    for name, value in PINNED:
        await channel.send(f"SET LOCAL {name} = {_literal(name, value)}")
    schemas, names = [each[0] for each in own_tables], [each[1] for each in own_tables]
    ((may_read, left_out),) = await channel.rows(remarks.BEFOREHAND, [schemas, names])
    noted = [await channel.send(text) for text in (rights.grants(), remarks.comments(), remarks.labels())]
    first, *later = stages(version, may_read=may_read)
    asked = [await channel.send(text) for text in first]
    remarked = await _noted(channel, noted)
    told = _Told(remarked)
    for stage in (*later, []):
        answers = [await _answer(channel, cursor) for cursor in asked]
        asked = [await channel.send(text) for text in stage]  # the server works on these meanwhile
        told.take(answers)
    facts = [*told.facts, *await _remarks_elsewhere(channel, remarked, told.seen)]
    server = f"{version}.{number % 10_000}"
    return Snapshot("postgresql", server, without_tables(facts, frozenset(left_out)))


def _literal(name: str, value: str) -> str:
    return value if name == "search_path" else f"'{value}'"


def stages(version: int, *, may_read: bool) -> list[list[str]]:
    """Every question to a server of this major version: those whose answers are long come one after the other.

    `may_read`: the role may read where subscriptions lead to.
    """
    first = [
        text for room in (others, types, routines, operators, rights) for text in room.questions(version)
    ]
    first += [rights.foreign_grants(), remarks.subscriptions(version, may_read=may_read), remarks.unknown()]
    indexes, *rest = hangers.questions(version)
    return [first, list(relations.questions(version)), [indexes], rest]


async def _noted(channel: Channel, cursors: Iterable[Cursor]) -> Remarks:
    granted, commented, labelled = [await channel.fetch(cursor) for cursor in cursors]
    labels: dict[Where, dict[str, str]] = {}
    for catalog, oid, sub, provider, label in labelled:
        labels.setdefault((catalog, oid, sub), {})[provider] = label
    return Remarks(
        {
            (catalog, oid, sub): told
            for catalog, oid, sub, grants, usual in granted
            if (told := given(grants, usual))
        },
        {(catalog, oid, sub): comment for catalog, oid, sub, comment in commented},
        labels,
    )


Answer = tuple[list[str], "list[Row]"]  # the names of the columns, and the rows


async def _answer(channel: Channel, cursor: Cursor) -> Answer:
    rows = await channel.fetch(cursor)
    return [column.name for column in cursor.description or ()], rows


class _Told:
    """The facts that answers have told, and where each is from."""

    def __init__(self, noted: Remarks) -> None:
        self.facts: list[Fact] = []
        self.seen: set[Where] = set()
        self._noted = noted

    def take(self, answers: Iterable[Answer]) -> None:
        """Make facts of answers."""
        for columns, rows in answers:
            for where, fact in facts_of(columns, rows, self._noted):
                self.facts.append(fact)
                self.seen.add(where)


async def _remarks_elsewhere(channel: Channel, noted: Remarks, seen: set[Where]) -> list[Fact]:
    """Comments and labels on what is no fact, such as the type that comes with a range."""
    places = sorted({*noted.comments, *noted.labels} - seen)
    places = [place for place in places if place[0] not in _ELSEWHERE]
    if not places:
        return []
    rows = await channel.rows(remarks.remarked(), [list(each) for each in zip(*places, strict=True)])
    facts = []
    for number, words in rows:
        told: dict[str, Any] = {}
        noted.put_to(places[number - 1], told)
        facts.append(Fact("remark", f"on {words}", None, told))
    return facts


# Rows are not structure, and a subscription may be hidden from this role.
_ELSEWHERE = frozenset({"pg_largeobject", "pg_subscription"})

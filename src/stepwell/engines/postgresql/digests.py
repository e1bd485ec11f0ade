"""Reads every row of a PostgreSQL database as digests that the server makes, and of big tables their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.rows.contents import BUCKETS, ROW_BY_ROW, Contents, Gatherer, summed
from stepwell.engines.postgresql.anatomy import CLOSED, FOREIGN, describe
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.rows.contents import TableContents
    from stepwell.core.rows.description import Table
    from stepwell.engines.postgresql.channel import Channel

# Values are compared as text: a column whose type is widened has the same values. These settings are part of that text.
_AS_TEXT = {
    "DateStyle": "ISO, YMD",
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
}


BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
TABLES_AT_ONCE = (
    200  # each has locks on itself and its indexes until the end, of which a server has some thousands
)


async def contents(channel: Channel, own: frozenset[tuple[str, str]]) -> Contents:
    """Everything, in the open transaction and others after it; the rows of partitions are those of their whole."""
    await _pin(channel)
    found = await describe(channel, own)
    parts = {part for table in found for part in table.parts}
    read: dict[str, TableContents] = {}
    for table, sql in found.items():
        if table.name not in parts and table.trouble not in (CLOSED, FOREIGN):
            read[table.name] = await _table(channel, table, sql)
            if len(read) % TABLES_AT_ONCE == 0:
                await channel.send(f"COMMIT; {BEGIN}")
                await _pin(channel)
    return Contents(read)


async def _pin(channel: Channel) -> None:
    await channel.send("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in _AS_TEXT.items()))


async def _table(channel: Channel, table: Table, sql: str) -> TableContents:
    names = [column.name for column in table.columns if not column.generated]
    rows = sql if table.parts else f"ONLY {sql}"
    ((size,),) = await channel.rows(
        f"SELECT pg_catalog.count(*) FROM (SELECT FROM {rows} LIMIT {ROW_BY_ROW + 1}) counted"
    )
    if size > ROW_BY_ROW:
        return await _summed(channel, names, table.primary, rows)
    gathered = Gatherer(names, table.primary)
    digests = ", ".join(_digest(name, "0::int8") for name in names)
    for row in await channel.rows(f"SELECT {digests} FROM {rows} r"):
        gathered.add(row)
    return gathered.contents()


def _digest(name: str, seed: str) -> str:
    """The digest of a column's text, byte by byte: NULL for NULL."""
    return f'pg_catalog.hashtextextended(r.{quote(name)}::text COLLATE "pg_catalog"."C", {seed})'


async def _summed(channel: Channel, names: Sequence[str], key: Sequence[str], rows: str) -> TableContents:
    """A big table, in buckets that the server sums up. The digest of a value grows from that of its row's key."""
    of_key = "0::int8"
    for name in key:
        of_key = _digest(name, of_key)
    columns = "".join(f", {_digest(name, 'of_key.digest')}" for name in names)
    named = "".join(f", c{number}" for number in range(len(names)))
    counts = "".join(f", pg_catalog.count(c{number})" for number in range(len(names)))
    sums = "".join(f", coalesce(pg_catalog.sum(c{number}), 0::numeric)" for number in range(len(names)))
    found = await channel.rows(
        f"SELECT k & {BUCKETS - 1}::int8, pg_catalog.count(*){counts}{sums} FROM"
        f" (SELECT of_key.digest{columns} FROM {rows} r CROSS JOIN LATERAL (SELECT {of_key}) AS of_key(digest))"
        f" AS digests(k{named}) GROUP BY 1"
    )
    width = len(names)
    return summed(
        names,
        key,
        ((row[0], row[1], row[2 : width + 2], [int(each) for each in row[width + 2 :]]) for row in found),
    )

"""Reads every row of a PostgreSQL database as digests that the server makes; only the digests travel, in lots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.rows.contents import Contents, Gatherer
from stepwell.engines.postgresql.anatomy import FOREIGN, describe
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from stepwell.core.rows.contents import TableContents
    from stepwell.core.rows.description import Table
    from stepwell.engines.postgresql.channel import Channel

LOT = 5000
# Values are compared as text: a column whose type is widened has the same values. These settings are part of that text.
_AS_TEXT = {
    "DateStyle": "ISO, YMD",
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "row_security": "off",
}


async def contents(channel: Channel, own: frozenset[tuple[str, str]]) -> Contents:
    """Everything, in the transaction that is open; the rows of partitions are those of their whole."""
    for name, value in _AS_TEXT.items():
        await channel.send(f"SET LOCAL {name} = '{value}'")
    found = await describe(channel, own)
    parts = {part for table in found for part in table.parts}
    read = {
        table.name: await _table(channel, table, sql)
        for table, sql in found.items()
        if table.name not in parts and table.trouble != FOREIGN
    }
    return Contents(read)


async def _table(channel: Channel, table: Table, sql: str) -> TableContents:
    names = [column.name for column in table.columns if not column.generated]
    gathered = Gatherer(names, table.primary)
    digests = ", ".join(
        f'pg_catalog.hashtextextended({quote(name)}::text COLLATE "pg_catalog"."C", 0::int8)'
        for name in names
    )
    only = "" if table.parts else "ONLY "
    await channel.send(f"DECLARE stepwell_rows NO SCROLL CURSOR FOR SELECT {digests} FROM {only}{sql}")
    while lot := await channel.rows(f"FETCH {LOT} FROM stepwell_rows"):
        for row in lot:
            gathered.add(row)
    await channel.send("CLOSE stepwell_rows")
    return gathered.contents()

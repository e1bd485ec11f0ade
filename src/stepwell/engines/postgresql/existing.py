"""Which of the objects that migrations create are in the target already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.objects import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.engines.postgresql.channel import Channel

RELATIONS = frozenset(
    {
        ObjectKind.TABLE,
        ObjectKind.VIEW,
        ObjectKind.MATERIALIZED_VIEW,
        ObjectKind.INDEX,
        ObjectKind.SEQUENCE,
        ObjectKind.FOREIGN_TABLE,
    }
)
TYPES = frozenset({ObjectKind.TYPE, ObjectKind.DOMAIN})

# An unqualified name is looked up as the server would create it: in the first existing schema of the search path.
_FOUND = """
SELECT w.n FROM ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::bool[]), pg_catalog.unnest($3::name[]),
  pg_catalog.unnest($4::name[])) AS w(n, is_type, nsp, name)
WHERE CASE WHEN w.is_type THEN EXISTS (
    SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
    WHERE t.typname = w.name AND s.nspname = coalesce(w.nsp, pg_catalog.current_schema()))
  ELSE EXISTS (
    SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    WHERE c.relname = w.name AND s.nspname = coalesce(w.nsp, pg_catalog.current_schema())) END
"""


async def existing(channel: Channel, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
    """Those of the relations and types among `objects` that the catalog has."""
    asked = [each for each in objects if each.kind in RELATIONS | TYPES]
    if not asked:
        return ()
    rows = await channel.rows(
        _FOUND,
        [
            list(range(len(asked))),
            [each.kind in TYPES for each in asked],
            [each.schema for each in asked],
            [each.name for each in asked],
        ],
    )
    there = {row[0] for row in rows}
    return tuple(each for index, each in enumerate(asked) if index in there)

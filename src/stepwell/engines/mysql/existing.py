"""Which of the objects that migrations create are in the target already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.objects import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.engines.mysql.target import Target

# Tables, views and sequences share their names; the others have their own.
_THERE = """
SELECT 'table', table_schema, table_name FROM information_schema.tables WHERE table_schema IN ({schemas})
UNION ALL SELECT LOWER(routine_type), routine_schema, routine_name FROM information_schema.routines
WHERE routine_schema IN ({schemas})
UNION ALL SELECT 'trigger', trigger_schema, trigger_name FROM information_schema.triggers
WHERE trigger_schema IN ({schemas})
UNION ALL SELECT 'event', event_schema, event_name FROM information_schema.events WHERE event_schema IN ({schemas})
"""
_RELATIONS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.SEQUENCE})
_ASKED = _RELATIONS | {ObjectKind.PROCEDURE, ObjectKind.FUNCTION, ObjectKind.TRIGGER, ObjectKind.EVENT}


async def existing(target: Target, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
    """Those of the tables, views, sequences, routines, triggers and events among `objects` that are there."""
    asked = [each for each in objects if each.kind in _ASKED]
    if not asked:
        return ()
    schemas = sorted({each.schema or target.server.database for each in asked})
    values = {f"s{index}": schema for index, schema in enumerate(schemas)}
    sql = _THERE.format(schemas=", ".join(f":{name}" for name in values))
    there = {_key(target, *map(str, row)) for row in await target.channel.rows(sql, values)}
    return tuple(each for each in asked if _key_of(target, each) in there)


def _key_of(target: Target, each: CreatedObject) -> tuple[str, str, str]:
    kind = ObjectKind.TABLE if each.kind in _RELATIONS else each.kind
    return _key(target, kind.value, each.schema or target.server.database, each.name)


def _key(target: Target, kind: str, schema: str, name: str) -> tuple[str, str, str]:
    """Names of tables and schemas are the same in any case where the server says so, those of routines always."""
    if target.server.folds_case:
        schema = schema.casefold()
    folds = target.server.folds_case or kind != ObjectKind.TABLE
    return kind, schema, name.casefold() if folds else name

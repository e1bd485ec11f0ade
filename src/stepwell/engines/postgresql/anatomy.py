"""Asks the catalog for the tables that are to get rows, and makes descriptions of what it says. It inserts nothing.

Every function is written with its schema, and both sides of every operator have a type: see `tables.py`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stepwell.core.rows.description import Column, Constraint, ForeignKey, Table
from stepwell.core.rows.hints import columns_in
from stepwell.engines.postgresql.anatomy_types import TYPES, TypeRow, Types, unknown
from stepwell.engines.postgresql.lexical import POSTGRESQL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from stepwell.engines.postgresql.channel import Channel, Row

# What is of the server, of an extension, or of this session only, is not ours to fill.
OURS = """n.nspname <> ALL (ARRAY['pg_catalog', 'information_schema', 'pg_toast']::name[])
  AND c.relpersistence <> 't'::"char" AND c.relkind = ANY (ARRAY['r', 'p', 'f']::"char"[])
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass::oid
    AND d.objid = c.oid AND d.deptype = 'e'::"char")"""

_RELATIONS = f"""SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text,
  pg_catalog.pg_get_partition_constraintdef(c.oid),
  ARRAY(SELECT i.inhrelid::int8 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid ORDER BY 1),
  ARRAY(SELECT t.tgname::text FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
    AND t.tgenabled <> 'D'::"char" AND (t.tgtype::int4 & 4) = 4 ORDER BY 1),
  pg_catalog.has_schema_privilege(n.oid, 'USAGE'::text) AND pg_catalog.has_table_privilege(c.oid, 'SELECT'::text)
    AND pg_catalog.has_table_privilege(c.oid, 'INSERT'::text)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} ORDER BY 2, 3"""

# 18 and newer have virtual generated columns ("v"), all others have stored ones ("s").
_COLUMNS = f"""SELECT a.attrelid::int8, a.attname::text, a.atttypid::int8, a.atttypmod, a.attnotnull, a.atthasdef,
  a.attidentity::text, a.attgenerated::text, pg_catalog.pg_get_expr(f.adbin, f.adrelid)
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
WHERE a.attnum > 0::int2 AND NOT a.attisdropped AND {OURS} ORDER BY 1, a.attnum"""

_NAMES_OF = (
    "ARRAY(SELECT a.attname::text FROM pg_catalog.unnest({numbers}) WITH ORDINALITY AS k(number, place)"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = {relation} AND a.attnum = k.number ORDER BY k.place)"
)

# A foreign key to a partitioned table has others beside it, to each part: only it itself counts.
_CONSTRAINTS = f"""SELECT o.conrelid::int8, o.conname::text, o.contype::text,
  {_NAMES_OF.format(numbers="o.conkey", relation="o.conrelid")}, o.confrelid::int8,
  {_NAMES_OF.format(numbers="o.confkey", relation="o.confrelid")}, o.condeferrable,
  pg_catalog.pg_get_constraintdef(o.oid)
FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE o.contype = ANY (ARRAY['p', 'u', 'f', 'c', 'x']::"char"[])
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint w WHERE w.oid = o.conparentid AND w.conrelid = o.conrelid)
  AND {OURS} ORDER BY 1, 2"""

# A unique index without a constraint: it may be partial, or over expressions.
_INDEXES = f"""SELECT x.indrelid::int8, i.relname::text, pg_catalog.pg_get_indexdef(x.indexrelid)
FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE x.indisunique AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = x.indexrelid
  AND o.contype = ANY (ARRAY['p', 'u']::"char"[])) AND {OURS} ORDER BY 1, 2"""

_FRESH = ("nextval(", "gen_random_uuid()", "uuid_generate_v", "uuidv7()")
PARTITION = "partition"  # what stands in place of a name, where a row does not belong into a part


CLOSED = "this role may not read it and insert into it"
FOREIGN = "it is a foreign table: its rows are elsewhere"


async def describe(
    channel: Channel,
    own: frozenset[tuple[str, str]],
    read: Callable[[str], Awaitable[tuple[str, ...]]] | None = None,
) -> dict[Table, str]:
    """Every table that people made, with its name in SQL; `own`: schema and name of those of the tool.

    `read` says which texts a type takes, by its name in SQL; it is asked where no values are known.
    """
    kinds = [TypeRow(*row) for row in await channel.rows(TYPES)]
    tried = {name: await read(name) for name in unknown(kinds)} if read is not None else {}
    types = Types(kinds, tried)
    relations = [row for row in await channel.rows(_RELATIONS) if (row[1], row[2]) not in own]
    parts = _Parts(
        {row[0]: shown(row[1], row[2]) for row in relations},
        types,
        _by_relation(await channel.rows(_COLUMNS)),
        _by_relation(await channel.rows(_CONSTRAINTS)),
        _by_relation(await channel.rows(_INDEXES)),
    )
    return {parts.table(row): quoted(row[1], row[2]) for row in relations}


def shown(schema: str, name: str) -> str:
    """The name of a table for people: without its schema where that is the usual one."""
    return name if schema == "public" else f"{schema}.{name}"


def quoted(schema: str, name: str) -> str:
    """The name of a table in SQL."""
    from stepwell.engines.postgresql.tables import quote

    return f"{quote(schema)}.{quote(name)}"


def _by_relation(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


class _Parts:
    """What the catalog said, by relation, put together table by table."""

    def __init__(
        self,
        names: Mapping[int, str],
        types: Types,
        columns: Mapping[int, list[Row]],
        constraints: Mapping[int, list[Row]],
        indexes: Mapping[int, list[Row]],
    ) -> None:
        self._names, self._types = names, types
        self._columns, self._constraints, self._indexes = columns, constraints, indexes

    def table(self, row: Row) -> Table:
        relation, _, _, kind, partition, children, triggers, allowed = row
        columns = tuple(self._column(each) for each in self._columns.get(relation, ()))
        names = [column.name for column in columns]
        rules = self._constraints.get(relation, [])
        return Table(
            name=self._names[relation],
            columns=columns,
            primary=next((tuple(each[2]) for each in rules if each[1] == "p"), ()),
            constraints=tuple(self._forbidding(relation, names, partition)),
            references=tuple(
                self._reference(each) for each in rules if each[1] == "f" and each[3] in self._names
            ),
            parts=tuple(self._names[child] for child in children if child in self._names)
            if kind == "p"
            else (),
            triggers=tuple(triggers),
            trouble=_trouble(kind, children) if allowed else CLOSED,
        )

    def _column(self, row: Row) -> Column:
        name, kind, modifier, required, has_default, identity, generated, default = row
        described = self._types.described(kind, modifier)
        computed = bool(generated)
        return Column(
            name,
            described,
            nullable=not required,
            default=(has_default and not computed) or bool(identity) or self._types.has_default(kind),
            fresh=bool(identity) or (not computed and any(each in (default or "") for each in _FRESH)),
            generated=computed,
        )

    def _forbidding(self, relation: int, names: Sequence[str], partition: str | None) -> list[Constraint]:
        found = []
        for name, kind, columns, _, _, _, definition in self._constraints.get(relation, ()):
            if kind in ("p", "u"):
                found.append(Constraint(name, tuple(columns), unique=True))
            elif kind in ("c", "x"):
                about = tuple(columns) or tuple(names)
                found.append(Constraint(name, about, (definition,), unique=kind == "x"))
        for name, definition in self._indexes.get(relation, ()):
            body = definition.partition(" USING ")[2]
            condition = (body.partition(" WHERE ")[2],) if " WHERE " in body else ()
            found.append(Constraint(name, columns_in(body, names, POSTGRESQL), condition, unique=True))
        if partition is not None:  # one by hashes speaks of no values
            said = () if "satisfies_hash_partition(" in partition else (partition,)
            found.append(Constraint(PARTITION, columns_in(partition, names, POSTGRESQL), said))
        return found

    def _reference(self, row: Row) -> ForeignKey:
        name, _, columns, target, targets, deferrable, _ = row
        return ForeignKey(name, tuple(columns), self._names[target], tuple(targets), deferrable)


def _trouble(kind: str, children: Sequence[Any]) -> str | None:
    if kind == "f":
        return FOREIGN
    if kind == "p" and not children:
        return "it is partitioned, and there is no partition"
    return None

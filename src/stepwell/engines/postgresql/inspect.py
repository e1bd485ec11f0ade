"""What the catalog says of the database and of the history table, and whether that table can be trusted.

By SELECT on `pg_class`, never `to_regclass`: that reads a cache which taking a lock does not refresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import HistoryTableError
from stepwell.core.history import TableShape
from stepwell.core.tables import LOG_COLUMNS, shape_of
from stepwell.engines.postgresql import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stepwell.core.tables import TableNames

# One row a table found (history, log), or one without a table. Whatever is called is qualified and exact, as
# `tables` says. The roles are asked of the catalog: of a superuser, pg_has_role says that it is everybody.
_COLUMN = """FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0::smallint AND NOT a.attisdropped ORDER BY a.attnum)"""
_ROLES = """ARRAY(WITH RECURSIVE mine (oid) AS (
      SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
      UNION SELECT m.roleid FROM mine JOIN pg_catalog.pg_auth_members m ON m.member = mine.oid)
    SELECT mine.oid FROM mine)"""
DESCRIBE = f"""
SELECT b.*, c.relname::text, c.relkind::text, c.relpersistence::text, c.relrowsecurity, c.relispartition,
  pg_catalog.pg_get_userbyid(c.relowner)::text,
  c.relowner = ANY (b.roles),
  c.relowner = (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    OR pg_catalog.pg_get_userbyid(c.relowner) = 'pg_database_owner'::name,
  EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
  EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid),
  EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid),
  EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'id'::name
    AND (a.atthasdef OR a.attidentity <> ''::"char")),
  ARRAY(SELECT a.attname::text {_COLUMN},
  ARRAY(SELECT pg_catalog.format_type(a.atttypid, NULL::int) {_COLUMN},
  pg_catalog.has_table_privilege(c.oid, 'SELECT'::text),
  pg_catalog.has_table_privilege(c.oid, 'INSERT'::text) AND pg_catalog.has_table_privilege(c.oid, 'DELETE'::text),
  NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
    WHERE d.refobjid = c.oid AND d.deptype = 'a'::"char" AND d.classid = 'pg_catalog.pg_class'::regclass::oid
      AND CASE WHEN s.relkind = 'S'::"char" THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE'::text)
          ELSE false END),
  pg_catalog.pg_has_role(current_user, c.relowner, 'USAGE'::text)
FROM (SELECT pg_catalog.current_database()::text AS db, current_user::text AS usr,
        n.nspname::text AS nsp, n.oid AS nspoid,
        pg_catalog.has_schema_privilege(n.oid, 'CREATE'::text) AS may_create,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE'::text) AS may_use,
        pg_catalog.pg_is_in_recovery() AS standby,
        pg_catalog.current_setting('transaction_read_only'::text) = 'on'::text AS read_only,
        pg_catalog.current_setting('server_version_num'::text)::int AS version,
        {_ROLES} AS roles
      FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n
        ON n.nspname = coalesce($1::name, pg_catalog.current_schema())) b
LEFT JOIN pg_catalog.pg_class c
  ON c.relnamespace = b.nspoid AND c.relname = ANY (ARRAY[$2::name, $3::name]) AND c.relkind <> 'i'::"char"
"""

_TEXTS = frozenset({"text", "character varying", "character"})
_NUMBERS = frozenset({"smallint", "integer", "bigint"})
_TIMES = frozenset({"timestamp without time zone", "timestamp with time zone"})
_LISTS = frozenset({"json", "jsonb", *(f"{kind}[]" for kind in _TEXTS | _NUMBERS)})
# What an older tool may have made of a column, as far as it can be read; and what can be written too.
_READABLE = {
    "id": _NUMBERS,
    "version": _TEXTS | _NUMBERS,
    "name": _TEXTS,
    "description": _TEXTS,
    "dependencies": _TEXTS | _LISTS,
    "applied_at": _TEXTS | _TIMES | {"date"},
    "checksum": _TEXTS,
    "file_hash": _TEXTS,
}
_WRITABLE = {
    "version": _TEXTS,
    "dependencies": _TEXTS,
    "created_at": _TEXTS | _TIMES | {"date"},
}


class Relation(NamedTuple):
    """What stands under one of the two names."""

    name: str
    kind: str
    persistence: str
    row_security: bool
    partition: bool
    owner: str
    member_of_owner: bool
    owned_by_database_owner: bool
    triggers: bool
    rules: bool
    children: bool
    numbers_itself: bool
    columns: Mapping[str, str]  # names and types
    may_select: bool
    may_write: bool
    may_number: bool
    may_alter: bool


class Description(NamedTuple):
    """What the catalog says. `schema` is None where the search path names none that exists."""

    database: str
    user: str
    schema: str | None
    may_create: bool
    may_use: bool
    standby: bool
    read_only: bool
    version: int
    history: Relation | None
    log: Relation | None


def describe(rows: list[tuple[Any, ...]], table: str) -> Description:
    """Read the rows of `DESCRIBE`."""
    database, user, schema, _, may_create, may_use, standby, read_only, version = rows[0][:9]
    relations = {row[10]: _relation(row[10:]) for row in rows if row[10] is not None}
    return Description(
        database,
        user,
        schema,
        bool(may_create),
        bool(may_use),
        standby,
        read_only,
        version,
        relations.get(table),
        relations.get(f"{table}_log"),
    )


def _relation(row: tuple[Any, ...]) -> Relation:
    columns = dict(zip(row[12], row[13], strict=True))
    return Relation._make((*row[:12], columns, *row[14:]))


def trusted_shape(found: Description, trusted_owners: Collection[str]) -> TableShape:
    """The shape of the history table. Raises `HistoryTableError` for one that we can't trust, or that isn't ours."""
    if found.history is None:
        return TableShape.ABSENT
    _refuse(found, found.history, trusted_owners)
    shape = shape_of(frozenset(found.history.columns))
    if shape is None:
        raise _not_ours(found, found.history, "it has other columns: another tool's table of that name?")
    for column, kinds in _READABLE.items():
        kind = found.history.columns.get(column)
        if kind is not None and kind not in kinds:
            raise _not_ours(found, found.history, f"its column {column} is of the type {kind}")
    return shape


def tables_of(found: Description) -> list[tuple[str, str]]:
    """Schema and name of the tool's own tables, as far as they are there: what has their names and their columns."""
    history, log = found.history, found.log
    own = [history] if history is not None and shape_of(frozenset(history.columns)) is not None else []
    own += [log] if log is not None and log.columns.keys() >= set(LOG_COLUMNS) else []
    return [(found.schema or "", relation.name) for relation in own]


def check_writable(found: Description) -> None:
    """Raises `HistoryTableError` for a history table that can be read, but where no record of ours fits in."""
    if found.history is None:
        return
    name = f"{found.schema}.{found.history.name}"
    for column, kinds in _WRITABLE.items():
        kind = found.history.columns.get(column)
        if kind is not None and kind not in kinds:
            fitting = "TIMESTAMP" if column == "created_at" else "TEXT"
            raise HistoryTableError(
                f"{name} can be read, but not written: its column {column} is of the type {kind}",
                hint=f"ALTER TABLE {name} ALTER COLUMN {column} TYPE {fitting}",
            )
    if not found.history.numbers_itself:
        raise HistoryTableError(
            f"{name} can be read, but not written: its column id has no default",
            hint=f"ALTER TABLE {name} ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY, and let it go on"
            " behind the highest id",
        )


def trusted_log(found: Description, trusted_owners: Collection[str]) -> bool:
    """Whether the log is there. Raises `HistoryTableError` for one that we can't trust, or that isn't ours."""
    if found.log is None:
        return False
    _refuse(found, found.log, trusted_owners)
    if frozenset(found.log.columns) != frozenset(LOG_COLUMNS):
        raise _not_ours(found, found.log, "it has other columns than stepwell's log")
    return True


def _refuse(found: Description, relation: Relation, trusted_owners: Collection[str]) -> None:
    if relation.kind != "r":
        raise _not_ours(found, relation, f"it is {_KINDS.get(relation.kind, 'no plain table')}")
    if not (relation.member_of_owner or relation.owned_by_database_owner or relation.owner in trusted_owners):
        raise _not_ours(
            found,
            relation,
            f"it belongs to {relation.owner}, who is neither {found.user} nor in trusted_owners",
        )
    if relation.persistence != "p":
        kept = "is gone after a crash" if relation.persistence == "u" else "goes with its session"
        raise _not_ours(found, relation, f"what it holds {kept}: it is {_PERSISTENCE[relation.persistence]}")
    for there, what in (
        (relation.triggers, "triggers"),
        (relation.rules, "rules"),
        (relation.row_security, "row-level security"),
        (relation.children or relation.partition, "children or a parent (inheritance, partitions)"),
    ):
        if there:
            raise _not_ours(found, relation, f"it has {what}")


_PERSISTENCE = {"u": "unlogged", "t": "temporary"}
_KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned table",
    "S": "a sequence",
    "c": "a composite type",
}


def _not_ours(found: Description, relation: Relation, why: str) -> HistoryTableError:
    return HistoryTableError(
        f"{found.schema}.{relation.name} can't be used as stepwell's table: {why}",
        hint="look at it; if it belongs to something else, choose other names with the settings 'table' and 'schema'",
    )


def lacking(found: Description, names: TableNames, trusted_owners: Collection[str]) -> list[str]:
    """The statements that create or extend the tool's own tables, as far as they are needed."""
    statements = []
    shape = trusted_shape(found, trusted_owners)
    if shape is TableShape.ABSENT:
        statements.append(tables.create_history(names))
    elif shape is TableShape.SEVEN:
        statements.append(tables.extend_history(names))
    if not trusted_log(found, trusted_owners):
        statements.append(tables.create_log(names))
    return statements

"""What the catalog says of the database and of the history table, and whether that table can be trusted.

By SELECT on `pg_class`, never `to_regclass`: that reads a cache which taking a lock does not refresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import HistoryTableError
from stepwell.core.history import TableShape
from stepwell.core.tables import LOG_COLUMNS, shape_of

if TYPE_CHECKING:
    from collections.abc import Collection

# One row a table found (history, log), or one without a table. Every name is qualified: search_path is not ours.
_COLUMNS = """(SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"""
DESCRIBE = f"""
SELECT b.*, c.relname::text, c.relkind::text, c.relrowsecurity, c.relispartition, c.relhassubclass,
  pg_catalog.pg_get_userbyid(c.relowner)::text,
  pg_catalog.pg_has_role(current_user, c.relowner, 'MEMBER'),
  c.relowner = (SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
  EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
  EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid),
  EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid),
  {_COLUMNS},
  pg_catalog.has_table_privilege(c.oid, 'SELECT'),
  pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'DELETE'),
  NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
    WHERE d.refobjid = c.oid AND d.deptype = 'a' AND d.classid = 'pg_catalog.pg_class'::regclass
      AND CASE WHEN s.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE') ELSE false END),
  pg_catalog.pg_has_role(current_user, c.relowner, 'USAGE')
FROM (SELECT pg_catalog.current_database()::text AS db, current_user::text AS usr,
        n.nspname::text AS nsp, n.oid AS nspoid,
        pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS may_create,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_use,
        pg_catalog.pg_is_in_recovery() AS standby,
        pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only,
        pg_catalog.current_setting('server_version_num')::int AS version
      FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n
        ON n.nspname = coalesce($1::name, pg_catalog.current_schema())) b
LEFT JOIN pg_catalog.pg_class c
  ON c.relnamespace = b.nspoid AND c.relname = ANY (ARRAY[$2::name, $3::name]) AND c.relkind <> 'i'
"""


class Relation(NamedTuple):
    """What stands under one of the two names."""

    name: str
    kind: str
    row_security: bool
    partition: bool
    had_children: bool
    owner: str
    member_of_owner: bool
    owned_by_database_owner: bool
    triggers: bool
    rules: bool
    children: bool
    columns: frozenset[str]
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
    relations = {row[9]: _relation(row[9:]) for row in rows if row[9] is not None}
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
    *head, columns, may_select, may_write, may_number, may_alter = row
    name, kind, security, partition, subclass, owner, member, by_owner, triggers, rules, children = head
    return Relation(
        name,
        kind,
        security,
        partition,
        subclass,
        owner,
        member,
        by_owner,
        triggers,
        rules,
        children,
        frozenset(columns or ()),
        may_select,
        may_write,
        may_number,
        may_alter,
    )


def trusted_shape(found: Description, trusted_owners: Collection[str]) -> TableShape:
    """The shape of the history table. Raises `HistoryTableError` for one that we can't trust, or that isn't ours."""
    if found.history is None:
        return TableShape.ABSENT
    _refuse(found, found.history, trusted_owners)
    shape = shape_of(found.history.columns)
    if shape is None:
        raise _not_ours(found, found.history, "it has other columns: another tool's table of that name?")
    return shape


def trusted_log(found: Description, trusted_owners: Collection[str]) -> bool:
    """Whether the log is there. Raises `HistoryTableError` for one that we can't trust, or that isn't ours."""
    if found.log is None:
        return False
    _refuse(found, found.log, trusted_owners)
    if found.log.columns != frozenset(LOG_COLUMNS):
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
    for there, what in (
        (relation.triggers, "triggers"),
        (relation.rules, "rules"),
        (relation.row_security, "row-level security"),
        (relation.children or relation.partition, "children or a parent (inheritance, partitions)"),
    ):
        if there:
            raise _not_ours(found, relation, f"it has {what}")


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

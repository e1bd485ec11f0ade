"""Questions about what has columns, and about sequences: tables of every sort, views, composite types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    FIRST,
    SCHEMA,
    collation,
    head,
    is_member,
    lasting,
    qualified,
    quoted,
    relation_kind,
    since,
    sorted_texts,
    tablespace,
    type_name,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tables of extensions are facts too, since people hang their own indexes, triggers and columns on them; views are not.
_WITH_COLUMNS = f"""c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND c.oid >= {FIRST}
  AND (c.relkind IN ('r', 'p') OR c.oid <> ALL (ARRAY(SELECT dep.objid FROM pg_catalog.pg_depend dep
    WHERE dep.classid = 'pg_catalog.pg_class'::regclass AND dep.deptype = 'e')))"""
_IDENTITY = qualified("n.nspname", "c.relname")
_EXTENSION = f"""(SELECT {quoted("x.extname")} FROM pg_catalog.pg_depend e
    JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid AND e.refclassid = 'pg_catalog.pg_extension'::regclass
    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')"""
_FROM = "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _relations(version)
    yield _columns(version)
    yield _sequences()


def _relations(version: int) -> str:
    pending = since(version, 14, "CASE WHEN i.inhdetachpending THEN ' (detaching)' ELSE '' END", "''")
    identity = words("c.relreplident", _="d", n="nothing", f="full", i="index")
    return f"""
SELECT {head("pg_class", "c.oid", relation_kind("c"), _IDENTITY, parent=SCHEMA, owner="c.relowner")},
  {words("c.relpersistence", _="p", u="unlogged", t="temporary")} AS persistence,
  (SELECT pg_catalog.quote_ident(a.amname) FROM pg_catalog.pg_am a
    WHERE a.oid = c.relam AND a.amname <> 'heap') AS access_method,
  {tablespace("c.reltablespace")} AS tablespace,
  {sorted_texts("c.reloptions")} AS options,
  CASE WHEN c.reltoastrelid <> 0 THEN (SELECT {sorted_texts("t.reloptions")} FROM pg_catalog.pg_class t
    WHERE t.oid = c.reltoastrelid) END AS toast_options,
  c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced_row_security,
  CASE WHEN c.relkind IN ('r', 'p', 'm') THEN {identity} END AS replica_identity,
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_by,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition,
  (SELECT pg_catalog.array_agg({qualified("pn.nspname", "p.relname")} || {pending} ORDER BY i.inhseqno)
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid) AS inherits,
  CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.btrim(pg_catalog.pg_get_viewdef(c.oid)) END AS definition,
  CASE WHEN c.relkind = 'f' THEN (SELECT {quoted("s.srvname")} FROM pg_catalog.pg_foreign_table f
    JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END AS server,
  CASE WHEN c.relkind = 'f' THEN (SELECT {sorted_texts("f.ftoptions")} FROM pg_catalog.pg_foreign_table f
    WHERE f.ftrelid = c.oid) END AS server_options,
  {_EXTENSION} AS extension
FROM {_FROM}
WHERE {_WITH_COLUMNS} AND c.relkind <> 'c' AND {lasting("n.nspname")}"""


def _columns(version: int) -> str:
    kind = "CASE c.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END"
    identity = f"{_IDENTITY} || '.' || {quoted('a.attname')}"
    parent = (relation_kind("c"), _IDENTITY)
    compression = since(
        version, 14, f"NULLIF({words('a.attcompression', p='pglz', l='lz4')}, '')", "NULL::text"
    )
    return f"""
SELECT {head("pg_class", "c.oid", kind, identity, parent=parent, sub="a.attnum")},
  pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)::int AS position,
  pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  {collation("a.attcollation", "t.typcollation")} AS collation,
  a.attnotnull AS not_null,
  CASE WHEN a.atthasdef AND a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS "default",
  CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated,
  CASE WHEN a.attgenerated NOT IN ('', 's') THEN a.attgenerated = 'v' END AS virtual,
  CASE a.attidentity WHEN '' THEN NULL WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default'
    ELSE a.attidentity::text END AS identity,
  CASE WHEN a.attstorage <> t.typstorage AND c.relkind IN ('r', 'p', 'm', 'f') THEN
    {words("a.attstorage", p="plain", e="external", m="main", x="extended")} END AS storage,
  {compression} AS compression,
  NULLIF(a.attstattarget::int, -1) AS statistics_target,
  CASE WHEN a.attoptions IS NOT NULL THEN {sorted_texts("a.attoptions")} END AS options,
  CASE WHEN a.attfdwoptions IS NOT NULL THEN {sorted_texts("a.attfdwoptions")} END AS server_options,
  CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'merged' ELSE 'yes' END END AS inherited
FROM {_FROM}
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE {_WITH_COLUMNS} AND {lasting("n.nspname")}"""


def _sequences() -> str:
    return f"""
SELECT {head("pg_class", "c.oid", "'sequence'", _IDENTITY, parent=SCHEMA, owner="c.relowner")},
  {words("c.relpersistence", _="p", u="unlogged")} AS persistence,
  {type_name("s.seqtypid")} AS type, s.seqstart AS start, s.seqincrement AS increment,
  s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycle,
  (SELECT {qualified("tn.nspname", "t.relname")} || '.' || {quoted("a.attname")}
      || CASE d.deptype WHEN 'i' THEN ' (identity)' ELSE '' END
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0) AS owned_by
FROM {_FROM} JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE c.relkind = 'S' AND c.oid >= {FIRST} AND NOT {is_member("pg_class", "c.oid")} AND {lasting("n.nspname")}"""

"""Questions about what hangs on a relation: indexes, constraints, triggers, rules, policies, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    FIRST,
    head,
    lasting,
    ours,
    qualified,
    quoted,
    relation_kind,
    since,
    tablespace,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = qualified("n.nspname", "c.relname")
_PARENT = (relation_kind("c"), _TABLE)
_FIRES = {"_": "O", "D": "disabled", "R": "replica", "A": "always"}


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _indexes()
    yield _constraints()
    yield _triggers(version)
    yield _rules()
    yield _policies()
    yield _statistics(version)


def _on_relation(catalog: str, alias: str, column: str) -> str:
    return f"""FROM pg_catalog.{catalog} {alias} JOIN pg_catalog.pg_class c ON c.oid = {alias}.{column}
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE {alias}.oid >= {FIRST} AND {lasting("n.nspname")}"""


def _behind(definition: str, *before: str) -> str:
    """A definition without what stands before its sense: the name, which is told already, and its command."""
    lengths = " + ".join(f"pg_catalog.length({text})" for text in before)
    return f"pg_catalog.substr({definition}, {lengths} + 1)"


def _indexes() -> str:
    definition = _behind(
        "pg_catalog.pg_get_indexdef(x.oid)",
        "'CREATE INDEX  ON  USING '",
        "CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END",
        quoted("x.relname"),
        "CASE WHEN x.relkind = 'I' THEN 'ONLY ' ELSE '' END",
        _TABLE,
    )
    return f"""
SELECT {head("pg_class", "x.oid", "'index'", qualified("n.nspname", "x.relname"), parent=_PARENT)},
  {definition} AS definition, i.indisunique AS "unique",
  k.oid IS NOT NULL AS of_constraint,
  NOT i.indisvalid AS invalid, i.indisclustered AS clustered, i.indisreplident AS replica_identity,
  {tablespace("x.reltablespace")} AS tablespace,
  CASE WHEN x.relispartition THEN (SELECT {qualified("pn.nspname", "p.relname")} FROM pg_catalog.pg_inherits h
    JOIN pg_catalog.pg_class p ON p.oid = h.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
    WHERE h.inhrelid = x.oid) END AS partition_of,
  CASE WHEN i.indexprs IS NOT NULL THEN (SELECT
    pg_catalog.json_object_agg(a.attnum, a.attstattarget ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = x.oid AND a.attstattarget >= 0) END AS statistics_targets
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
LEFT JOIN pg_catalog.pg_constraint k
  ON k.conindid = x.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
WHERE x.oid >= {FIRST} AND {lasting("n.nspname")}"""


def _constraints() -> str:
    identity = f"{_TABLE} || '.' || {quoted('k.conname')}"
    kinds = {
        "c": "check",
        "f": "foreign key",
        "p": "primary key",
        "u": "unique",
        "x": "exclude",
        "n": "not null",
    }
    definition = "pg_catalog.pg_get_constraintdef(k.oid)"
    # Of a key that refers to a partitioned table there is a copy for each partition, which nobody has a hand in.
    return f"""
SELECT {head("pg_constraint", "k.oid", "'constraint'", identity, parent=_PARENT)},
  {words("k.contype", **kinds)} AS type,
  CASE WHEN k.convalidated THEN {definition} ELSE
    pg_catalog.regexp_replace({definition}, ' NOT VALID$', '') END AS definition,
  NOT k.convalidated AS not_valid,
  CASE WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN 'merged' ELSE 'yes' END END AS inherited,
  k.connoinherit AND k.contype IN ('c', 'n') AS no_inherit,
  (SELECT {qualified("pn.nspname", "pc.relname")} || '.' || {quoted("p.conname")} FROM pg_catalog.pg_constraint p
    JOIN pg_catalog.pg_class pc ON pc.oid = p.conrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
    WHERE k.conparentid <> 0 AND p.oid = k.conparentid) AS partition_of,
  CASE WHEN k.contype = 'f' THEN (SELECT pg_catalog.array_agg(DISTINCT {words("g.tgenabled", **_FIRES)})
    FROM pg_catalog.pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled <> 'O') END AS fires
{_on_relation("pg_constraint", "k", "conrelid")} AND k.contype <> 't'
  AND NOT (k.contype = 'f' AND k.conparentid <> 0 AND EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p
    WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid))"""


def _triggers(version: int) -> str:
    identity = f"{_TABLE} || '.' || {quoted('g.tgname')}"
    # Copies of a partitioned table's trigger can be switched off one by one; before 15 they count as internal.
    copy = since(
        version,
        13,
        "g.tgparentid <> 0",
        "EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_trigger'::regclass"
        " AND d.objid = g.oid AND d.refclassid = 'pg_catalog.pg_trigger'::regclass)",
    )
    definition = _behind(
        "pg_catalog.pg_get_triggerdef(g.oid)",
        "'CREATE TRIGGER  '",
        "CASE WHEN g.tgconstraint <> 0 THEN 'CONSTRAINT ' ELSE '' END",
        quoted("g.tgname"),
    )
    of_key = """EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k
    WHERE k.oid = g.tgconstraint AND k.contype <> 't')"""
    return f"""
SELECT {head("pg_trigger", "g.oid", "'trigger'", identity, parent=_PARENT)},
  {definition} AS definition, g.tgconstraint <> 0 AS "constraint",
  {words("g.tgenabled", **_FIRES)} AS fires, {copy} AS copied
{_on_relation("pg_trigger", "g", "tgrelid")} AND (NOT g.tgisinternal OR ({copy} AND NOT {of_key}))"""


def _rules() -> str:
    identity = f"{_TABLE} || '.' || {quoted('r.rulename')}"
    definition = _behind("pg_catalog.pg_get_ruledef(r.oid)", "'CREATE RULE  AS '", quoted("r.rulename"))
    return f"""
SELECT {head("pg_rewrite", "r.oid", "'rule'", identity, parent=_PARENT)},
  pg_catalog.btrim({definition}) AS definition, {words("r.ev_enabled", **_FIRES)} AS fires
{_on_relation("pg_rewrite", "r", "ev_class")} AND r.rulename <> '_RETURN'"""


def _policies() -> str:
    identity = f"{_TABLE} || '.' || {quoted('p.polname')}"
    role = "CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) END"
    commands = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}
    return f"""
SELECT {head("pg_policy", "p.oid", "'policy'", identity, parent=_PARENT)},
  {words("p.polcmd", **commands)} AS command, NOT p.polpermissive AS restrictive,
  (SELECT pg_catalog.array_agg({role} ORDER BY {role} COLLATE "C") FROM pg_catalog.unnest(p.polroles) r) AS roles,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS "using",
  pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
{_on_relation("pg_policy", "p", "polrelid")}"""


def _statistics(version: int) -> str:
    identity = qualified("n.nspname", "s.stxname")
    parent = (relation_kind("c"), qualified("cn.nspname", "c.relname"))
    definition = _behind("pg_catalog.pg_get_statisticsobjdef(s.oid)", "'CREATE STATISTICS  '", identity)
    target = since(version, 13, "NULLIF(s.stxstattarget::int, -1)", "NULL::int")
    return f"""
SELECT {head("pg_statistic_ext", "s.oid", "'statistics'", identity, parent=parent, owner="s.stxowner")},
  {definition} AS definition, {target} AS target
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
WHERE {ours("pg_statistic_ext", "s.oid")} AND {lasting("n.nspname")}"""

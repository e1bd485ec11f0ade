"""Questions about types: enums, domains, composites, ranges, and those that C has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    SCHEMA,
    collation,
    function_name,
    head,
    lasting,
    named,
    ours,
    qualified,
    quoted,
    since,
    type_name,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_IDENTITY = qualified("n.nspname", "t.typname")
_FROM = "pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
_OURS = f"{ours('pg_type', 't.oid')} AND {lasting('n.nspname')}"


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _enums()
    yield _domains()
    yield _domain_constraints()
    yield _composites()
    yield _ranges(version)
    yield _others()


def _head(kind: str) -> str:
    return head("pg_type", "t.oid", f"'{kind}'", _IDENTITY, parent=SCHEMA, owner="t.typowner")


def _enums() -> str:
    return f"""
SELECT {_head("enum")},
  (SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
    WHERE e.enumtypid = t.oid) AS labels
FROM {_FROM} WHERE t.typtype = 'e' AND {_OURS}"""


def _domains() -> str:
    return f"""
SELECT {_head("domain")},
  pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type, t.typnotnull AS not_null,
  coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS "default",
  {collation("t.typcollation", "b.typcollation")} AS collation
FROM {_FROM} JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd' AND {_OURS}"""


def _domain_constraints() -> str:
    identity = f"{_IDENTITY} || '.' || {quoted('k.conname')}"
    definition = "pg_catalog.pg_get_constraintdef(k.oid)"
    kinds = {"c": "check", "n": "not null"}
    return f"""
SELECT {head("pg_constraint", "k.oid", "'constraint'", identity, parent=("'domain'", _IDENTITY))},
  {words("k.contype", **kinds)} AS type,
  CASE WHEN k.convalidated THEN {definition} ELSE
    pg_catalog.regexp_replace({definition}, ' NOT VALID$', '') END AS definition,
  NOT k.convalidated AS not_valid
FROM {_FROM} JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid WHERE {_OURS}"""


def _composites() -> str:
    return f"""
SELECT {_head("composite type")}
FROM {_FROM} JOIN pg_catalog.pg_class c ON c.oid = t.typrelid WHERE c.relkind = 'c' AND {_OURS}"""


def _ranges(version: int) -> str:
    return f"""
SELECT {_head("range")},
  {type_name("r.rngsubtype")} AS subtype, {named("pg_opclass", "opc", "r.rngsubopc")} AS operator_class,
  CASE WHEN r.rngcollation <> 0 THEN {named("pg_collation", "coll", "r.rngcollation")} END AS collation,
  {function_name("r.rngcanonical")} AS canonical, {function_name("r.rngsubdiff")} AS subtype_diff,
  {since(version, 14, type_name("r.rngmultitypid"), "NULL::text")} AS multirange
FROM {_FROM} JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid WHERE {_OURS}"""


def _others() -> str:
    """Base types, those that were only announced, and what a newer server may have.

    The array and the multirange of another type go with it; so does the row type of a table.
    """
    functions = ", ".join(
        f"{function_name(f't.typ{each}')} AS {each}_function"
        for each in ("input", "output", "receive", "send", "modin", "modout", "analyze")
    )
    kind = (
        "CASE WHEN t.typtype = 'b' THEN 'type' WHEN t.typtype = 'p' AND NOT t.typisdefined THEN 'shell type'"
        " ELSE 'unknown' END"
    )
    strange = "CASE WHEN t.typtype IN ('b', 'p') THEN '' ELSE 'type of kind ' || t.typtype::text || ' ' END"
    identity = f"{strange} || {_IDENTITY}"
    return f"""
SELECT {head("pg_type", "t.oid", kind, identity, parent=SCHEMA, owner="t.typowner")},
  CASE WHEN t.typisdefined THEN t.typlen::int END AS length, t.typbyval AS by_value,
  NULLIF(t.typcategory::text, 'U') AS category, t.typispreferred AS preferred,
  NULLIF(t.typdelim::text, ',') AS delimiter, {type_name("t.typelem")} AS element, {functions},
  CASE WHEN t.typisdefined THEN t.typalign::text END AS alignment,
  CASE WHEN t.typisdefined THEN t.typstorage::text END AS storage,
  coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS "default",
  t.typcollation <> 0 AS collatable
FROM {_FROM} WHERE t.typtype NOT IN ('e', 'd', 'c', 'r', 'm') AND {_OURS}
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type el WHERE el.typarray = t.oid)"""

"""Questions about functions, procedures and aggregates, and the languages that they are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    SCHEMA,
    function_name,
    head,
    lasting,
    operator_name,
    ours,
    qualified,
    quoted,
    since,
    sorted_texts,
    type_name,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# By the types of its arguments, as the server tells functions apart; names and defaults of arguments are attributes.
_IDENTITY = qualified("n.nspname", "p.proname") + " || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')'"
_FROM = "pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
_PARALLEL = {"_": "u", "s": "safe", "r": "restricted"}


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _routines(version)
    yield _aggregates()
    yield _languages()
    yield _transforms()


def _made_with(catalog: str, oid: str, what: str) -> str:
    """Whether an object was made together with another one, as the constructors of a range type are."""
    return (
        f"EXISTS (SELECT 1 FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.{catalog}'::regclass"
        f" AND i.objid = {oid} AND i.deptype = 'i' AND i.refclassid = 'pg_catalog.{what}'::regclass)"
    )


def _routines(version: int) -> str:
    body = since(version, 14, "p.prosqlbody IS NULL", "true")
    kind = "CASE WHEN p.prokind = 'p' THEN 'procedure' WHEN p.prokind IN ('f', 'w') THEN 'function' ELSE 'unknown' END"
    return f"""
SELECT {head("pg_proc", "p.oid", kind, _IDENTITY, parent=SCHEMA, owner="p.proowner")},
  NULLIF(pg_catalog.pg_get_function_arguments(p.oid), '') AS arguments,
  pg_catalog.pg_get_function_result(p.oid) AS returns,
  {quoted("l.lanname")} AS language, CASE WHEN {body} THEN p.prosrc END AS body,
  {since(version, 14, "pg_catalog.pg_get_function_sqlbody(p.oid)", "NULL::text")} AS sql_body,
  p.probin AS library, p.prokind = 'w' AS "window",
  {words("p.provolatile", _="v", i="immutable", s="stable")} AS volatility,
  p.proisstrict AS strict, p.prosecdef AS security_definer, p.proleakproof AS leakproof,
  {words("p.proparallel", **_PARALLEL)} AS parallel,
  NULLIF(p.procost, CASE WHEN l.lanname IN ('internal', 'c') THEN 1 ELSE 100 END) AS cost,
  NULLIF(p.prorows, CASE WHEN p.proretset THEN 1000 ELSE 0 END) AS rows, {function_name("p.prosupport")} AS support,
  {sorted_texts("p.proconfig")} AS settings,
  (SELECT pg_catalog.array_agg(pg_catalog.format_type(x, NULL) ORDER BY pg_catalog.format_type(x, NULL) COLLATE "C")
    FROM pg_catalog.unnest(p.protrftypes) x) AS transforms
FROM {_FROM} JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.prokind <> 'a' AND {ours("pg_proc", "p.oid")} AND {lasting("n.nspname")}
  AND NOT {_made_with("pg_proc", "p.oid", "pg_type")}"""


def _aggregates() -> str:
    functions = {
        "agg.aggtransfn": "state_function",
        "agg.aggfinalfn": "final_function",
        "agg.aggcombinefn": "combine_function",
        "agg.aggserialfn": "serial_function",
        "agg.aggdeserialfn": "deserial_function",
        "agg.aggmtransfn": "moving_state_function",
        "agg.aggminvtransfn": "moving_inverse_function",
        "agg.aggmfinalfn": "moving_final_function",
    }
    listed = ",\n  ".join(f"{function_name(column)} AS {name}" for column, name in functions.items())
    modify = {"_": "r", "s": "shareable", "w": "read write"}
    return f"""
SELECT {head("pg_proc", "p.oid", "'aggregate'", _IDENTITY, parent=SCHEMA, owner="p.proowner")},
  NULLIF(pg_catalog.pg_get_function_arguments(p.oid), '') AS arguments,
  pg_catalog.pg_get_function_result(p.oid) AS returns,
  {words("agg.aggkind", _="n", o="ordered set", h="hypothetical set")} AS sort,
  NULLIF(agg.aggnumdirectargs::int, 0) AS direct_arguments,
  {listed},
  agg.aggfinalextra AS final_extra, agg.aggmfinalextra AS moving_final_extra,
  {words("agg.aggfinalmodify", **modify)} AS final_modifies,
  {words("agg.aggmfinalmodify", **modify)} AS moving_final_modifies,
  {operator_name("agg.aggsortop")} AS sort_operator,
  {type_name("agg.aggtranstype")} AS state_type, NULLIF(agg.aggtransspace, 0) AS state_size,
  {type_name("agg.aggmtranstype")} AS moving_state_type, NULLIF(agg.aggmtransspace, 0) AS moving_state_size,
  agg.agginitval AS initial, agg.aggminitval AS moving_initial,
  {words("p.proparallel", **_PARALLEL)} AS parallel
FROM {_FROM} JOIN pg_catalog.pg_aggregate agg ON agg.aggfnoid = p.oid
WHERE {ours("pg_proc", "p.oid")} AND {lasting("n.nspname")}"""


def _languages() -> str:
    return f"""
SELECT {head("pg_language", "l.oid", "'language'", quoted("l.lanname"), owner="l.lanowner")},
  l.lanpltrusted AS trusted, {function_name("l.lanplcallfoid")} AS handler,
  {function_name("l.laninline")} AS inline, {function_name("l.lanvalidator")} AS validator
FROM pg_catalog.pg_language l WHERE {ours("pg_language", "l.oid")}"""


def _transforms() -> str:
    identity = f"pg_catalog.format_type(t.trftype, NULL) || ' in ' || {quoted('l.lanname')}"
    return f"""
SELECT {head("pg_transform", "t.oid", "'transform'", identity)},
  {function_name("t.trffromsql")} AS from_sql, {function_name("t.trftosql")} AS to_sql
FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang
WHERE {ours("pg_transform", "t.oid")}"""

"""Questions about casts, operators and what indexes make of them; collations, conversions, access methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    SCHEMA,
    function_name,
    head,
    lasting,
    named,
    operator_name,
    ours,
    qualified,
    quoted,
    since,
    type_name,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _casts()
    yield _operators()
    yield _families()
    yield _classes()
    yield _collations(version)
    yield _conversions()
    yield _access_methods()


def _casts() -> str:
    identity = (
        "pg_catalog.format_type(k.castsource, NULL) || ' as ' || pg_catalog.format_type(k.casttarget, NULL)"
    )
    # The cast of a range to its multirange comes with the type.
    return f"""
SELECT {head("pg_cast", "k.oid", "'cast'", identity)},
  {function_name("k.castfunc")} AS function,
  {words("k.castcontext", e="explicit", a="assignment", i="implicit")} AS context,
  {words("k.castmethod", f="function", b="binary", i="inout")} AS method
FROM pg_catalog.pg_cast k WHERE {ours("pg_cast", "k.oid")}
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::regclass
    AND d.objid = k.oid AND d.deptype = 'i')"""


def _operators() -> str:
    left, right = (f"coalesce({type_name(f'o.{side}')}, 'none')" for side in ("oprleft", "oprright"))
    identity = f"{quoted('n.nspname')} || '.' || o.oprname || '(' || {left} || ', ' || {right} || ')'"
    return f"""
SELECT {head("pg_operator", "o.oid", "'operator'", identity, parent=SCHEMA, owner="o.oprowner")},
  {function_name("o.oprcode")} AS function, {type_name("o.oprresult")} AS returns,
  {operator_name("o.oprcom")} AS commutator, {operator_name("o.oprnegate")} AS negator,
  {function_name("o.oprrest")} AS restrict, {function_name("o.oprjoin")} AS join,
  o.oprcanmerge AS merges, o.oprcanhash AS hashes
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE {ours("pg_operator", "o.oid")} AND {lasting("n.nspname")}"""


def _members(catalog: str, member: str, condition: str) -> str:
    return f"""(SELECT pg_catalog.array_agg({member} ORDER BY {member} COLLATE "C")
    FROM pg_catalog.{catalog} m WHERE {condition})"""


_OPERATOR = (
    "m.amopstrategy::text || ' ' || m.amopopr::regoperator::text || CASE WHEN m.amopsortfamily <> 0 THEN"
    f" ' for order by ' || {named('pg_opfamily', 'opf', 'm.amopsortfamily')} ELSE '' END"
)
_FUNCTION = (
    "m.amprocnum::text || ' (' || pg_catalog.format_type(m.amproclefttype, NULL) || ', '"
    " || pg_catalog.format_type(m.amprocrighttype, NULL) || ') ' || m.amproc::oid::regprocedure::text"
)


def _families() -> str:
    """Families with all their members, those of their classes among them; what belongs to a class is told there too."""
    identity = f"{qualified('n.nspname', 'f.opfname')} || ' using ' || {quoted('am.amname')}"
    return f"""
SELECT {head("pg_opfamily", "f.oid", "'operator family'", identity, parent=SCHEMA, owner="f.opfowner")},
  {_members("pg_amop", _OPERATOR, "m.amopfamily = f.oid")} AS operators,
  {_members("pg_amproc", _FUNCTION, "m.amprocfamily = f.oid")} AS functions
FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
WHERE {ours("pg_opfamily", "f.oid")} AND {lasting("n.nspname")}"""


def _classes() -> str:
    identity = f"{qualified('n.nspname', 'o.opcname')} || ' using ' || {quoted('am.amname')}"
    belongs = """EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.{0}'::regclass
      AND d.objid = m.oid AND d.refclassid = 'pg_catalog.pg_opclass'::regclass AND d.refobjid = o.oid
      AND d.deptype = 'i')"""
    return f"""
SELECT {head("pg_opclass", "o.oid", "'operator class'", identity, parent=SCHEMA, owner="o.opcowner")},
  {type_name("o.opcintype")} AS type, o.opcdefault AS "default", {type_name("o.opckeytype")} AS storage,
  {named("pg_opfamily", "opf", "o.opcfamily")} AS family,
  {_members("pg_amop", _OPERATOR, belongs.format("pg_amop"))} AS operators,
  {_members("pg_amproc", _FUNCTION, belongs.format("pg_amproc"))} AS functions
FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
WHERE {ours("pg_opclass", "o.oid")} AND {lasting("n.nspname")}"""


def _collations(version: int) -> str:
    # The version of the library that sorts is a matter of the machine, the encoding one of the database.
    locale = since(version, 15, since(version, 17, "k.colllocale", "k.colliculocale"), "NULL::text")
    rules = since(version, 16, "k.collicurules", "NULL::text")
    identity = qualified("n.nspname", "k.collname")
    return f"""
SELECT {head("pg_collation", "k.oid", "'collation'", identity, parent=SCHEMA, owner="k.collowner")},
  {words("k.collprovider", d="default", c="libc", i="icu", b="builtin")} AS provider,
  k.collcollate::text AS sort, k.collctype::text AS classes,
  {locale} AS locale, {rules} AS rules,
  NOT k.collisdeterministic AS nondeterministic
FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace
WHERE {ours("pg_collation", "k.oid")} AND {lasting("n.nspname")}"""


def _conversions() -> str:
    identity = qualified("n.nspname", "k.conname")
    return f"""
SELECT {head("pg_conversion", "k.oid", "'conversion'", identity, parent=SCHEMA, owner="k.conowner")},
  pg_catalog.pg_encoding_to_char(k.conforencoding)::text AS source,
  pg_catalog.pg_encoding_to_char(k.contoencoding)::text AS target,
  {function_name("k.conproc")} AS function, k.condefault AS "default"
FROM pg_catalog.pg_conversion k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
WHERE {ours("pg_conversion", "k.oid")} AND {lasting("n.nspname")}"""


def _access_methods() -> str:
    return f"""
SELECT {head("pg_am", "a.oid", "'access method'", quoted("a.amname"))},
  {words("a.amtype", i="index", t="table")} AS type, {function_name("a.amhandler")} AS handler
FROM pg_catalog.pg_am a WHERE {ours("pg_am", "a.oid")}"""

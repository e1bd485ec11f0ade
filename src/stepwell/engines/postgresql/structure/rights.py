"""Questions about grants, in a normal form: for each grantee what it may, sorted, with `*` where it may grant it too.

The owner is written as such, so that another owner is one difference and not one in each grant. What a new object has
anyway is no grant; neither is what an extension or the server itself came with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import FIRST, head, is_member, quoted, words

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = "<owner>"

# catalog, prefix of its columns, the letter by which `acldefault` knows it
_WITH_GRANTS = (
    ("pg_namespace", "nsp", "'n'"),
    ("pg_class", "rel", "CASE WHEN o.relkind = 'S' THEN 's' ELSE 'r' END::\"char\""),
    ("pg_proc", "pro", "'f'"),
    ("pg_type", "typ", "'T'"),
    ("pg_language", "lan", "'l'"),
    ("pg_foreign_data_wrapper", "fdw", "'F'"),
    ("pg_foreign_server", "srv", "'S'"),
)


def questions(version: int) -> Iterator[str]:
    """The questions to a server of any version."""
    yield _default_privileges()


def grants() -> str:
    """The grants of all facts: class, number and column of the object; what was granted, and what a new object has."""
    return f"""
SELECT g.class, g.oid::bigint, g.sub, {_normal("g.acl", "g.owner")}, {_normal("g.usual", "g.owner")}
FROM ({_granted()}) g
WHERE (g.acl @> g.usual AND g.usual @> g.acl) IS NOT TRUE"""


def foreign_grants() -> str:
    """The grants on what is no fact, since an extension or the server brought it: where they are not what they were."""
    return f"""
SELECT {head("pg_init_privs", "0", "'grants'", _described("g"))},
  {_normal("coalesce(g.acl, g.usual)", "g.owner")} AS grants,
  {_normal("coalesce(i.initprivs, g.usual)", "g.owner")} AS usual_grants
FROM ({_brought()}) g
LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = g.classid AND i.objoid = g.oid AND i.objsubid = g.sub
WHERE (g.acl IS NOT NULL OR i.initprivs IS NOT NULL)
  AND (coalesce(g.acl, g.usual) @> coalesce(i.initprivs, g.usual)
    AND coalesce(i.initprivs, g.usual) @> coalesce(g.acl, g.usual)) IS NOT TRUE"""


def _described(alias: str) -> str:
    return (
        f"(SELECT 'on ' || k.type || ' ' || k.identity FROM"
        f" pg_catalog.pg_identify_object({alias}.classid, {alias}.oid, {alias}.sub) k)"
    )


def _normal(acl: str, owner: str) -> str:
    role = f"CASE e.grantee WHEN 0 THEN 'PUBLIC' WHEN {owner} THEN '{OWNER}' ELSE {_role('e.grantee')} END"
    by = f"CASE WHEN e.grantor = {owner} THEN '' ELSE ' by ' || {_role('e.grantor')} END"
    right = (
        f"e.privilege_type || CASE WHEN e.is_grantable AND e.grantee <> {owner} THEN '*' ELSE '' END || {by}"
    )
    return f"""(SELECT coalesce(pg_catalog.json_object_agg(w.who, w.rights ORDER BY w.who), '{{}}') FROM (
  SELECT {role} AS who, pg_catalog.array_agg({right} ORDER BY {right} COLLATE "C") AS rights
  FROM pg_catalog.aclexplode({acl}) e GROUP BY e.grantee) w)"""


def _role(oid: str) -> str:
    return f"pg_catalog.quote_ident(pg_catalog.pg_get_userbyid({oid}))"


def _granted() -> str:
    """What has grants that somebody gave, and is a fact."""
    parts = [
        f"SELECT '{catalog}'::text AS class, o.oid, 0 AS sub, o.{prefix}owner AS owner, o.{prefix}acl AS acl,"
        f" pg_catalog.acldefault({letter}, o.{prefix}owner) AS usual FROM pg_catalog.{catalog} o"
        f" WHERE o.{prefix}acl IS NOT NULL AND"
        + (
            f" (o.oid >= {FIRST} OR o.nspname = 'public')"
            if catalog == "pg_namespace"
            else f" o.oid >= {FIRST}"
        )
        for catalog, prefix, letter in _WITH_GRANTS
    ]
    parts.append(
        "SELECT 'pg_class', a.attrelid, a.attnum, o.relowner, a.attacl, NULL::aclitem[]"
        " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class o ON o.oid = a.attrelid"
        f" WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND o.oid >= {FIRST}"
    )
    parts.append(
        "SELECT 'pg_database', o.oid, 0, o.datdba, o.datacl, pg_catalog.acldefault('d', o.datdba)"
        " FROM pg_catalog.pg_database o WHERE o.datacl IS NOT NULL AND o.datname = pg_catalog.current_database()"
    )
    return "\n  UNION ALL ".join(parts)


def _brought() -> str:
    """What has grants, and is no fact but a table of an extension, whose own grants are told with it."""
    parts = [
        f"SELECT 'pg_catalog.{catalog}'::regclass::oid AS classid, o.oid, 0 AS sub, o.{prefix}owner AS owner,"
        f" o.{prefix}acl AS acl, pg_catalog.acldefault({letter}, o.{prefix}owner) AS usual"
        f" FROM pg_catalog.{catalog} o WHERE (o.oid < {FIRST} OR {is_member(catalog, 'o.oid')})"
        + {
            "pg_namespace": " AND o.nspname NOT IN ('public', 'information_schema')",
            "pg_class": " AND (o.oid < 16384 OR o.relkind NOT IN ('r', 'p'))"
            " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
            " AND o.relnamespace IS DISTINCT FROM (SELECT n.oid FROM pg_catalog.pg_namespace n"
            " WHERE n.nspname = 'information_schema')",  # granted by its own script, which nothing notes
        }.get(catalog, "")
        for catalog, prefix, letter in _WITH_GRANTS
    ]
    parts.append(
        "SELECT 'pg_catalog.pg_class'::regclass::oid, a.attrelid, a.attnum, o.relowner, a.attacl, NULL::aclitem[]"
        " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class o ON o.oid = a.attrelid"
        f" WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND (o.oid < {FIRST}"
        f" OR (o.relkind NOT IN ('r', 'p') AND {is_member('pg_class', 'o.oid')}))"
    )
    return "\n  UNION ALL ".join(parts)


def _default_privileges() -> str:
    kinds = {
        "r": "tables",
        "S": "sequences",
        "f": "functions",
        "T": "types",
        "n": "schemas",
        "L": "large objects",
    }
    identity = (
        f"{_role('a.defaclrole')} || coalesce(' in ' || {quoted('n.nspname')}, '') || ' on '"
        f" || {words('a.defaclobjtype', **kinds)}"
    )
    parent = ("CASE WHEN n.oid IS NOT NULL THEN 'schema' END", quoted("n.nspname"))
    return f"""
SELECT {head("pg_default_acl", "a.oid", "'default privileges'", identity, parent=parent)},
  {_normal("a.defaclacl", "a.defaclrole")} AS grants
FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace"""

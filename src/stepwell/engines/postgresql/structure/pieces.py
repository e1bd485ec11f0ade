"""What the questions to the catalog are made of: names, conditions, and what only some versions have. Text only.

Every function is written with its schema, and the transaction in which all is asked searches nothing but `pg_catalog`
(see `reading`), so that no operator of anybody's can stand in for the server's own either.

The first columns of every question are those of `HEAD`; the others are attributes, and have their names.
A NULL or a false is the usual value of an attribute, and is left out.
"""

from __future__ import annotations

# class, number and column of an object, by which its comment and its grants are found; then what makes a fact of it.
HEAD = ("class", "oid", "sub", "kind", "identity", "parent_kind", "parent", "owner")

FIRST = "16384"  # the first number of what does not belong to the server itself


def since(version: int, number: int, text: str, otherwise: str = "") -> str:
    """A text for servers from this major version on, another one for older ones."""
    return text if version >= number else otherwise


def head(
    catalog: str,
    oid: str,
    kind: str,
    identity: str,
    *,
    parent: tuple[str, str] = ("NULL", "NULL"),
    owner: str = "NULL",
    sub: str = "0",
) -> str:
    """The columns of `HEAD`. `kind` and the first of `parent` are SQL too: a word has quotes around it."""
    named = owner if owner == "NULL" else f"pg_catalog.quote_ident(pg_catalog.pg_get_userbyid({owner}))"
    return (
        f"'{catalog}'::text, {oid}::bigint, {sub}::int, {kind}::text, {identity}::text, {parent[0]}::text,"
        f" {parent[1]}::text, {named}::text"
    )


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return f"pg_catalog.quote_ident({name})"


def qualified(namespace: str, name: str) -> str:
    """A name with its schema."""
    return f"{quoted(namespace)} || '.' || {quoted(name)}"


def is_member(catalog: str, oid: str) -> str:
    """Whether an object belongs to an extension, which makes it and is a fact itself."""
    return (
        f"EXISTS (SELECT 1 FROM pg_catalog.pg_depend dep WHERE dep.classid = 'pg_catalog.{catalog}'::regclass"
        f" AND dep.objid = {oid} AND dep.deptype = 'e')"
    )


def ours(catalog: str, oid: str) -> str:
    """Whether an object is a fact of its own: neither the server's nor an extension's."""
    return f"{oid} >= {FIRST} AND NOT {is_member(catalog, oid)}"


def lasting(namespace: str) -> str:
    """Whether a schema is none of a session, nor that of what belongs to tables."""
    return f"{namespace} !~ '^pg_(toast|temp_|toast_temp_)'"


def named(catalog: str, prefix: str, oid: str) -> str:
    """The name with its schema of what a column refers to; NULL for nothing."""
    return (
        f"(SELECT {qualified('ref_n.nspname', f'ref.{prefix}name')} FROM pg_catalog.{catalog} ref"
        f" JOIN pg_catalog.pg_namespace ref_n ON ref_n.oid = ref.{prefix}namespace WHERE ref.oid = {oid})"
    )


def collation(oid: str, usual: str) -> str:
    """The name of a collation where it is not the usual one."""
    return f"CASE WHEN {oid} <> {usual} THEN {named('pg_collation', 'coll', oid)} END"


def sorted_texts(array: str) -> str:
    """An array of texts whose order means nothing, in a fixed order; NULL where it is empty."""
    return f'(SELECT pg_catalog.array_agg(o ORDER BY o COLLATE "C") FROM pg_catalog.unnest({array}) o)'


def type_name(oid: str, modifier: str = "NULL::int") -> str:
    """A type as SQL has it; NULL for none."""
    return f"CASE WHEN {oid} <> 0 THEN pg_catalog.format_type({oid}, {modifier}) END"


def function_name(oid: str) -> str:
    """A function with the types of its arguments; NULL for none."""
    return f"CASE WHEN {oid} <> 0 THEN {oid}::oid::regprocedure::text END"


def operator_name(oid: str) -> str:
    """An operator with the types of its arguments; NULL for none."""
    return f"CASE WHEN {oid} <> 0 THEN {oid}::oid::regoperator::text END"


def words(column: str, **meanings: str) -> str:
    """A word for a letter; what has no meaning here stays the letter. `_` is the usual one, and NULL."""
    cases = " ".join(f"WHEN '{letter}' THEN '{word}'" for letter, word in meanings.items() if letter != "_")
    usual = f"WHEN '{meanings['_']}' THEN NULL " if "_" in meanings else ""
    return f"CASE {column} {usual}{cases} ELSE {column}::text END"


def tablespace(oid: str) -> str:
    """The name of a tablespace; NULL for that of the database."""
    return f"(SELECT {quoted('place.spcname')} FROM pg_catalog.pg_tablespace place WHERE place.oid = {oid})"


RELATION_KIND = (
    "CASE {0}.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'"
    " WHEN 'm' THEN 'materialized view' WHEN 'c' THEN 'composite type' WHEN 'S' THEN 'sequence' ELSE 'unknown' END"
)
SCHEMA = ("'schema'", quoted("n.nspname"))


def relation_kind(alias: str) -> str:
    """What kind of relation a row of pg_class is."""
    return RELATION_KIND.format(alias)

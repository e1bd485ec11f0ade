"""Questions about comments and security labels; about what there is no question for; and about what few may read."""

from __future__ import annotations

from stepwell.engines.postgresql.structure.pieces import FIRST, head, lasting, qualified, quoted, since, words

# What the other questions are about, and what is told as a part of it.
KNOWN = (
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_database",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_largeobject",  # rows, by another name
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_rewrite",
    "pg_statistic_ext",
    "pg_subscription",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",
)

# Who may read what: the settings of a subscription became public by and by, where it connects to never did.
# And how the server writes the names of tables (`$1` schemas, `$2` names).
BEFOREHAND = """
SELECT pg_catalog.has_column_privilege('pg_catalog.pg_subscription'::regclass, 'subconninfo', 'SELECT'),
  ARRAY(SELECT pg_catalog.quote_ident(t.nsp) || '.' || pg_catalog.quote_ident(t.name)
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) t(nsp, name))"""
_PUBLIC_SINCE = 14


def comments() -> str:
    """Class, number and column of an object, and its comment; whether an extension brought the object."""
    return f"""
SELECT d.classoid::regclass::text, d.objoid::bigint, d.objsubid, d.description
FROM pg_catalog.pg_description d
WHERE d.objoid >= {FIRST} OR d.classoid = 'pg_catalog.pg_extension'::regclass
  OR (d.classoid = 'pg_catalog.pg_namespace'::regclass
  AND d.objoid = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'))
UNION ALL
SELECT 'pg_database', d.objoid::bigint, 0, d.description FROM pg_catalog.pg_shdescription d
JOIN pg_catalog.pg_database b ON b.oid = d.objoid AND b.datname = pg_catalog.current_database()
WHERE d.classoid = 'pg_catalog.pg_database'::regclass"""


def labels() -> str:
    """Class, number and column of an object, the provider of a security label, and the label."""
    return """
SELECT l.classoid::regclass::text, l.objoid::bigint, l.objsubid, l.provider, l.label FROM pg_catalog.pg_seclabel l
UNION ALL
SELECT 'pg_database', l.objoid::bigint, 0, l.provider, l.label FROM pg_catalog.pg_shseclabel l
JOIN pg_catalog.pg_database b ON b.oid = l.objoid AND b.datname = pg_catalog.current_database()
WHERE l.classoid = 'pg_catalog.pg_database'::regclass"""


def remarked() -> str:
    """What a comment or a label is on that is no fact (`$1` classes, `$2` numbers, `$3` columns): what it is, in words.

    Left out is what an extension brought.
    """
    return """
SELECT w.n::int, k.type || ' ' || k.identity
FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::oid[]), pg_catalog.unnest($3::int[]))
  WITH ORDINALITY AS w(class, oid, sub, n)
CROSS JOIN LATERAL pg_catalog.pg_identify_object(w.class::regclass::oid, w.oid, w.sub) k
WHERE k.identity IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
  WHERE e.classid = w.class::regclass::oid AND e.objid = w.oid AND e.deptype = 'e')"""


def unknown() -> str:
    """What the server notes that something depends on, or depends itself, in a catalog that no question is about."""
    known = ", ".join(f"'pg_catalog.{each}'" for each in KNOWN)
    strange = f"'relation of kind ' || c.relkind::text || ' ' || {qualified('n.nspname', 'c.relname')}"
    # A catalog that this server does not have is no class of anything.
    classes = (
        f"(SELECT pg_catalog.to_regclass(c)::oid FROM pg_catalog.unnest(ARRAY[{known}]) c"
        " WHERE pg_catalog.to_regclass(c) IS NOT NULL)"
    )
    return f"""
SELECT {head("pg_depend", "0", "'unknown'", "k.type || ' ' || k.identity")}
FROM (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.objid >= {FIRST} AND d.deptype <> 'e'
    AND d.classid NOT IN {classes}
  UNION
  SELECT s.classid, s.objid FROM pg_catalog.pg_shdepend s
  JOIN pg_catalog.pg_database b ON b.oid = s.dbid AND b.datname = pg_catalog.current_database()
  WHERE s.objid >= {FIRST} AND s.classid NOT IN {classes}
) u CROSS JOIN LATERAL pg_catalog.pg_identify_object(u.classid, u.objid, 0) k WHERE k.identity IS NOT NULL
UNION ALL
SELECT {head("pg_class", "c.oid", "'unknown'", strange)}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind NOT IN ('r', 'p', 'f', 'v', 'm', 'c', 'S', 'i', 'I', 't')
  AND c.oid >= {FIRST} AND {lasting("n.nspname")}"""


def subscriptions(version: int, *, may_read: bool) -> str:
    """The subscriptions, as far as the role may read of them."""
    public = version >= _PUBLIC_SINCE or may_read
    streaming = since(version, 16, words("s.substream", _="f", t="on", p="parallel"), "s.substream")
    attributes = [
        "s.subenabled AS enabled",
        "s.subslotname::text AS slot",
        "s.subpublications AS publications",
        f"{since(version, 14, 's.subbinary', 'false')} AS binary",
        f"{since(version, 14, streaming, 'false')} AS streaming",
        f"""{since(version, 15, "s.subtwophasestate <> 'd'", "false")} AS two_phase""",
        f"{since(version, 15, 's.subdisableonerr', 'false')} AS disable_on_error",
        f"{since(version, 16, 'NOT s.subpasswordrequired', 'false')} AS password_not_required",
        f"{since(version, 16, 's.subrunasowner', 'false')} AS run_as_owner",
        f"""{since(version, 16, "NULLIF(s.suborigin, 'any')", "NULL::text")} AS origin""",
        f"{since(version, 17, 's.subfailover', 'false')} AS failover",
        f"{may_read} AS guarded",
    ]
    if may_read:
        attributes.append("s.subconninfo AS guarded_connection")
    if public:
        attributes.append(
            f"s.subsynccommit AS {since(version, _PUBLIC_SINCE, 'synchronous_commit', 'guarded_synchronous_commit')}"
        )
    oid = "s.oid" if public else "0"
    return f"""
SELECT {head("pg_subscription", oid, "'subscription'", quoted("s.subname"), owner="s.subowner")},
  {", ".join(attributes)}
FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
WHERE d.datname = pg_catalog.current_database()"""

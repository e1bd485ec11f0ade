"""Questions about what stands by itself: schemas, extensions, event triggers, text search, foreign data, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.engines.postgresql.structure.pieces import (
    FIRST,
    SCHEMA,
    function_name,
    head,
    lasting,
    named,
    ours,
    qualified,
    quoted,
    since,
    sorted_texts,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def questions(version: int) -> Iterator[str]:
    """The questions to a server of this major version."""
    yield _schemas()
    yield _extensions()
    yield _event_triggers()
    yield from _text_search()
    yield from _foreign_data()
    yield _publications(version)
    yield _database()
    yield _role_settings()


def _schemas() -> str:
    return f"""
SELECT {head("pg_namespace", "n.oid", "'schema'", quoted("n.nspname"), owner="n.nspowner")}
FROM pg_catalog.pg_namespace n
WHERE (n.nspname = 'public' OR {ours("pg_namespace", "n.oid")}) AND {lasting("n.nspname")}"""


def _extensions() -> str:
    return f"""
SELECT {head("pg_extension", "x.oid", "'extension'", quoted("x.extname"), owner="x.extowner")},
  {quoted("n.nspname")} AS schema, x.extversion AS version
FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace"""


def _event_triggers() -> str:
    fires = words("e.evtenabled", _="O", D="disabled", R="replica", A="always")
    return f"""
SELECT {head("pg_event_trigger", "e.oid", "'event trigger'", quoted("e.evtname"), owner="e.evtowner")},
  e.evtevent::text AS event, {function_name("e.evtfoid")} AS function, {fires} AS fires,
  {sorted_texts("e.evttags")} AS tags
FROM pg_catalog.pg_event_trigger e WHERE {ours("pg_event_trigger", "e.oid")}"""


def _search(catalog: str, prefix: str, kind: str, attributes: str, *, owner: bool) -> str:
    owned = f"t.{prefix}owner" if owner else "NULL"
    identity = qualified("n.nspname", f"t.{prefix}name")
    return f"""
SELECT {head(catalog, "t.oid", f"'text search {kind}'", identity, parent=SCHEMA, owner=owned)}, {attributes}
FROM pg_catalog.{catalog} t JOIN pg_catalog.pg_namespace n ON n.oid = t.{prefix}namespace
WHERE {ours(catalog, "t.oid")} AND {lasting("n.nspname")}"""


def _text_search() -> Iterator[str]:
    mapped = f"""{named("pg_ts_parser", "prs", "t.cfgparser")} AS parser,
  (SELECT pg_catalog.json_object_agg(u.token, u.dictionaries ORDER BY u.token) FROM (
    SELECT coalesce((SELECT k.alias FROM pg_catalog.ts_token_type(t.cfgparser) k WHERE k.tokid = m.maptokentype),
        m.maptokentype::text) AS token,
      pg_catalog.array_agg({named("pg_ts_dict", "dict", "m.mapdict")} ORDER BY m.mapseqno) AS dictionaries
    FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = t.oid GROUP BY m.maptokentype) u) AS mappings"""
    template = named("pg_ts_template", "tmpl", "t.dicttemplate")
    functions = ("start", "token", "end", "headline", "lextype")
    parser = ", ".join(f'{function_name(f"t.prs{each}")} AS "{each}_function"' for each in functions)
    lexize = ", ".join(f"{function_name(f't.tmpl{each}')} AS {each}_function" for each in ("init", "lexize"))
    yield _search("pg_ts_config", "cfg", "configuration", mapped, owner=True)
    yield _search(
        "pg_ts_dict",
        "dict",
        "dictionary",
        f"{template} AS template, t.dictinitoption AS parameters",
        owner=True,
    )
    yield _search("pg_ts_parser", "prs", "parser", parser, owner=False)
    yield _search("pg_ts_template", "tmpl", "template", lexize, owner=False)


def _foreign_data() -> Iterator[str]:
    yield f"""
SELECT {head("pg_foreign_data_wrapper", "w.oid", "'foreign data wrapper'", quoted("w.fdwname"), owner="w.fdwowner")},
  {function_name("w.fdwhandler")} AS handler, {function_name("w.fdwvalidator")} AS validator,
  {sorted_texts("w.fdwoptions")} AS server_options
FROM pg_catalog.pg_foreign_data_wrapper w WHERE {ours("pg_foreign_data_wrapper", "w.oid")}"""
    wrapper = ("'foreign data wrapper'", quoted("w.fdwname"))
    yield f"""
SELECT {head("pg_foreign_server", "s.oid", "'server'", quoted("s.srvname"), parent=wrapper, owner="s.srvowner")},
  s.srvtype AS type, s.srvversion AS version, {sorted_texts("s.srvoptions")} AS server_options
FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
WHERE {ours("pg_foreign_server", "s.oid")}"""
    user = f"CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE {quoted('m.usename')} END"
    identity = f"{user} || ' on ' || {quoted('m.srvname')}"
    # The view shows the options to whom they are for, and to whoever has the server: as it decides, so it is said.
    yield f"""
SELECT {head("pg_user_mapping", "m.umid", "'user mapping'", identity, parent=("'server'", quoted("m.srvname")))},
  {sorted_texts("m.umoptions")} AS guarded_options,
  CASE WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE') ELSE m.usename = current_user
      AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
    OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS guarded
FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid"""


def _publications(version: int) -> str:
    where = since(version, 15, "pg_catalog.pg_get_expr(r.prqual, r.prrelid)", "NULL::text")
    columns = since(
        version,
        15,
        f"""(SELECT '(' || pg_catalog.string_agg({quoted("a.attname")}, ', ' ORDER BY a.attnum) || ')'
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))""",
        "NULL::text",
    )
    schemas = since(
        version,
        15,
        f"""(SELECT pg_catalog.array_agg({quoted("n.nspname")} ORDER BY n.nspname)
    FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
    WHERE s.pnpubid = p.oid)""",
        "NULL::text[]",
    )
    generated = since(version, 18, "NULLIF(p.pubgencols::text, 'n')", "NULL::text")
    actions = ", ".join(
        f"CASE WHEN p.pub{each} THEN '{each}' END" for each in ("insert", "update", "delete", "truncate")
    )
    return f"""
SELECT {head("pg_publication", "p.oid", "'publication'", quoted("p.pubname"), owner="p.pubowner")},
  p.puballtables AS all_tables, pg_catalog.array_remove(ARRAY[{actions}], NULL) AS actions,
  {since(version, 13, "p.pubviaroot", "false")} AS via_root, {generated} AS generated_columns,
  (SELECT pg_catalog.json_object_agg({qualified("n.nspname", "c.relname")},
      coalesce({columns}, 'all columns') || coalesce(' where ' || {where}, '') ORDER BY n.nspname, c.relname)
    FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) AS tables,
  {schemas} AS schemas
FROM pg_catalog.pg_publication p WHERE p.oid >= {FIRST}"""


def _settings(alias: str) -> str:
    return f"{sorted_texts(f'{alias}.setconfig')}"


def _database() -> str:
    return f"""
SELECT {head("pg_database", "d.oid", "'database'", "''")}, {_settings("s")} AS settings
FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
WHERE d.datname = pg_catalog.current_database()"""


def _role_settings() -> str:
    role = f"'of ' || {quoted('pg_catalog.pg_get_userbyid(s.setrole)')}"
    return f"""
SELECT {head("pg_db_role_setting", "s.setrole", "'settings'", role)},
  {_settings("s")} AS settings
FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
WHERE s.setrole <> 0 AND d.datname = pg_catalog.current_database()"""

"""Nothing in a database goes unsaid: every row of every catalog is a fact, a part of one, or told as unknown."""

from itertools import chain

import psycopg
import pytest

from stepwell.core.schema.snapshot import Snapshot
from stepwell.engines.postgresql.structure import reading, remarks

from .conftest import Sink

# What is told as a part of something else.
PARTS = {
    "pg_attrdef": "the default of a column",
    "pg_amop": "of its operator family",
    "pg_amproc": "of its operator family",
    "pg_enum": "the labels of an enum",
    "pg_publication_rel": "the tables of a publication",
    "pg_publication_namespace": "the schemas of a publication",
}
_REACHED = """
SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid'
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared ORDER BY 1"""
# Row types and arrays go with their type or table, toast with its table, a view's rule with the view, and the triggers
# of a foreign key with the key; copies of a key for each partition that it refers to with the key too.
_GOES_WITH = {
    "pg_type": "typtype = 'm' OR typrelid <> 0 AND (SELECT relkind FROM pg_class r WHERE r.oid = typrelid) <> 'c'"
    " OR EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = o.oid)",
    "pg_class": "relkind IN ('t', 'c') OR EXISTS (SELECT 1 FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
    " WHERE i.indexrelid = o.oid AND t.relkind = 't')",
    "pg_rewrite": "rulename = '_RETURN'",
    "pg_trigger": "tgisinternal",
    "pg_constraint": "contype = 't' OR conparentid <> 0",
    "pg_proc": "EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'i'"
    " AND d.refclassid = 'pg_type'::regclass)",
    "pg_cast": "EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'i')",
    "pg_namespace": "nspname ~ '^pg_'",
}


def _told(connection: psycopg.Connection[tuple[object, ...]], version: int) -> set[tuple[object, object]]:
    """Class and number of everything that the questions tell."""
    connection.execute("SET search_path = pg_catalog")
    found: set[tuple[object, object]] = set()
    for question in chain.from_iterable(reading.stages(version, may_read=True)):
        found |= {(row[0], row[1]) for row in connection.execute(question.encode()).fetchall()}
    return found


def test_every_row_of_every_catalog_is_told(sink: Sink) -> None:
    silent = []
    with psycopg.connect(sink.url) as connection:
        told = _told(connection, sink.version)
        for (name,) in connection.execute(_REACHED).fetchall():
            if name in PARTS:
                continue
            rows = connection.execute(
                f"SELECT o.oid FROM {name} o WHERE o.oid >= 16384 AND NOT ({_GOES_WITH.get(name, 'false')})"
                f" AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '{name}'::regclass"
                " AND d.objid = o.oid AND d.deptype = 'e')".encode()
            ).fetchall()
            silent += [(name, oid) for (oid,) in rows if (name, oid) not in told]
    assert silent == []


def test_catalogs_of_this_server_are_known_or_have_no_objects(sink: Sink) -> None:
    """What is in a catalog that nobody asks about is told as unknown, and there is nothing of the kind here."""
    with psycopg.connect(sink.url) as connection:
        found = connection.execute("SELECT DISTINCT classid::regclass::text FROM pg_depend").fetchall()
    pinned = "-"  # how older servers note what can't be dropped
    assert {name for (name,) in found} - {pinned} <= set(remarks.KNOWN)


def test_nothing_here_is_unknown(unchanged: Snapshot) -> None:
    assert unchanged.unknown == ()


def test_what_is_in_no_known_catalog_is_said(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if text search were something new: all that is there of it is told, not dropped."""
    monkeypatch.setattr(remarks, "KNOWN", tuple(name for name in remarks.KNOWN if name != "pg_ts_dict"))
    with psycopg.connect(sink.url) as connection:
        connection.execute("SET search_path = pg_catalog")
        rows = connection.execute(remarks.unknown().encode()).fetchall()
    assert [(row[3], row[4]) for row in rows] == [("unknown", "text search dictionary app.plain")]

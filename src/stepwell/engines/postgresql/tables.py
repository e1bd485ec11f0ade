"""The tool's two tables in PostgreSQL, as text; values are `$n`.

Whoever may create in a schema of the search path could make a function or an operator there that fits a call better
than the server's own, and it would run as we do. So every function is written with its schema, and both sides of an
operator have types for which `pg_catalog` has exactly that operator: then it comes first.
"""

from __future__ import annotations

from stepwell.core.tables import (
    ADDED_COLUMNS,
    CHANGING_EVENTS,
    CLOSING_EVENTS,
    FINGERPRINT,
    JOURNAL_EVENTS,
    LOG_COLUMNS,
    TableNames,
)

UTC_NOW = "pg_catalog.timezone('UTC'::text, pg_catalog.clock_timestamp())"


class PostgresNames(TableNames):
    """The two names, and the questions to the two tables with nothing in them that others could replace."""

    __slots__ = ()

    @property
    def select_records(self) -> str:
        """Every record in the order of application, as text but for the id: old tables have all kinds of types.

        The outer NULLs stand in for the columns that an older table lacks; JSON writes times in one form, whatever the
        session's DateStyle is, also those that Python does not know, such as infinity.
        """
        return (
            "SELECT r.* FROM (SELECT NULL::text AS checksum, NULL::text AS file_hash) lacking CROSS JOIN LATERAL"
            " (SELECT h.id, h.version::text, h.name::text, h.description::text, h.dependencies::text,"
            " pg_catalog.to_json(h.applied_at) AS applied_at, checksum::text, file_hash::text"
            f" FROM {self.history} h) r ORDER BY r.id"
        )

    @property
    def select_mark(self) -> str:
        """The mark of the history, with that of the log."""
        return (
            "SELECT pg_catalog.count(*), coalesce(pg_catalog.max(id::bigint), 0::bigint),"
            " coalesce(pg_catalog.sum(id::bigint), 0::numeric),"
            f" (SELECT coalesce(pg_catalog.max(id::bigint), 0::bigint) FROM {self.log}) FROM {self.history}"
        )

    @property
    def select_journal(self) -> str:
        """The journal of every step without transaction that began and was not closed, in order."""
        return (
            "SELECT l.version::text, l.direction::text, l.statement, l.event::text, l.checksum::text,"
            " l.fingerprint::text"
            f" FROM {self.log} l WHERE l.event::text = ANY ({_array(JOURNAL_EVENTS)}) AND l.id::bigint >"
            f" coalesce((SELECT pg_catalog.max(c.id::bigint) FROM {self.log} c WHERE c.version::text = l.version::text"
            f" AND c.event::text = ANY ({_array(CLOSING_EVENTS)})), 0::bigint) ORDER BY l.id"
        )

    @property
    def select_journal_end(self) -> str:
        """The last row of the log that was written under the lock; that of a failure is not."""
        return (
            f"SELECT coalesce(pg_catalog.max(id::bigint), 0::bigint) FROM {self.log}"
            f" WHERE event::text = ANY ({_array(JOURNAL_EVENTS + CLOSING_EVENTS)})"
        )

    @property
    def select_confirmed(self) -> str:
        """What a batch (`:batch`) has applied or reverted, as the log says, if the records are as they have to be."""
        return (
            f"SELECT l.version::text FROM {self.log} l WHERE l.batch::text = CAST(:batch AS text)"
            f" AND l.event::text = ANY ({_array(('applied', 'reverted'))})"
            " AND (CASE WHEN l.event::text = 'applied'::text THEN 1::bigint ELSE 0::bigint END)"
            f" = (SELECT pg_catalog.count(*) FROM {self.history} h WHERE h.version::text = l.version::text)"
        )

    @property
    def select_fingerprint(self) -> str:
        """The last fingerprint of the structure, and how often something was done since that may have changed it."""
        return (
            "SELECT l.fingerprint::text, l.tool::text, l.batch::text, l.started_at, (SELECT pg_catalog.count(*)"
            f" FROM {self.log} c WHERE c.id::bigint > l.id::bigint"
            f" AND c.event::text = ANY ({_array(CHANGING_EVENTS)}))"
            f" FROM {self.log} l WHERE l.event::text = '{FINGERPRINT}'::text ORDER BY l.id DESC LIMIT 1"
        )

    def select_log(self, *, of_batch: bool) -> str:
        """The newest rows (`:limit` of them, of `:batch`) about migrations, newest first."""
        where = f"WHERE event::text <> '{FINGERPRINT}'::text"
        where += " AND batch::text = CAST(:batch AS text)" if of_batch else ""
        return f"SELECT {', '.join(LOG_COLUMNS)} FROM {self.log} {where} ORDER BY id DESC LIMIT :limit"


def _array(words: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"ARRAY[{listed}]::text[]"


def _rows(*types: str) -> str:
    """The rows that `$1`, `$2`, ... give together: an array of each of these types for every column."""
    arrays = ", ".join(f"pg_catalog.unnest(${number}::{kind}[])" for number, kind in enumerate(types, 1))
    return f"ROWS FROM ({arrays})"


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def names(schema: str, table: str) -> PostgresNames:
    """The qualified names of the two tables."""
    return PostgresNames(f"{quote(schema)}.{quote(table)}", f"{quote(schema)}.{quote(table + '_log')}")


def create_history(tables: TableNames) -> str:
    """The statement of section 5 of the contract."""
    added = "".join(f",\n    {name} {kind}" for name, kind in ADDED_COLUMNS)
    return f"""CREATE TABLE {tables.history} (
    id SERIAL PRIMARY KEY,
    version VARCHAR(50) UNIQUE NOT NULL,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    dependencies TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP{added}
)"""


def extend_history(tables: TableNames) -> str:
    """Give the seven-column table of an older runner the two others."""
    added = ", ".join(f"ADD COLUMN {name} {kind}" for name, kind in ADDED_COLUMNS)
    return f"ALTER TABLE {tables.history} {added}"


def create_log(tables: TableNames) -> str:
    """The append-only log, which is the journal too."""
    return f"""CREATE TABLE {tables.log} (
    id BIGSERIAL PRIMARY KEY,
    batch VARCHAR(26) NOT NULL,
    segment INTEGER,
    version VARCHAR(50) NOT NULL,
    name VARCHAR(255),
    direction VARCHAR(4),
    event VARCHAR(20) NOT NULL,
    statement INTEGER,
    statements INTEGER,
    started_at TIMESTAMP NOT NULL,
    elapsed_ms DOUBLE PRECISION,
    checksum VARCHAR(80),
    fingerprint TEXT,
    db_user VARCHAR(63) NOT NULL,
    host VARCHAR(255),
    tool VARCHAR(40),
    error TEXT
)"""


def insert_log(tables: TableNames) -> str:
    """Log rows: eleven arrays, of the columns in the order of `rows.log_arrays`, then batch, host and tool."""
    rows = _rows("int", "text", "text", "text", "text", "int", "int", "float8", "text", "text", "text")
    return (
        f"INSERT INTO {tables.log} (segment, version, name, direction, event, statement, statements, elapsed_ms,"
        " checksum, fingerprint, error, batch, host, tool, db_user, started_at)"
        f" SELECT g.*, $12::text, $13::text, $14::text, current_user,"
        f" {UTC_NOW} - coalesce(g.elapsed_ms, 0::float8) * interval '1 ms' FROM {rows} AS"
        " g(segment, version, name, direction, event, statement, statements, elapsed_ms, checksum, fingerprint, error)"
    )


def insert_records(tables: TableNames) -> str:
    """Records, in the order of the arrays: version, name, description, dependencies, checksum, file hash.

    The time goes in as text with a zone, which each type of column understands: an older table may have any.
    """
    moment = f"""pg_catalog.to_char({UTC_NOW}, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'::text)"""
    return (
        f"INSERT INTO {tables.history} (version, name, description, dependencies, checksum, file_hash, created_at,"
        " applied_at) SELECT g.version, g.name, g.description, g.dependencies, g.checksum, g.file_hash, t.created_at,"
        f" t.applied_at FROM pg_catalog.jsonb_populate_record(NULL::{tables.history}, pg_catalog.jsonb_build_object("
        f"'created_at'::text, {moment}, 'applied_at'::text, {moment})) t CROSS JOIN {_rows(*['text'] * 6)}"
        " WITH ORDINALITY AS g(version, name, description, dependencies, checksum, file_hash, n) ORDER BY g.n"
    )


def delete_records(tables: TableNames) -> str:
    """Take records back: arrays of their ids and versions, which must belong together."""
    return (
        f"DELETE FROM {tables.history} h USING {_rows('bigint', 'text')} AS g(id, version)"
        " WHERE h.id = g.id AND h.version::text = g.version"
    )


def update_record(tables: TableNames) -> str:
    """Let a record say what its file is now: version, name, description, dependencies, checksum, file hash, id."""
    return (
        f"UPDATE {tables.history} SET version = $1, name = $2, description = $3, dependencies = $4, checksum = $5,"
        " file_hash = $6 WHERE id = $7::bigint"
    )

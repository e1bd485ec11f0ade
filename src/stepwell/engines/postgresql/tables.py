"""The tool's two tables in PostgreSQL, as text; values are `$n`."""

from __future__ import annotations

from stepwell.core.tables import ADDED_COLUMNS, TableNames

UTC_NOW = "clock_timestamp() AT TIME ZONE 'UTC'"


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def names(schema: str, table: str) -> TableNames:
    """The qualified names of the two tables."""
    return TableNames(f"{quote(schema)}.{quote(table)}", f"{quote(schema)}.{quote(table + '_log')}")


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
    fingerprint VARCHAR(80),
    db_user VARCHAR(63) NOT NULL,
    host VARCHAR(255),
    tool VARCHAR(40),
    error TEXT
)"""


def insert_log(tables: TableNames) -> str:
    """Log rows: nine arrays, of the columns in the order of `rows.log_arrays`, then batch, host and tool."""
    return (
        f"INSERT INTO {tables.log} (segment, version, name, direction, event, statement, statements, elapsed_ms,"
        " checksum, error, batch, host, tool, db_user, started_at)"
        f" SELECT g.*, $11, $12, $13, current_user, {UTC_NOW} - coalesce(g.elapsed_ms, 0) * interval '1 ms'"
        " FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::float8[],"
        " $9::text[], $10::text[]) AS g(segment, version, name, direction, event, statement, statements, elapsed_ms,"
        " checksum, error)"
    )


def insert_records(tables: TableNames) -> str:
    """Records, in the order of the arrays: version, name, description, dependencies, checksum, file hash."""
    return (
        f"INSERT INTO {tables.history} (version, name, description, dependencies, checksum, file_hash, created_at,"
        f" applied_at) SELECT g.version, g.name, g.description, g.dependencies, g.checksum, g.file_hash, {UTC_NOW},"
        f" {UTC_NOW} FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"
        " WITH ORDINALITY AS g(version, name, description, dependencies, checksum, file_hash, n) ORDER BY g.n"
    )


def delete_records(tables: TableNames) -> str:
    """Take records back: arrays of their ids and versions, which must belong together."""
    return (
        f"DELETE FROM {tables.history} h USING unnest($1::int[], $2::text[]) AS g(id, version)"
        " WHERE h.id = g.id AND h.version = g.version"
    )


def update_record(tables: TableNames) -> str:
    """Let a record say what its file is now: version, name, description, dependencies, checksum, file hash, id."""
    return (
        f"UPDATE {tables.history} SET version = $1, name = $2, description = $3, dependencies = $4, checksum = $5,"
        " file_hash = $6 WHERE id = $7"
    )

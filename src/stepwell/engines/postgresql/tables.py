"""The tool's two tables in PostgreSQL, as text; values are `$n`."""

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


_LOG_INTO = (
    "(batch, segment, version, name, direction, event, statement, statements, started_at, elapsed_ms, checksum,"
    " db_user, host, tool, error)"
)


def insert_log(tables: TableNames) -> str:
    """One log row, of the values of `rows.log_values`."""
    return (
        f"INSERT INTO {tables.log} {_LOG_INTO} VALUES ($1, $2::int, $3, NULL, $4, $5, $6::int, $7::int,"
        f" {UTC_NOW} - coalesce($8::float8, 0) * interval '1 ms', $8, $9, current_user, $10, $11, $12)"
    )


def _log_of_kept(tables: TableNames) -> str:
    return (
        f"INSERT INTO {tables.log} {_LOG_INTO} SELECT $1, $2::int, version, name, $3, $4, NULL, $5::int,"
        f" {UTC_NOW} - coalesce($6::float8, 0) * interval '1 ms', $6, checksum, current_user, $7, $8, NULL FROM kept"
    )


def insert_record(tables: TableNames) -> str:
    """Record and log row in one statement: after the eight values of the log, version, name, description, dependencies,
    checksum, file hash."""
    return (
        f"WITH kept AS (INSERT INTO {tables.history} (version, name, description, dependencies, created_at, applied_at,"
        f" checksum, file_hash) VALUES ($9, $10, $11, $12, {UTC_NOW}, {UTC_NOW}, $13, $14)"
        f" RETURNING version, name, checksum) {_log_of_kept(tables)}"
    )


def delete_record(tables: TableNames) -> str:
    """Take a record back and log it, in one statement: after the eight values of the log, id and version."""
    return (
        f"WITH kept AS (DELETE FROM {tables.history} WHERE id = $9 AND version = $10"
        f" RETURNING version, name, NULL::varchar AS checksum) {_log_of_kept(tables)}"
    )


def update_record(tables: TableNames) -> str:
    """Let a record say what its file is now: after the eight values of the log, those of the record, and its id."""
    return (
        f"WITH kept AS (UPDATE {tables.history} SET version = $9, name = $10, description = $11, dependencies = $12,"
        f" checksum = $13, file_hash = $14 WHERE id = $15 RETURNING version, name, checksum) {_log_of_kept(tables)}"
    )

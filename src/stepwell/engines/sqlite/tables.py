"""The tool's two tables in SQLite, as text; values are `:name`. Ids are AUTOINCREMENT, so that none comes twice."""

from __future__ import annotations

from stepwell.core.tables import ADDED_COLUMNS, TableNames

UTC_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def names(table: str) -> TableNames:
    """The names of the two tables; there are no schemas."""
    return TableNames(quote(table), quote(f"{table}_log"))


def create_history(tables: TableNames) -> str:
    """The statement of section 5 of the contract, in SQLite's words."""
    added = "".join(f",\n    {name} {kind}" for name, kind in ADDED_COLUMNS)
    return f"""CREATE TABLE {tables.history} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version VARCHAR(50) UNIQUE NOT NULL,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    dependencies TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP{added}
)"""


def extend_history(tables: TableNames) -> list[str]:
    """Give the seven-column table of an older runner the two others."""
    return [f"ALTER TABLE {tables.history} ADD COLUMN {name} {kind}" for name, kind in ADDED_COLUMNS]


def create_log(tables: TableNames) -> str:
    """The append-only log, which is the journal too."""
    return f"""CREATE TABLE {tables.log} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch VARCHAR(26) NOT NULL,
    segment INTEGER,
    version VARCHAR(50) NOT NULL,
    name VARCHAR(255),
    direction VARCHAR(4),
    event VARCHAR(20) NOT NULL,
    statement INTEGER,
    statements INTEGER,
    started_at TIMESTAMP NOT NULL,
    elapsed_ms REAL,
    checksum VARCHAR(80),
    fingerprint TEXT,
    db_user VARCHAR(63) NOT NULL,
    host VARCHAR(255),
    tool VARCHAR(40),
    error TEXT
)"""


def insert_log(tables: TableNames) -> str:
    """One log row."""
    return (
        f"INSERT INTO {tables.log} (batch, segment, version, name, direction, event, statement, statements, started_at,"
        " elapsed_ms, checksum, fingerprint, db_user, host, tool, error) VALUES (:batch, :segment, :version, :name,"
        " :direction, :event, :statement, :statements, strftime('%Y-%m-%d %H:%M:%f', 'now',"
        " '-' || (coalesce(:elapsed_ms, 0) / 1000.0) || ' seconds'), :elapsed_ms, :checksum, :fingerprint, :db_user,"
        " :host, :tool, :error)"
    )

"""The tool's two tables in MySQL and MariaDB, as text; values are `:name`.

Names of versions are compared by their bytes, so that `a` and `A` are two. Times are UTC in DATETIME, whatever the time
zone of a session is; TIMESTAMP ends in 2038.
"""

from __future__ import annotations

from stepwell.core.tables import ADDED_COLUMNS, TableNames

UTC_NOW = "UTC_TIMESTAMP(6)"
_OPTIONS = "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def quote(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


def names(database: str, table: str) -> TableNames:
    """The names of the two tables. They hold the database's: a migration may say USE."""
    return TableNames(*(f"{quote(database)}.{quote(name)}" for name in (table, f"{table}_log")))


def create_history(tables: TableNames) -> str:
    """The statement of section 5 of the contract, in MySQL's words."""
    added = "".join(f",\n    {name} {kind}" for name, kind in ADDED_COLUMNS)
    return f"""CREATE TABLE {tables.history} (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    version VARCHAR(50) NOT NULL UNIQUE,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    dependencies TEXT,
    created_at DATETIME(6) DEFAULT ({UTC_NOW}),
    applied_at DATETIME(6) DEFAULT ({UTC_NOW}){added}
) {_OPTIONS}"""


def extend_history(tables: TableNames) -> str:
    """Give the seven-column table of an older runner the two others."""
    return f"ALTER TABLE {tables.history} " + ", ".join(
        f"ADD COLUMN {name} {kind}" for name, kind in ADDED_COLUMNS
    )


def create_log(tables: TableNames) -> str:
    """The append-only log, which is the journal too."""
    return f"""CREATE TABLE {tables.log} (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    batch VARCHAR(26) NOT NULL,
    segment INTEGER,
    version VARCHAR(50) NOT NULL,
    name VARCHAR(255),
    direction VARCHAR(4),
    event VARCHAR(20) NOT NULL,
    statement INTEGER,
    statements INTEGER,
    started_at DATETIME(6) NOT NULL,
    elapsed_ms DOUBLE,
    checksum VARCHAR(80),
    fingerprint TEXT,
    db_user VARCHAR(384) NOT NULL,
    host VARCHAR(255),
    tool VARCHAR(40),
    error MEDIUMTEXT
) {_OPTIONS}"""


def insert_log(tables: TableNames) -> str:
    """One log row; the values are those of `rows.log_values`."""
    return (
        f"INSERT INTO {tables.log} (batch, segment, version, name, direction, event, statement, statements, started_at,"
        " elapsed_ms, checksum, fingerprint, db_user, host, tool, error) VALUES (:batch, :segment, :version, :name,"
        f" :direction, :event, :statement, :statements, {UTC_NOW} - INTERVAL :elapsed_us MICROSECOND, :elapsed_ms,"
        " :checksum, :fingerprint, CURRENT_USER(), :host, :tool, :error)"
    )

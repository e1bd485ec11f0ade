"""What is asked of information_schema, as text; values are `:database`. Rows have the names of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DATABASE = (
    "SELECT default_collation_name, {more} FROM information_schema.schemata WHERE schema_name = :database"
)
OF_DATABASE = {True: "schema_comment AS comment", False: "default_encryption AS encryption"}

TABLES = """SELECT table_name, table_type, table_collation, table_comment FROM information_schema.tables
WHERE table_schema = :database ORDER BY table_name"""

COLUMNS = """SELECT table_name, column_name, collation_name, column_comment FROM information_schema.columns
WHERE table_schema = :database"""

VIEWS = """SELECT table_name, check_option, definer, security_type
FROM information_schema.views WHERE table_schema = :database"""

TRIGGERS = """SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_statement, sql_mode,
  definer, database_collation
FROM information_schema.triggers WHERE trigger_schema = :database
ORDER BY event_object_table, action_timing, event_manipulation, action_order"""

ROUTINES = """SELECT routine_name, routine_type, routine_definition, external_language, is_deterministic,
  sql_data_access, security_type, sql_mode, routine_comment, definer, database_collation
FROM information_schema.routines WHERE routine_schema = :database"""

# All columns: newer versions of MariaDB have one more, for what a parameter is if it is not given.
PARAMETERS = """SELECT * FROM information_schema.parameters WHERE specific_schema = :database
ORDER BY specific_name, ordinal_position"""

EVENTS = """SELECT event_name, event_definition, execute_at, interval_value, interval_field, starts, ends, time_zone,
  status, on_completion, event_comment, created, last_altered, definer, sql_mode, database_collation
FROM information_schema.events WHERE event_schema = :database"""

LIBRARIES = """SELECT library_name, library_definition, language, library_comment, creator, sql_mode
FROM information_schema.libraries WHERE library_schema = :database"""

# Every table of the catalog that says of what database its rows are, so that what is new in a server is not passed
# over in silence.
CATALOG = """SELECT LOWER(table_name) AS catalog, MIN(column_name) AS holder FROM information_schema.columns
WHERE table_schema = 'information_schema' AND column_name LIKE '%\\_SCHEMA' AND column_name NOT LIKE 'REFERENCED%'
GROUP BY table_name ORDER BY 1"""
# What the other questions are about, or SHOW CREATE tells; what is told as a part of something else, or is no
# structure: numbers of rows and uses, what the storage engine says, what waits for whom.
KNOWN = frozenset(
    {
        "check_constraints", "column_privileges", "columns", "columns_extensions", "events", "files",
        "geometry_columns", "index_statistics", "json_duality_view_columns", "json_duality_view_links",
        "json_duality_view_tables", "json_duality_views", "key_column_usage", "key_period_usage", "libraries",
        "parameters", "partitions", "periods", "referential_constraints", "role_column_grants", "role_routine_grants",
        "role_table_grants", "routines", "schema_privileges", "sequences", "st_geometry_columns", "statistics",
        "table_constraints", "table_constraints_extensions", "table_privileges", "table_statistics", "tables",
        "tables_extensions", "triggers", "view_routine_usage", "view_table_usage", "views",
    }
)  # fmt: skip


def counted(catalogs: Iterable[Mapping[str, str]]) -> str | None:
    """The question how many rows of this database there are in each table of the catalog that nobody asks about.

    `catalogs` are the rows of `CATALOG`. None where there is no such table.
    """
    parts = [
        f"SELECT '{each['catalog']}' AS kind, COUNT(*) AS number FROM information_schema.{each['catalog']}"
        f" WHERE {each['holder']} = :database"
        for each in catalogs
        if each["catalog"] not in KNOWN
    ]
    return " UNION ALL ".join(parts) or None


def show(kind: str, name: str) -> str:
    """The question what a thing is made of; `name` in quotes."""
    return f"SHOW CREATE {kind} {name}"

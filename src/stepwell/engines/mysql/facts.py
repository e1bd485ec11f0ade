"""What is in the catalog of one database, as facts: an object, and a digest of what is said of it. Nothing here acts.

The server makes the digests: a few rows come back, however large the schema is. Left out is what changes without a
statement of the kind that is asked about: numbers of rows, the next number of a column, when an event last ran. What
is said of a view's columns, and whether it is valid, follows from its tables, so it is left out too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fact(NamedTuple):
    """What is said of an object, or of a part of it that another one (`of`) has to do with."""

    kind: str
    name: str
    of: str
    digest: str


# Kinds of facts that belong to a table, view or sequence, or to its parts. The last two columns of a source are the
# object that the fact is about, and the other one that has to do with it.
PARTS = frozenset({"column", "index", "constraint", "key", "reference", "check", "partition", "definition"})
OBJECTS = frozenset({"table", "view", "sequence"})


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of the catalog: the kind of its facts, whose they are, of which database, and what is hashed."""

    table: str
    kind: str
    name: str
    schema: str
    columns: str
    of: str = "NULL"
    mysql: str = ""  # columns that only one of the servers has
    mariadb: str = ""
    where: str = "TRUE"

    def query(self, *, is_mariadb: bool) -> str:
        """Its rows, each as a fact with a hash."""
        columns = self.columns + (self.mariadb if is_mariadb else self.mysql)
        return (
            f"SELECT {self.kind} AS kind, {self.name} AS name, {self.of} AS also,"
            f" SHA2(JSON_ARRAY({columns}), 256) AS hash FROM information_schema.{self.table}"
            f" WHERE {self.schema} = :database AND {self.where}"
        )


_NO_COMMENT = "IF(table_type = 'VIEW', NULL, table_comment)"  # of a view: whether it is valid
_SOURCES = (
    _Source(
        "tables",
        "CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END",
        "table_name",
        "table_schema",
        f"table_type, engine, table_collation, create_options, {_NO_COMMENT}",
    ),
    _Source(
        "columns",
        "'column'",
        "table_name",
        "table_schema",
        "column_name, ordinal_position, column_default, is_nullable, column_type, character_set_name, collation_name,"
        " extra, column_comment, generation_expression",
        mysql=", srs_id",
    ),
    _Source(
        "statistics",
        "'index'",
        "table_name",
        "table_schema",
        "index_name, seq_in_index, column_name, non_unique, collation, sub_part, index_type, index_comment",
        mysql=", is_visible, expression",
        mariadb=", ignored",
    ),
    _Source(
        "table_constraints",
        "'constraint'",
        "table_name",
        "table_schema",
        "constraint_name, constraint_type",
        mysql=", enforced",
    ),
    _Source(
        "key_column_usage",
        "'key'",
        "table_name",
        "table_schema",
        "constraint_name, column_name, ordinal_position, position_in_unique_constraint, referenced_table_schema,"
        " referenced_table_name, referenced_column_name",
        of="referenced_table_name",
    ),
    _Source(
        "referential_constraints",
        "'reference'",
        "table_name",
        "constraint_schema",
        "constraint_name, unique_constraint_name, match_option, update_rule, delete_rule, referenced_table_name",
        of="referenced_table_name",
    ),
    _Source(
        "partitions",
        "'partition'",
        "table_name",
        "table_schema",
        "partition_name, subpartition_name, partition_ordinal_position, subpartition_ordinal_position,"
        " partition_method, subpartition_method, partition_expression, subpartition_expression,"
        " partition_description, partition_comment, tablespace_name",
        where="partition_name IS NOT NULL",
    ),
    _Source(
        "views",
        "'definition'",
        "table_name",
        "table_schema",
        "view_definition, check_option, definer, security_type, character_set_client, collation_connection",
        mariadb=", algorithm",
    ),
    _Source(
        "triggers",
        "'trigger'",
        "trigger_name",
        "trigger_schema",
        "event_manipulation, event_object_table, action_statement, action_timing, sql_mode, definer",
        of="event_object_table",
    ),
    _Source(
        "routines",
        "LOWER(routine_type)",
        "routine_name",
        "routine_schema",
        "routine_definition, dtd_identifier, is_deterministic, sql_data_access, security_type, routine_comment,"
        " definer, UNIX_TIMESTAMP(created), UNIX_TIMESTAMP(last_altered)",
    ),
    _Source(
        "parameters",
        "LOWER(routine_type)",
        "specific_name",
        "specific_schema",
        "ordinal_position, parameter_mode, parameter_name, dtd_identifier",
    ),
    _Source(
        "events",
        "'event'",
        "event_name",
        "event_schema",
        # Its times are in the time zone of the event, those of routines in that of the session.
        "event_definition, event_type, CAST(execute_at AS CHAR), interval_value, interval_field,"
        " CAST(starts AS CHAR), CAST(ends AS CHAR), time_zone, status, on_completion, event_comment, definer",
    ),
    _Source(
        "schemata",
        "'database'",
        "schema_name",
        "schema_name",
        "default_character_set_name, default_collation_name",
        mysql=", default_encryption",
        mariadb=", schema_comment",
    ),
)
# The one source that differs as a whole: MySQL does not say to which table a check belongs.
_CHECKS_OF_MYSQL = (
    "SELECT 'check' AS kind, t.table_name AS name, NULL AS also,"
    " SHA2(JSON_ARRAY(c.constraint_name, c.check_clause), 256) AS hash"
    " FROM information_schema.check_constraints c JOIN information_schema.table_constraints t"
    " ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name"
    " WHERE c.constraint_schema = :database AND t.constraint_schema = :database AND t.constraint_type = 'CHECK'"
)
_CHECKS_OF_MARIADB = _Source(
    "check_constraints",
    "'check'",
    "table_name",
    "constraint_schema",
    "constraint_name, level, check_clause",
).query(is_mariadb=True)


# With quotes of another kind the server would write expressions otherwise; and what a migration has set as a time limit
# for its statements is not meant for this one.
_SETTING_OF_MARIADB = "SET STATEMENT sql_mode = '', max_statement_time = 0 FOR "
_HINT_OF_MYSQL = (
    "/*+ SET_VAR(sql_mode = 'STRICT_TRANS_TABLES') MAX_EXECUTION_TIME(3600000) */ "  # '' is no value there
)


def select_facts(*, is_mariadb: bool) -> str:
    """The query for all facts of a `:database`. Names come in hexadecimal, as their bytes are compared."""
    sources = [source.query(is_mariadb=is_mariadb) for source in _SOURCES]
    sources.append(_CHECKS_OF_MARIADB if is_mariadb else _CHECKS_OF_MYSQL)
    half = "BIT_XOR(CAST(CONV({}(hash, 16), 16, 10) AS UNSIGNED))"
    before, hint = ("", _HINT_OF_MYSQL) if not is_mariadb else (_SETTING_OF_MARIADB, "")
    return (
        f"{before}SELECT {hint}kind, HEX(name), HEX(also), COUNT(*), {half.format('LEFT')}, {half.format('RIGHT')}"
        f" FROM ({' UNION ALL '.join(sources)}) facts GROUP BY 1, 2, 3"
    )


def facts_of(rows: Sequence[Sequence[Any]]) -> tuple[Fact, ...]:
    """Make facts of its rows, in a fixed order, without those that views take over from their tables."""
    found = [
        Fact(str(kind), _name(name), _name(of), f"{count}-{first:x}-{second:x}")
        for kind, name, of, count, first, second in rows
    ]
    views = {fact.name for fact in found if fact.kind == "view"}
    return tuple(sorted(fact for fact in found if fact.kind != "column" or fact.name not in views))


def _name(text: str | None) -> str:
    return bytes.fromhex(text).decode(errors="replace") if text else ""

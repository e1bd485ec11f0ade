"""PostgreSQL's lexical rules and what its commands do, as data. Not its dialect: nothing here makes SQL."""

from __future__ import annotations

from types import MappingProxyType

from stepwell.core.sql.rules import BodyRule, CommandRules, Fold, LexRules, OutsideOnly

_NAME = r"(?:\S+ \. )*\S+"

_NO = r"(FALSE|OFF|0|'')"  # a value in quotes is taken as what allows more

_OUTSIDE_ONLY = {
    "CREATE INDEX": OutsideOnly(
        "CREATE INDEX CONCURRENTLY commits several times itself", r"CREATE (UNIQUE )?INDEX CONCURRENTLY\b"
    ),
    "DROP INDEX": OutsideOnly(
        "DROP INDEX CONCURRENTLY commits several times itself", r"DROP INDEX CONCURRENTLY\b"
    ),
    "REINDEX": OutsideOnly(
        "REINDEX of more than one table, or CONCURRENTLY, commits several times itself",
        r"REINDEX (\( [^)]* \) )?((SCHEMA|DATABASE|SYSTEM)\b|\w+ CONCURRENTLY\b)"
        r"|REINDEX \( ([^)]* , )?CONCURRENTLY( (TRUE|ON|1|''))?( ,| \))",
    ),
    "ALTER TABLE": OutsideOnly(
        "DETACH PARTITION CONCURRENTLY commits twice itself",
        rf"ALTER TABLE (IF EXISTS )?(ONLY )?{_NAME}( \*)? DETACH PARTITION {_NAME} CONCURRENTLY\b",
    ),
    "VACUUM": OutsideOnly("VACUUM uses transactions of its own"),
    "CLUSTER": OutsideOnly(
        "CLUSTER without a table uses transactions of its own", r"CLUSTER( VERBOSE)?( \( [^)]* \))?( ;)?$"
    ),
    "REPACK": OutsideOnly(
        "REPACK without a table, or CONCURRENTLY, uses transactions of its own",
        r"REPACK( \( [^)]* \))?( ;)?$|REPACK \( ([^)]* , )?CONCURRENTLY( (TRUE|ON|1|''))?( ,| \))",
    ),
    "CREATE DATABASE": OutsideOnly("a database can't be created in a transaction"),
    "DROP DATABASE": OutsideOnly("a database can't be dropped in a transaction"),
    "ALTER DATABASE": OutsideOnly(
        "a database can't be moved in a transaction", rf"ALTER DATABASE {_NAME} SET TABLESPACE\b"
    ),
    "CREATE TABLESPACE": OutsideOnly("a tablespace can't be created in a transaction"),
    "DROP TABLESPACE": OutsideOnly("a tablespace can't be dropped in a transaction"),
    "ALTER SYSTEM": OutsideOnly("ALTER SYSTEM writes a file of the server, which no transaction can undo"),
    "CREATE SUBSCRIPTION": OutsideOnly(
        "CREATE SUBSCRIPTION makes a replication slot, which no transaction can undo",
        rf"(?!.* WITH \( (.* , )?(CONNECT|CREATE_SLOT) = {_NO}( ,| \)))",
    ),
    "ALTER SUBSCRIPTION": OutsideOnly(
        "ALTER SUBSCRIPTION with a refresh asks another server, which no transaction can undo",
        rf"ALTER SUBSCRIPTION {_NAME} (REFRESH\b|(SET|ADD|DROP) PUBLICATION\b(?!.* REFRESH = {_NO}))",
    ),
    "DROP SUBSCRIPTION": OutsideOnly(
        "DROP SUBSCRIPTION drops a replication slot, which no transaction can undo"
    ),
    "DISCARD ALL": OutsideOnly("DISCARD ALL ends what a transaction stands on"),
    "COMMIT PREPARED": OutsideOnly("it ends a transaction, but not the one that it is in"),
    "ROLLBACK PREPARED": OutsideOnly("it ends a transaction, but not the one that it is in"),
}

_WRITING_FUNCTIONS = (
    r"nextval|setval|set_config|pg_notify|setseed"
    r"|pg_(try_)?advisory_\w+"
    r"|pg_(terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_log_\w+|pg_promote|pg_switch_wal"
    r"|pg_create_\w+|pg_drop_\w+|pg_copy_\w+|pg_sync_\w+|pg_replication_\w+|pg_logical_\w+|pg_wal_replay_\w+"
    r"|pg_backup_\w+|pg_(start|stop)_backup|pg_export_snapshot|pg_stat_reset\w*|pg_stat_statements_reset"
    r"|pg_current_xact_id|txid_current|pg_import_system_collations|pg_restore_\w+|pg_clear_\w+|pg_prewarm"
    r"|pg_file_\w+|pg_truncate_\w+|heap_force_\w+"
    r"|lo_\w+|lowrite|dblink\w*|query_to_\w+|brin_\w+|gin_clean_pending_list"
)

POSTGRESQL = LexRules(
    name="postgresql",
    escape_strings=True,
    unicode_strings=True,
    dollar_quotes=True,
    nested_comments=True,
    carriage_return_ends_comment=True,
    hints=True,
    placeholder=r"\$[0-9]+",
    client="psql",
    copy_blocks=True,
    bodies=BodyRule(objects=frozenset({"FUNCTION", "PROCEDURE"}), opener=("BEGIN", "ATOMIC")),
    commands=CommandRules(
        fold=Fold.LOWER_UNQUOTED,
        name_bytes=63,
        outside_only=MappingProxyType(_OUTSIDE_ONLY),
        adds_enum_value=rf"ALTER TYPE {_NAME} ADD VALUE\b",
        select_into_creates=True,
        writing_functions=_WRITING_FUNCTIONS,
        counting_types=MappingProxyType(
            {
                "smallserial": "smallint",
                "serial2": "smallint",
                "serial": "integer",
                "serial4": "integer",
                "bigserial": "bigint",
                "serial8": "bigint",
            }
        ),
    ),
)

"""SQLite's lexical rules and what its commands do, as data. Not its dialect: nothing here makes SQL."""

from __future__ import annotations

from types import MappingProxyType

from stepwell.core.sql.rules import BodyRule, CommandRules, Fold, LexRules, OutsideOnly

SQLITE = LexRules(
    name="sqlite",
    string_prefixes="X",
    backtick_identifiers=True,
    bracket_identifiers=True,
    operators=("<>", "<=", ">=", "==", "!=", "||", "<<", ">>", "->", "->>"),
    placeholder=r"\?[0-9]*|[@$#][A-Za-z_\x80-\U0010ffff0-9$]+",
    bodies=BodyRule(objects=frozenset({"TRIGGER"}), opener=("BEGIN",)),
    commands=CommandRules(
        one_lock=True,
        fold=Fold.LOWER_ALL,
        outside_only=MappingProxyType(
            {
                "VACUUM": OutsideOnly("VACUUM rewrites the whole file in a transaction of its own"),
                "DETACH": OutsideOnly("a database can't be detached in a transaction"),
                "PRAGMA": OutsideOnly(
                    "in a transaction this setting is refused or, worse, silently ignored",
                    r"PRAGMA (\S+ \. )?((JOURNAL_MODE|SYNCHRONOUS) [=(]|WAL_CHECKPOINT\b)",
                ),
            }
        ),
        writing_functions=r"load_extension|writefile|edit|fts3_tokenizer",
        reading_pragmas=frozenset(
            {
                "table_info",
                "table_xinfo",
                "table_list",
                "index_info",
                "index_xinfo",
                "index_list",
                "foreign_key_list",
                "foreign_key_check",
                "integrity_check",
                "quick_check",
                "database_list",
                "collation_list",
                "function_list",
                "module_list",
                "pragma_list",
                "compile_options",
            }
        ),
        acting_pragmas=frozenset(
            {"optimize", "incremental_vacuum", "shrink_memory", "wal_checkpoint", "data_store_directory"}
        ),
    ),
)

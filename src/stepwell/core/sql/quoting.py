"""How names and texts are written in SQL, so that they can be nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# What some engine reserves, and people call things. In quotes, a word that is not reserved means the same.
_WORDS = """
    accessible add all alter always analyse analyze and any array as asc asensitive asymmetric attach authorization
    autoincrement before begin between bigint binary blob both by call cascade case cast change char character check
    collate collation column commit concurrently condition conflict constraint continue convert create cross cube
    cume_dist current current_catalog current_date current_role current_schema current_time current_timestamp
    current_user cursor database databases day_hour day_minute dec decimal declare default deferrable deferred delayed
    delete dense_rank desc describe detach deterministic distinct distinctrow div do double drop dual each else elseif
    empty enclosed end escape escaped except exclusive exists exit explain fail false fetch first_value float for force
    foreign freeze from full fulltext function generated get glob grant group grouping groups having high_priority if
    ignore ilike immediate in indexed index infile initially inner inout insensitive insert instead int integer
    intersect interval into io_after_gtids is isnull iterate join json_table key keys kill lag last_value lateral lead
    leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop
    low_priority master_bind match materialized maxvalue mediumblob mediumint mediumtext mod modifies natural no not
    nothing notnull nth_value ntile null nulls numeric of off offset on only open optimize option optionally or order
    others out outer outfile over overlaps partition percent_rank placing plan pragma precision primary procedure purge
    query raise range rank read reads real recursive references regexp reindex release rename repeat replace require
    resignal restrict return returning revoke right rlike rollback row row_number rows savepoint schema schemas select
    sensitive separator session_user set show signal similar smallint some spatial specific sql sqlexception sqlstate
    sqlwarning ssl starting stored straight_join symmetric system system_user table tablesample temp temporary
    terminated then ties tinyblob tinyint tinytext to trailing transaction trigger true undo union unique unlock
    unsigned update usage use user using utc_date utc_time utc_timestamp vacuum values varbinary varchar varcharacter
    variadic varying verbose view virtual when where while window with within without write xor zerofill
"""
_RESERVED = frozenset(_WORDS.split())


def quote_name(name: str, rules: LexRules) -> str:
    """A name, in quotes where it needs them."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    quote = "`" if rules.double_quoted_strings else '"'
    return quote + name.replace(quote, quote * 2) + quote


def quote_text(text: str, rules: LexRules) -> str:
    """A text as a literal."""
    text = text.replace("\\", "\\\\") if rules.backslash_escapes else text
    return "'" + text.replace("'", "''") + "'"

"""Which functions are known to only compute, or to set the session; what is not known may do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.reader import identifier
from stepwell.core.sql.tokens import Kind

if TYPE_CHECKING:
    from stepwell.core.sql.reader import Reader
    from stepwell.core.sql.tokens import Token

_NOTHING_CALLED = """
ALL AND ANY ARRAY AS BETWEEN BY CASE CAST DISTINCT ELSE EXCEPT EXISTS FILTER FROM HAVING IN
INTERSECT INTERVAL IS JOIN LATERAL LIKE LIMIT NOT NULL OFFSET ON OR ORDER OVER PARTITION ROW ROWS
SELECT SOME THEN UNION USING VALUES WHEN WHERE WITHIN MATERIALIZED GROUP RECURSIVE CHAR CHARACTER
VARCHAR NUMERIC DECIMAL BIT FLOAT TIME TIMESTAMP TIMESTAMPTZ
"""
_COMPUTE = """
abs array_agg array_length avg bool_and bool_or btrim cardinality ceil ceiling char_length coalesce
concat concat_ws count cume_dist current_date current_schema current_setting current_time
current_timestamp date date_part date_trunc datetime dense_rank every exp extract first_value floor
format format_type generate_series greatest group_concat hex if ifnull iif initcap instr json_agg
json_array_length json_build_object json_extract json_object_agg json_type json_valid jsonb_agg
jsonb_array_length jsonb_build_object jsonb_object_agg jsonb_typeof julianday lag last_value lead
least left length ln localtimestamp lower lpad ltrim max min mod now ntile nullif obj_description
octet_length overlay percent_rank pg_get_constraintdef pg_get_indexdef pg_get_viewdef
pg_relation_size pg_size_pretty pg_table_size pg_total_relation_size pg_typeof position power printf
quote_ident quote_literal rank regexp_matches regexp_replace repeat replace reverse right round
row_number row_to_json rpad rtrim set_config sign split_part sqrt strftime string_agg string_to_array strpos
substr substring sum to_char to_date to_json to_jsonb to_number to_regclass to_regtype to_timestamp
total translate trim trunc typeof unicode unnest upper version
"""

NO_CALLS = frozenset(_NOTHING_CALLED.split())  # words that stand before parentheses and call nothing
ONLY_COMPUTE = frozenset(_COMPUTE.split())  # functions of the databases themselves, by their lower-case names


def calls_unknown(reader: Reader) -> bool:
    """Whether a function is called that is not known to only compute: its text can't tell what it does."""
    before: Token | None = None
    qualified = False
    for token in reader:
        if token.text == "(" and before is not None:
            if before.kind is Kind.WORD:
                known = before.text.upper() in NO_CALLS or (
                    before.text.lower() in ONLY_COMPUTE and not qualified
                )
                if not known:
                    return True
            elif identifier(before, reader.rules.commands) is not None:
                return True
        qualified = before is not None and before.text == "."
        before = token
    return False

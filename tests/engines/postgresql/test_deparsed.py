"""Expressions have one form, before a dump and restore and after; and what means something else has another."""

import psycopg
import pytest

from stepwell.engines.postgresql.structure.deparsed import normal

CASES = [
    # what the server writes first, what it writes after a restore
    ("CHECK ((((a >= 1) AND (a <= 5)) AND (b > 0)))", "CHECK (((a >= 1) AND (a <= 5) AND (b > 0)))"),
    ("(((a = 1) OR (a = 2)) OR (b = 3))", "((a = 1) OR (a = 2) OR (b = 3))"),
    ("((x)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
     "((x)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))"),
    ("((ARRAY['a, b'::character varying(5)])::character varying(9)[])",
     "(ARRAY[('a, b'::character varying(5))::character varying(9)])"),
    ("((ARRAY[1, 2])::bigint[] || x[1])", "(ARRAY[(1)::bigint, (2)::bigint] || x[1])"),
    ("((ARRAY['a'::text])::app.\"we ird\"[])", "(ARRAY[('a'::text)::app.\"we ird\"])"),
]  # fmt: skip
SAME = [
    "(a AND b)",
    "(((a = 1) AND (b = 2)) OR (c = 3))",
    "(((a = 1) OR (b = 2)) AND (c = 3))",
    "(NOT ((a = 1) AND (b = 2)))",
    "'((a AND b) AND c)'::text",
    '"((a AND b) AND c)"',
    "sum(x) OVER (ORDER BY y ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "f((a AND b), c) AND (d AND e) AND g(1)",
    "it's broken ((a AND b) AND c",
    "((a AND b) AND c]",
]  # fmt: skip


@pytest.mark.parametrize(("first", "restored"), CASES)
def test_both_forms_are_one(first: str, restored: str) -> None:
    assert normal(first) == normal(restored) == restored


@pytest.mark.parametrize("text", SAME)
def test_what_has_one_form_keeps_it(text: str) -> None:
    assert normal(text) == text


EXPRESSIONS = [
    "v IN ('a', 'b')",
    "v NOT IN ('a', 'b') AND n BETWEEN 1 AND 5",
    "n BETWEEN 1 AND 5 AND m > 0",
    "m > 0 AND n BETWEEN 1 AND 5",
    "m > 0 AND n NOT BETWEEN 1 AND 5 AND m < 9",
    "n BETWEEN 1 AND 5 OR m BETWEEN 2 AND 3",
    "(n BETWEEN 1 AND 5 OR m > 2) AND (n > 2 AND (m > 1 AND n > 7))",
    "NOT (n BETWEEN 1 AND 5 AND m > 0)",
    "n BETWEEN SYMMETRIC 5 AND 1 AND m > 0",
    "CASE WHEN n BETWEEN 1 AND 5 AND m > 0 THEN v IN ('x', 'y') ELSE c IN ('x', 'y') END",
    "c = ANY (ARRAY['a', 'b'])",
    "v = ANY (ARRAY['a', 'b']::varchar(3)[])",
    "v LIKE ANY (ARRAY['a%', 'it''s (b, c)]'])",
    "coalesce(v, 'a') IN ('a', 'b, (c') AND length(v) BETWEEN 1 AND 3 AND v <> 'x AND y'",
    "n = ANY (ARRAY[1, 2]::bigint[])",
    "d BETWEEN '2024-01-01' AND '2024-12-31' AND d <> '2024-02-29' AND v IN ('a')",
    "m IN (1, 2.5, -3) AND n IN (1, 2)",
    "(v, c) IN (('a', 'b'), ('c', 'd'))",
    "v::text IN ('a', 'b') OR v IN ('c', 'd') OR v ~ '^(x|y)$'",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_server_reads_its_own_text(expression: str, postgresql_url: str) -> None:
    """What it writes of the expression, and of its own text again and again, has one form."""
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE TABLE t (v varchar(9), c char(3), n int, m numeric, d date)")
        forms = []
        text = f"CHECK ({expression})"
        for _ in range(3):
            connection.execute(f"ALTER TABLE t ADD CONSTRAINT k {text}".encode())
            row = connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'k'"
            ).fetchone()
            assert row is not None
            text = row[0]
            forms.append(normal(text))
            connection.execute("ALTER TABLE t DROP CONSTRAINT k")
    assert forms == [forms[0]] * 3

"""Values of variables, as an attacker gives them: they stay values, in SQL and in Python."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stepwell.app.new import Existing, Wish, draft
from stepwell.app.templates import Templates
from stepwell.core.errors import UsageError
from stepwell.core.migration import Language
from stepwell.core.settings import Numbering
from stepwell.core.sql.lexer import significant
from stepwell.core.sql.tokens import Kind as Token
from stepwell.core.templates.template import Kind, read_template
from stepwell.core.templates.values import written
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.parts import find_engine

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.templates.template import Template

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RULES = [POSTGRESQL, SQLITE, MYSQL, MARIADB]
DIALECTS = {rules.name: find_engine(rules.name).dialect for rules in RULES}

WRITTEN = [
    ("users", Kind.NAME, POSTGRESQL, "users"),
    ("order", Kind.TABLE, POSTGRESQL, '"order"'),
    ("Users", Kind.NAME, POSTGRESQL, '"Users"'),
    ('a"b', Kind.NAME, POSTGRESQL, '"a""b"'),
    ("a`b", Kind.NAME, MYSQL, "`a``b`"),
    ("shop.user", Kind.TABLE, MYSQL, "shop.`user`"),
    ("it's", Kind.TEXT, POSTGRESQL, "'it''s'"),
    ("a\\' b", Kind.TEXT, MYSQL, "'a\\\\'' b'"),
    ("new, it's", Kind.TEXTS, SQLITE, "'new', 'it''s'"),
    ("12", Kind.NUMBER, SQLITE, "12"),
    ("numeric(10, 2) DEFAULT 'a;b'", Kind.SQL, POSTGRESQL, "numeric(10, 2) DEFAULT 'a;b'"),
]

REFUSED = [
    ("", Kind.NAME, "is empty"),
    ("a\nb", Kind.TEXT, "holds a control character"),
    ("a\u202eb", Kind.NAME, "holds a control character"),
    ("a..b", Kind.NAME, "is no name"),
    ("x" * 64, Kind.NAME, "is longer than 63 bytes"),
    ("new,,done", Kind.TEXTS, "has nothing between two commas"),
    ("-1", Kind.NUMBER, "is no whole number"),
    ("text; DROP TABLE users", Kind.SQL, "ends the statement"),
    ("text -- ", Kind.SQL, "begins a comment"),
    ("text /* ", Kind.SQL, "leaves something open"),
    ("text DEFAULT '", Kind.SQL, "leaves something open"),
    ("text DEFAULT $$", Kind.SQL, "leaves something open"),
    ("text) AS SELECT (1", Kind.SQL, "closes more than it opens"),
    ("numeric(1", Kind.SQL, "opens more than it closes"),
    ("text DEFAULT :x", Kind.SQL, "holds a parameter"),
    ("text DEFAULT $1", Kind.SQL, "holds a parameter"),
]


@pytest.mark.parametrize(("value", "kind", "rules", "expected"), WRITTEN)
def test_written(value: str, kind: Kind, rules: LexRules, expected: str) -> None:
    assert written(value, kind, rules) == expected


@pytest.mark.parametrize(("value", "kind", "told"), REFUSED)
def test_refused(value: str, kind: Kind, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        written(value, kind, POSTGRESQL)


# --- an attacker ---

SQL = """\
-- template:variable value (KIND): a value
-- migrate:up
ALTER TABLE a ADD b ${value} c;
-- migrate:down
SELECT ${value};
"""
PYTHON = '''\
# template:variable value (KIND): a value
from stepwell import Migration, database

TEXT = f"""ALTER TABLE a ADD b ${value} c"""


class ${class_name}(Migration):
    """${description} ${value}"""

    # ${value}
    dependencies = ${dependencies}

    async def up(self) -> None:
        await database.execute('ALTER TABLE a ADD b ${value} c')
'''
NASTY = [
    "'; DROP TABLE users; --",
    "a'b\"c",
    '""")\nimport os',
    '"""); import os  # ',
    "\\",
    "{__import__('os')}",
    "\\N{BULLET}",
    "${name}",
    "*/ x /*",
    "$$",
    "\\'",
]


def made(template: Template, language: Language, value: str, rules: LexRules) -> str | None:
    """The text of the file, or None where the value was refused."""
    wish = Wish("x", language, Numbering.SEQUENTIAL, (), "t", {"value": value})
    try:
        return draft(wish, template, Existing(), DIALECTS[rules.name], NOW).files[0].text
    except UsageError as error:
        refused = error.message
    assert "no migration" not in refused, "it was found out only when the file was read"
    return None


def statements(text: str, rules: LexRules) -> list[Token]:
    """The kinds of what ends statements, of comments, and of what is left open."""
    ends = {Token.TERMINATOR, Token.UNTERMINATED, Token.META, Token.DATA, Token.PARAMETER}
    return [token.kind for token in significant(text, rules) if token.kind in ends]


ANYTHING = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=20), st.text("ab'\"\\;-/*$`(){}:#\n .", max_size=12)
)


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.name)
@given(value=ANYTHING, kind=st.sampled_from(Kind))
@example(value='"""', kind=Kind.TEXT)
def test_sql_has_as_many_statements_whatever_the_value_is(rules: LexRules, value: str, kind: Kind) -> None:
    template = read_template("t.sql", Language.SQL, SQL.replace("KIND", kind))
    if (text := made(template, Language.SQL, value, rules)) is not None:
        assert statements(text, rules) == [Token.TERMINATOR] * 2
    if (text := made(template, Language.PYTHON, value, rules)) is not None:
        assert shape(text) == shape(made(template, Language.PYTHON, "1", rules) or "")


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.name)
@given(value=ANYTHING, kind=st.sampled_from(Kind))
def test_python_has_the_same_tree_whatever_the_value_is(rules: LexRules, value: str, kind: Kind) -> None:
    template = read_template("t.py", Language.PYTHON, PYTHON.replace("KIND", kind))
    if (text := made(template, Language.PYTHON, value, rules)) is not None:
        assert shape(text) == shape(made(template, Language.PYTHON, "1", rules) or "")


def shape(text: str) -> str:
    """The tree of Python code without the values of its texts."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@given(st.text(min_size=1, max_size=60))
@example('"""\nimport os\n')
@example("x'''; \\")
@example("-- migrate:up")
@example("{__import__('os')}")
def test_no_name_becomes_code(name: str) -> None:
    templates = Templates("postgresql")
    for language in Language:
        wish = Wish(name, language, Numbering.SEQUENTIAL, (), "table", {"table": "a"})
        try:
            files = draft(
                wish, templates.get("table", language), Existing(), DIALECTS["postgresql"], NOW
            ).files
        except UsageError:
            return  # nothing in it can be in the name of a file
        if language is Language.PYTHON:
            (node,) = [each for each in ast.parse(files[0].text).body if isinstance(each, ast.ClassDef)]
            assert [type(each) for each in node.body] == [
                ast.Expr, ast.Assign, ast.AsyncFunctionDef, ast.AsyncFunctionDef,
            ]  # fmt: skip
        else:
            assert statements(files[0].text, POSTGRESQL) == [Token.TERMINATOR] * 2

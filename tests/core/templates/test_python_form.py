"""The Python form of a migration in SQL: it says the same, statement by statement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import MigrationFileError
from stepwell.core.files.parse import parse
from stepwell.core.migration import Direction, Language, Migration, SourceFile, Version
from stepwell.core.templates.python_form import python_form
from stepwell.engines.postgresql.lexical import POSTGRESQL

ALL = r'''
-- description: Say "hi"
-- depends: 001, 002
-- irreversible: false
-- ends_segment
-- lock_timeout: 2s
-- tags: a, b

-- migrate:up transaction:false
-- Why this
-- is done.
CREATE TABLE "a" (
    b text DEFAULT '\d"""'
);

SELECT 'one line', 'C:\';
SELECT "a", "b" FROM c WHERE d = 'e';
INSERT INTO a VALUES ('two
lines');

-- migrate:down
DROP TABLE "a";
'''.lstrip()

FORM = r'''
from stepwell import Migration, database


class Form(Migration):
    """Say "hi\""""

    dependencies = ["001", "002"]
    transactional = False
    ends_segment = True
    lock_timeout = 2.0
    tags = ['a', 'b']

    async def up(self) -> None:
        # Why this
        # is done.
        await database.execute("""
            CREATE TABLE "a" (
                b text DEFAULT '\\d\"\"\"'
            )
        """)
        await database.execute("SELECT 'one line', 'C:\\'")
        await database.execute('SELECT "a", "b" FROM c WHERE d = \'e\'')
        await database.execute("""
INSERT INTO a VALUES ('two
lines')
""")

    async def down(self) -> None:
        await database.execute('DROP TABLE "a"')
'''.lstrip()


def read(text: str, language: Language) -> Migration:
    source = SourceFile(f"003_form.{language}", language, Version("003"), "form", text.encode(), "")
    return parse(source, POSTGRESQL)


def test_everything_is_there() -> None:
    sql = read(ALL, Language.SQL)
    form = python_form(sql, "Form", POSTGRESQL)
    assert form == FORM
    python = read(form, Language.PYTHON)
    assert (python.description, python.dependencies) == (sql.description, sql.dependencies)
    assert replace(python.traits, transactional=True) == sql.traits
    assert not python.transactional(Direction.DOWN)  # Python says it for both directions


@given(st.lists(st.text("ab'\"\\ \n:$", max_size=12), min_size=1, max_size=3))
def test_statements_are_the_same(values: list[str]) -> None:
    literals = [f"SELECT '{value.replace(chr(39), chr(39) * 2)}', \"x\"" for value in values]
    sql = read("-- irreversible\n-- migrate:up\n" + "".join(f"{each};\n" for each in literals), Language.SQL)
    python = read(python_form(sql, "Form", POSTGRESQL), Language.PYTHON)
    up = Direction.UP
    assert (
        [each.text for each in python.statements(up)]
        == [each.text for each in sql.statements(up)]
        == literals
    )


def test_a_copy_block_has_none() -> None:
    sql = read("-- irreversible\n-- migrate:up\nCOPY a FROM STDIN;\n1\n\\.\n", Language.SQL)
    with pytest.raises(MigrationFileError, match="a COPY block has no form in Python") as caught:
        python_form(sql, "Form", POSTGRESQL)
    assert caught.value.place is not None
    assert caught.value.place.line == 3

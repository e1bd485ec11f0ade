"""What an author wrote beside the description."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from stepwell.core.files.parse import parse
from stepwell.core.files.remarks import remarks
from stepwell.engines.postgresql.lexical import POSTGRESQL

if TYPE_CHECKING:
    from tests.core.files.conftest import MakeSource

SQL = {
    "-- description: Add a\n-- depends: 001\n": "",
    "-- description: Add a\n-- Why: because\n--   of b\n\n-- transactional: false\n": "Why: because\n  of b",
    "--\n-- one\n--\n-- two\n": "one\n\ntwo",
    "/* a block\n * of two lines */\n": "a block\nof two lines",
    "-- Idempotent\n-- idempotently: done\n": "idempotently: done",
    "": "",
}
PYTHON = {
    '"""Add a."""': "",
    '"""Add a.\n\n    Because of b:\n\n    - c\n      - d\n    """': "Because of b:\n\n- c\n  - d",
    "pass": "",
}


@pytest.mark.parametrize("header", SQL)
def test_of_an_sql_file(make_source: MakeSource, header: str) -> None:
    assert (
        remarks(
            parse(make_source("001_a.sql", f"{header}-- migrate:up\nSELECT 1;\n-- not this\n"), POSTGRESQL)
        )
        == SQL[header]
    )


@pytest.mark.parametrize("body", PYTHON)
def test_of_a_python_file(make_source: MakeSource, body: str) -> None:
    text = "from stepwell import Migration\nclass A(Migration):\n    BODY\n    async def up(self): ...\n"
    assert remarks(parse(make_source("001_a.py", text.replace("BODY", body)), POSTGRESQL)) == PYTHON[body]


def test_the_docstring_of_the_module_comes_first(make_source: MakeSource) -> None:
    text = '''
    """About the module."""
    from stepwell import Migration

    class A(Migration):
        """Add a.

        About the class.
        """

        def get_description(self) -> str:
            return "Another one"

        async def up(self):
            """Not this."""
    '''
    told = remarks(parse(make_source("001_a.py", dedent(text)), POSTGRESQL))
    assert told == "About the module.\n\nAdd a.\n\nAbout the class."

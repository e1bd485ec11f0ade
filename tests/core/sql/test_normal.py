"""The normal form, pinned: a test that fails here would turn applied migrations into changed ones."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.normal import normal_form
from stepwell.core.sql.rules import LexRules
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("rules", "file", "digest"),
    [
        (POSTGRESQL, "postgresql.sql", "15f57b8df9241b52bca68b6308a1c4b80124e75042090033add980a655d4532f"),
        (SQLITE, "sqlite.sql", "b045183d8ab14656310e2c6b11c9756cead705d39484d97369fb81d2ae0d0b8a"),
        (MYSQL, "mysql.sql", "5b805a5fc152bf984547f8936126c26a95d5c32905d4af342c8ccbe83c5ce90a"),
        (MARIADB, "mysql.sql", "5b805a5fc152bf984547f8936126c26a95d5c32905d4af342c8ccbe83c5ce90a"),
    ],
    ids=lambda value: value.name if isinstance(value, LexRules) else "",
)
def test_it_never_changes(rules: LexRules, file: str, digest: str) -> None:
    form = normal_form((GOLDEN / file).read_text(encoding="utf-8"), rules)
    assert form == (GOLDEN / file).with_suffix(".normal.txt").read_text(encoding="utf-8").removesuffix("\n")
    assert hashlib.sha256(form.encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", ""),
        (" -- a\n/* b */", ""),
        ("select  1\n;-- a", "select 1 ;"),
        ("select\r\n'a\r\nb',\r'c\rd'", "select 'a\nb' , 'c\nd'"),
        ("SELECT a SELECT", "SELECT a SELECT"),
        ("a /*+ hint */ b /*! executed */", "a /*+ hint */ b"),
        ("'never closed", "'never closed"),
    ],
)
def test_what_counts(sql: str, expected: str) -> None:
    assert normal_form(sql, POSTGRESQL) == expected


@given(
    tokens=st.lists(st.sampled_from(["a", "'b'", "(", "$$c$$", '"d"', ";", "1.5", "::", ":e", "->>"])),
    blanks=st.lists(
        st.sampled_from([" ", "\n", "\t\r\n", " -- a\n", "/* ' */", "\n/* /* */ */ "]), min_size=1
    ),
)
def test_comments_and_blank_space_do_not_count(tokens: list[str], blanks: list[str]) -> None:
    spaced = "".join(token + blanks[index % len(blanks)] for index, token in enumerate(tokens))
    assert normal_form(blanks[0] + spaced, POSTGRESQL) == " ".join(tokens)

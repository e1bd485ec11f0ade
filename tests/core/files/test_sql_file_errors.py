"""What is wrong with an SQL migration is told with its line, and what to do."""

from collections.abc import Callable

import pytest

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.parse import parse
from stepwell.core.migration import Migration, SourceFile
from stepwell.core.sql.rules import LexRules
from stepwell.engines.postgresql.lexical import POSTGRESQL

MakeSource = Callable[[str, str | bytes], SourceFile]


def read(make_source: MakeSource, content: str, rules: LexRules = POSTGRESQL) -> Migration:
    return parse(make_source("007_add_index.sql", content), rules)


WRONG_MARKER = "write `-- migrate:up` or `-- migrate:down`, at the start of the line"
WRONG_OPTION = "the only option is `transaction:false` (or `transaction:true`)"
ADD_MARKER = "put the line `-- migrate:up` before the first statement"
NO_DURATION = "is not a length of time: write seconds, or for example '250ms', '5s', '10min'"
ERRORS: list[tuple[str, str, str, int | None, str | None]] = [
    ("empty", "", "no `-- migrate:up` marker", None, ADD_MARKER),
    ("a marker in a comment", "/*\n-- migrate:up\nA;\n*/\n", "no `-- migrate:up` marker", None, ADD_MARKER),
    ("only comments", "-- a\n/* b */", "no `-- migrate:up` marker", None, ADD_MARKER),
    ("no marker", "CREATE TABLE a ();", "no `-- migrate:up` marker", None, ADD_MARKER),
    (
        "the marker of another tool",
        "-- a\n-- +goose Up\nA;\n",
        "no `-- migrate:up` marker",
        2,
        "write `-- migrate:up` instead of `-- +goose Up`",
    ),
    ("only down", "-- migrate:down\nA;\n", "no `-- migrate:up` marker", None, ADD_MARKER),
    (
        "down before up",
        "-- migrate:down\nA;\n-- migrate:up\nB;\n",
        "`-- migrate:down` stands before `-- migrate:up`",
        1,
        "put the up section first",
    ),
    (
        "two up sections",
        "-- migrate:up\nA;\n-- migrate:up\nB;\n",
        "a second `-- migrate:up`",
        3,
        "put both into one section",
    ),
    (
        "two down sections",
        "-- migrate:up\nA;\n-- migrate:down\nB;\n-- migrate:down\nC;\n",
        "a second `-- migrate:down`",
        5,
        "put both into one section",
    ),
    (
        "a statement before the marker",
        "-- a\nCREATE TABLE a ();\n-- migrate:up\nA;\n",
        "a statement stands before `-- migrate:up`",
        2,
        "move it into a section, below its marker",
    ),
    (
        "a statement behind a comment before the marker",
        "/* a\n*/ B;\n-- migrate:up\nA;\n",
        "a statement stands before `-- migrate:up`",
        2,
        "move it into a section, below its marker",
    ),
    (
        "an empty up",
        "\n-- migrate:up\n-- nothing;\n;\n-- migrate:down\nA;\n",
        "the up section holds no statement",
        2,
        "write what the migration does",
    ),
    ("upp", "-- migrate:upp\nA;\n", "`-- migrate:upp` is not a marker", 1, WRONG_MARKER),
    ("in capitals", "-- Migrate:Up\nA;\n", "`-- Migrate:Up` is not a marker", 1, WRONG_MARKER),
    ("with a space", "-- migrate: up\nA;\n", "`-- migrate: up` is not a marker", 1, WRONG_MARKER),
    (
        "without a colon",
        "-- migrate:up\nA;\n-- migrate down\nB;",
        "`-- migrate down` is not a marker",
        3,
        WRONG_MARKER,
    ),
    (
        "indented",
        "-- migrate:up\nA;\n  -- migrate:down\nB;",
        "`-- migrate:down` is not a marker",
        3,
        WRONG_MARKER,
    ),
    (
        "transaction:maybe",
        "-- migrate:up transaction:maybe\nA;\n",
        "the marker has an unknown option `transaction:maybe`",
        1,
        WRONG_OPTION,
    ),
    (
        "foo:bar",
        "-- migrate:up\nA;\n-- migrate:down transaction:false foo:bar\nA;\n",
        "the marker has an unknown option `foo:bar`",
        3,
        WRONG_OPTION,
    ),
    (
        "a bad duration",
        "-- a\n-- lock_timeout: soon\n-- migrate:up\nA;\n",
        f"-- lock_timeout: 'soon' {NO_DURATION}",
        2,
        None,
    ),
    (
        "a bad dependency",
        "-- depends: 001, 0*2\n-- migrate:up\nA;\n",
        "each of -- depends: the version '0*2' may hold only letters, digits, '_', '.' and '-'",
        1,
        None,
    ),
    (
        "a flag that is none",
        "-- irreversible: perhaps\n-- migrate:up\nA;\n",
        "-- irreversible must be true or false, not 'perhaps'",
        1,
        None,
    ),
    (
        "said twice",
        "-- depends: 001\n-- dependencies: 002\n-- migrate:up\nA;\n",
        "`-- dependencies` is said twice, first in db/migrations/007_add_index.sql:1",
        2,
        None,
    ),
]


@pytest.mark.parametrize(
    ("content", "message", "line", "hint"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_errors(
    make_source: MakeSource, content: str, message: str, line: int | None, hint: str | None
) -> None:
    with pytest.raises(MigrationFileError) as raised:
        read(make_source, content)
    assert raised.value.message == message
    assert raised.value.place == Place("db/migrations/007_add_index.sql", line)
    assert raised.value.hint == hint


LEXICAL = [
    ("a string", "-- migrate:up\nA;\nSELECT 'it;\n", 3),
    ("a string in the down section", "-- migrate:up\nA;\n-- migrate:down\n\nSELECT 'it;\n", 5),
    ("a dollar quote around a marker", "-- migrate:up\nDO $$\n-- migrate:down\nB;\n", 2),
    ("a comment", "-- migrate:up\nA;\n/* b", 3),
    ("a command of psql", "-- migrate:up\nA;\n\\d users\n", 3),
]


@pytest.mark.parametrize(
    ("content", "line"), [case[1:] for case in LEXICAL], ids=[case[0] for case in LEXICAL]
)
def test_sql_that_can_not_be_taken_apart(make_source: MakeSource, content: str, line: int) -> None:
    with pytest.raises(MigrationFileError) as raised:
        read(make_source, content)
    assert raised.value.place == Place("db/migrations/007_add_index.sql", line)
    assert raised.value.message

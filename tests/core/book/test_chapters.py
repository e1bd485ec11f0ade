"""What a chapter has of a migration, and what is too much for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.book.chapters import MOST_LINES, MOST_STATEMENTS, Seen, chapter, shown_path
from stepwell.core.files.parse import parse
from stepwell.core.graph import Node, build
from stepwell.core.migration import Language, SourceFile, Version
from stepwell.engines.postgresql.lexical import POSTGRESQL

if TYPE_CHECKING:
    from stepwell.core.book import Chapter

PYTHON = (
    "from stepwell import Migration, database\nclass A(Migration):\n    async def up(self):\n        BODY\n"
)


def written(text: str, seen: Seen, language: Language = Language.SQL) -> Chapter:
    path = f"db/migrations/001_a.{language.value}"
    source = SourceFile(path, language, Version("001"), "a", text.encode(), "0" * 64)
    migration = parse(source, POSTGRESQL)
    return chapter(migration, build([Node(migration.version, (), migration.place)]), seen)


def test_the_sections_of_an_sql_file_as_they_are() -> None:
    text = "-- migrate:up transaction:false\n\n-- why\nSELECT 1;\n\n\n-- migrate:down\n  SELECT\n  2\n"
    found = written(text, Seen(("SELECT 1",)))
    assert (found.up.text, found.up.transactional) == ("-- why\nSELECT 1;", False)
    assert found.down is not None
    assert (found.down.text, found.down.transactional, found.source) == ("  SELECT\n  2", True, None)


def test_a_section_that_is_too_long() -> None:
    lines = [f"SELECT {number};" for number in range(MOST_LINES + 7)]
    found = written("-- migrate:up\n" + "\n".join(lines) + "\n", Seen())
    assert (found.up.text, found.up.left_out) == ("\n".join(lines[:MOST_LINES]), 7)
    assert found.down is None


def test_statements_in_a_row_are_told_once() -> None:
    sent = ("a", "a", "b", "a", *(str(number) for number in range(MOST_STATEMENTS)), "z", "z")
    found = written(PYTHON.replace("BODY", "pass"), Seen(sent, whole=True), Language.PYTHON)
    assert [(each.sql, each.times) for each in found.up.statements[:3]] == [("a", 2), ("b", 1), ("a", 1)]
    assert (len(found.up.statements), found.up.left_out) == (MOST_STATEMENTS, 5)
    assert found.source is None


@pytest.mark.parametrize(
    ("body", "seen", "shown"),
    [
        pytest.param("pass", Seen(("a",), whole=True), False, id="all was seen"),
        pytest.param("pass", Seen(("a",), whole=False), True, id="not to its end"),
        pytest.param("pass", Seen(), True, id="nothing was looked at"),
        pytest.param("database.driver()", Seen(("a",), whole=True), True, id="the connection of the driver"),
    ],
)
def test_the_source_where_statements_do_not_tell_all(body: str, seen: Seen, shown: bool) -> None:
    found = written(PYTHON.replace("BODY", body), seen, Language.PYTHON)
    assert (found.source is not None) is shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("db/migrations/001_a.sql", "db/migrations/001_a.sql"),
        ("/srv/shop/migrations/001_a.sql", "001_a.sql"),
        ("C:\\shop\\001_a.sql", "001_a.sql"),
        ("../other/001_a.sql", "../other/001_a.sql"),
    ],
)
def test_no_folder_of_a_machine(path: str, shown: str) -> None:
    assert shown_path(path) == shown

"""Templates of a project's own: where they are found, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stepwell.app.templates import Templates
from stepwell.core.errors import UsageError
from stepwell.core.migration import Language
from stepwell.render.templates import templates_document, templates_text
from stepwell.render.view import View

BOOK = Path(__file__).parents[2] / "docs/templates.md"
ONE = "-- migrate:up\nSELECT 1;\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of a project's templates."""
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


def about(own: Path, engine: str, name: str, language: Language = Language.SQL) -> str:
    """Which of several files is taken."""
    return Templates(engine, own, "db/templates").get(name, language).path.rpartition("/")[2]


def test_the_file_for_the_engine_and_the_language_is_taken(own: Path) -> None:
    for name in ("a.sql", "a.sqlite.sql", "a.mysql+mariadb.sql.txt", "a.py", "b.sqlite.sql", "c.py"):
        (own / name).write_text(ONE)
    assert about(own, "postgresql", "a") == "a.sql"
    assert about(own, "sqlite", "a") == "a.sqlite.sql"
    assert about(own, "mysql", "a") == about(own, "mariadb", "a") == "a.mysql+mariadb.sql.txt"
    assert about(own, "sqlite", "a", Language.PYTHON) == "a.py"
    assert about(own, "sqlite", "b", Language.PYTHON) == "b.sqlite.sql"
    with pytest.raises(UsageError, match="there is no template 'b' for postgresql"):
        about(own, "postgresql", "b")
    with pytest.raises(UsageError, match="the template 'c' is in Python only"):
        about(own, "postgresql", "c")


def test_an_own_one_takes_the_place_of_a_built_in_one_as_a_whole(own: Path) -> None:
    (own / "table.sql").write_text(ONE)
    assert about(own, "sqlite", "table") == "table.sql"  # there is a built-in one for SQLite


def test_what_is_no_template_is_passed_over(own: Path) -> None:
    for name in ("README.md", "Big.sql", "a.sql~", ".a.sql", "a b.sql"):
        (own / name).write_text(ONE)
    (own / "folder.sql").mkdir()
    built_in = [each.name for each in Templates("postgresql").all()]
    assert [each.name for each in Templates("postgresql", own, "db/templates").all()] == built_in
    assert [each.name for each in Templates("postgresql", own / "gone", "gone").all()] == built_in


def test_what_can_not_be_read_is_named(own: Path) -> None:
    (own / "a.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="this template is not UTF-8") as caught:
        about(own, "sqlite", "a")
    assert str(caught.value.place) == "db/templates/a.sql"
    with pytest.raises(UsageError, match="db/templates is not a folder"):
        Templates("sqlite", own / "a.sql", "db/templates")


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "", ".", "a.sql"])
def test_a_name_leads_to_no_file(own: Path, name: str) -> None:
    (own / "a.sql").write_text(ONE)
    with pytest.raises(UsageError, match="there is no template"):
        about(own / "..", "sqlite", name)


def test_the_one_in_the_book_is_right(own: Path) -> None:
    (example,) = re.findall(r"```text\n(-- template:.*?)```", BOOK.read_text(encoding="utf-8"), re.DOTALL)
    (own / "audited.sql").write_text(example)
    templates = Templates("postgresql", own, "db/templates")
    assert templates.get("audited", Language.PYTHON).names == ("audit_${table}",)
    listed = [each for each in templates.all() if each.name == "audited"]
    assert templates_text(listed, View()) == (
        "audited  a table that notes who changed another (db/templates)\n"
        "    audit_TABLE\n"
        "    --set table=TABLE  the table to watch\n"
        "    --set log=NAME  where it is noted (default: TABLE_log)\n"
    )
    (document,) = templates_document(listed)["templates"]
    assert document == {
        "name": "audited",
        "about": "a table that notes who changed another",
        "origin": "db/templates",
        "languages": ["py", "sql"],
        "names": ["audit_TABLE"],
        "variables": [
            {"name": "table", "kind": "table", "default": None, "about": "the table to watch"},
            {"name": "log", "kind": "name", "default": "${table}_log", "about": "where it is noted"},
        ],
        "refusal": None,
    }

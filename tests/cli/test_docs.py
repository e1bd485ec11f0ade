"""`stepwell docs` from the outside, on a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

BOOK = Path(__file__).parents[2] / "docs" / "documentation.md"


@pytest.fixture
def flags(project: Path, postgresql_server: str) -> tuple[str, ...]:
    """What names a place for scratch databases; two migrations are there."""
    (project / "stepwell.toml").write_text("")
    folder = project / "db" / "migrations"
    (folder / "001_users.sql").write_text(
        "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, boss int REFERENCES users);\n"
        "CREATE VIEW v AS SELECT 1 AS one;\n-- migrate:down\nDROP VIEW v; DROP TABLE users;\n"
    )
    (folder / "002_wrong.sql").write_text(
        "-- depends: 001\n-- migrate:up\nALTER TABLE users ADD name text;\n-- migrate:down\nSELECT 1;\n"
    )
    return ("--scratch-url", postgresql_server)


def test_the_document_with_verdicts(run: Run, project: Path, flags: tuple[str, ...]) -> None:
    code, out, err = run("docs", *flags, "--format", "json")
    document: dict[str, Any] = json.loads(out)
    assert code == 0
    assert "002 wrong: broken" in err
    assert [each["verdict"] for each in document["migrations"]] == ["proved", "broken"]
    assert document["migrations"][1]["changes"] == ["column users.name: added (text)"]
    assert (document["format"], document["folder"], document["pages"]) == (1, None, None)
    (users,) = document["tables"]
    assert [(each["name"], each["made_by"], each["last_changed_by"]) for each in users["columns"]] == [
        ("id", "001", "001"),
        ("boss", "001", "001"),
        ("name", "002", "002"),
    ]
    assert (users["made_by"], users["last_changed_by"]) == ("001", "002")
    assert users["references"] == users["referenced_by"]
    assert [(each["kind"], each["identity"]) for each in document["objects"]] == [("view", "public.v")]
    assert not (project / "docs").exists()


def test_the_document_beside_the_pages(run: Run, project: Path, flags: tuple[str, ...]) -> None:
    code, out, _ = run("docs", *flags, "--no-verify", "--format", "json", "-o", "out")
    assert code == 0
    pages = json.loads(out)["pages"]
    assert pages["new"] == sorted(
        str(path.relative_to(project / "out")) for path in (project / "out").rglob("*.md")
    )
    code, out, _ = run("docs", *flags, "--no-verify", "--format", "json", "-o", "out", "--check")
    assert (code, json.loads(out)["pages"]["equal"]) == (0, len(pages["new"]))
    (project / "out" / "README.md").unlink()
    code, out, _ = run("docs", *flags, "--no-verify", "--format", "json", "-o", "out", "--check")
    assert (code, json.loads(out)["pages"]["new"]) == (3, ["README.md"])


def test_every_key_is_explained(run: Run, flags: tuple[str, ...]) -> None:
    _, out, _ = run("docs", *flags, "--no-verify", "--format", "json", "-o", "out")
    explained = set(re.findall(r"`(\w+)`", BOOK.read_text(encoding="utf-8")))
    assert keys(json.loads(out)) - explained == set()


def keys(value: object) -> set[str]:
    """The keys of a document, but for those of attributes, which are the database's words."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    below = (keys(each) for name, each in value.items() if name != "attributes")
    return set(value).union(*below)


def test_one_that_fails_writes_nothing(run: Run, project: Path, flags: tuple[str, ...]) -> None:
    (project / "db" / "migrations" / "003_fails.sql").write_text("-- migrate:up\nSELECT no_such_column;\n")
    code, out, err = run("docs", *flags, "--no-verify")
    assert (code, out) == (1, "")
    assert "db/migrations/003_fails.sql:2" in err
    assert not (project / "docs").exists()

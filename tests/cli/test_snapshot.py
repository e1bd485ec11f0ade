"""`stepwell snapshot` and `stepwell diff` from the outside, on a real server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

Run = Callable[..., tuple[int, str, str]]
BEFORE = "CREATE TABLE users (id int PRIMARY KEY, email text); CREATE INDEX users_email_idx ON users (email)"
CHANGE = """ALTER TABLE users ALTER email TYPE varchar(50); DROP INDEX users_email_idx;
CREATE VIEW v AS SELECT id FROM users; ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk"""


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.encode())


@pytest.fixture
def files(run: Run, project: Path, postgresql_url: str) -> tuple[str, str]:
    """The files of two snapshots, before and after a change."""
    for name, statements in (("before.json", BEFORE), ("after.json", CHANGE)):
        execute(postgresql_url, statements)
        code, out, _ = run("snapshot", "--url", postgresql_url, "-o", name)
        document = json.loads((project / name).read_text())
        assert code == 0
        assert out == f"{name}: {len(document['facts'])} facts, fingerprint {document['fingerprint']}\n"
    return "before.json", "after.json"


def test_on_standard_output_it_is_the_same(run: Run, postgresql_url: str, files: tuple[str, str]) -> None:
    code, out, err = run("snapshot", "--url", postgresql_url)
    assert (code, out) == (0, Path(files[1]).read_text())
    assert err.startswith("database: postgresql://")


def test_the_result_of_writing_it_as_json(run: Run, postgresql_url: str) -> None:
    code, out, _ = run("snapshot", "--url", postgresql_url, "-o", "x.json", "--format", "json")
    document: dict[str, Any] = json.loads(out)
    written = json.loads(Path("x.json").read_text())
    assert code == 0
    assert document == {
        "format": 1, "ok": True, "file": "x.json", "engine": "postgresql", "server": written["server"],
        "facts": len(written["facts"]), "fingerprint": written["fingerprint"], "error": None,
    }  # fmt: skip


def test_a_diff_in_sentences(run: Run, files: tuple[str, str]) -> None:
    code, out, err = run("diff", *files)
    assert (code, err) == (3, "")
    assert out.splitlines() == [
        "before.json -> after.json",
        "column users.email: type text -> varchar(50)",
        "constraint users.users_pkey: renamed to pk",
        "index users_email_idx: removed",
        "view v: added (1 column)",
        "6 differences",
    ]


def test_a_diff_attribute_by_attribute(run: Run, files: tuple[str, str]) -> None:
    code, out, _ = run("diff", *files, "--unified")
    assert code == 3
    lines = out.splitlines()
    assert lines[:6] == [
        "--- before.json", "+++ after.json", "@@ column public.users.email @@",
        "-type: text", "+type: character varying(50)", "@@ column public.v.id @@",
    ]  # fmt: skip
    assert "-index public.users_email_idx" in lines
    assert "-constraint public.users.users_pkey" in lines
    assert "+constraint public.users.pk" in lines
    assert "+  SELECT users.id" in lines or "+  SELECT id" in lines


def test_a_diff_in_colour(run: Run, files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, out, _ = run("diff", *files, "--unified")
    assert "\x1b[1;31m-type: text\x1b[0m\n\x1b[32m+type: character varying(50)\x1b[0m\n" in out


def test_a_diff_as_json(run: Run, files: tuple[str, str]) -> None:
    code, out, _ = run("diff", *files, "--format", "json")
    document = json.loads(out)
    assert code == 3
    assert (document["format"], document["equal"], document["notes"], document["error"]) == (
        1,
        False,
        [],
        None,
    )
    assert document["before"]["name"] == "before.json"
    assert document["text"][0] == "column users.email: type text -> varchar(50)"
    changes = {
        (change["change"], change["kind"], change["identity"]): change for change in document["changes"]
    }
    assert changes["changed", "column", "public.users.email"] == {
        "change": "changed", "kind": "column", "identity": "public.users.email", "parent": ["table", "public.users"],
        "attributes": [{"name": "type", "before": "text", "after": "character varying(50)"}],
    }  # fmt: skip
    assert changes["renamed", "constraint", "public.users.users_pkey"]["renamed_to"] == "public.users.pk"
    removed = changes["removed", "index", "public.users_email_idx"]
    assert removed["attributes"] == {"definition": "btree (email)"}
    assert ("added", "view", "public.v") in changes


def test_nothing_different_live(run: Run, postgresql_url: str, files: tuple[str, str]) -> None:
    code, out, _ = run("diff", files[1], "live", "--url", postgresql_url)
    assert code == 0
    assert out.splitlines()[1:] == ["no differences"]
    assert run("diff", "live", files[0], "--url", postgresql_url)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("diff", "a.json", "b.json"),
            2,
            "a.json can't be read: [Errno 2] No such file or directory: 'a.json'",
        ),
        (("diff", "stepwell.toml", "b.json"), 2, "stepwell.toml is not a snapshot: it is not JSON: "),
        (("diff", "live"), 2, "the following arguments are required: AFTER"),
    ],
)
def test_what_is_told_instead(arguments: tuple[str, ...], code: int, message: str, run: Run) -> None:
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err


def test_a_file_that_can_not_be_written(run: Run, postgresql_url: str) -> None:
    code, out, err = run("snapshot", "--url", postgresql_url, "-o", "nowhere/x.json")
    assert (code, out) == (2, "")
    assert "nowhere/x.json can't be written: [Errno 2] No such file or directory" in err

"""A good verdict is found once; whatever could change it makes it be found anew."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from tests.verify.checking import verified

from stepwell.app import verdicts
from stepwell.core.proof import Verdict
from stepwell.folder import KEPT_VERDICTS, NAME
from stepwell.render.verify import verify_document, verify_junit, verify_text
from stepwell.render.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.testing import Workshop

THIRD = """
from names import NAME
from stepwell import Migration, database


class Third(Migration):
    \"\"\"Made by a test\"\"\"

    async def up(self) -> None:
        await database.execute(f"CREATE TABLE {NAME} (id INTEGER)")

    async def down(self) -> None:
        await database.execute(f"DROP TABLE {NAME}")
"""


@pytest.fixture
def chain(shop: Workshop) -> Workshop:
    """Three migrations that are proved, and whose verdicts are kept."""
    shop.table("001_first")
    shop.sql("002_second", "CREATE TABLE second (id INTEGER);", "DROP TABLE second;")
    (shop.root / "names.py").write_text("NAME = 'third'\n")
    (shop.folder / "003_third.py").write_text(THIRD)
    assert cached(shop) == [False, False, False]
    return shop


def cached(shop: Workshop, *versions: str, **choice: Any) -> list[bool]:
    return [proof.cached for proof in verified(shop, *versions, **{"rows": False, **choice}).proofs]


def kept(shop: Workshop) -> Path:
    return shop.root / NAME / KEPT_VERDICTS


def edit(shop: Workshop, name: str) -> None:
    with (shop.folder / name).open("a") as file:
        file.write("\n")


def test_what_was_found_before_is_said_to_be(chain: Workshop) -> None:
    report = verified(chain, rows=False)
    assert report.ok
    assert "✔ proved  001 first  cached" in verify_text(report, View())
    assert [each["cached"] for each in verify_document(report)["migrations"]] == [True] * 3
    assert [case.findtext("system-out") for case in ET.fromstring(verify_junit(report))] == ["cached"] * 3


MISSED: dict[str, tuple[Callable[[Workshop], object], list[bool]]] = {
    "the first file": (lambda shop: edit(shop, "001_first.sql"), [False, False, False]),
    "the second file": (lambda shop: edit(shop, "002_second.sql"), [True, False, False]),
    "the last file": (lambda shop: edit(shop, "003_third.py"), [True, True, False]),
    "a new file in between": (lambda shop: shop.table("001.5_between"), [True, False, False, False]),
    "one less": (lambda shop: (shop.folder / "001_first.sql").unlink(), [False, False]),
    "another name": (
        lambda shop: (shop.folder / "002_second.sql").rename(shop.folder / "002_other.sql"),
        [True, False, False],
    ),
    "a new file behind": (lambda shop: shop.table("004_fourth"), [True, True, True, False]),
}


@pytest.mark.parametrize("what", MISSED)
def test_the_files_are_looked_at(chain: Workshop, what: str) -> None:
    change, expected = MISSED[what]
    change(chain)
    assert cached(chain) == expected
    assert cached(chain) == [True] * len(expected)


@pytest.mark.parametrize(
    "choice",
    [{"rows": True}, {"rows": True, "data": "INSERT INTO first VALUES (7);"}, {"cache": False}],
)
def test_how_it_is_tried_is_looked_at(chain: Workshop, choice: dict[str, Any]) -> None:
    assert cached(chain, "003") == [True]
    if "data" in choice:
        assert cached(chain, "002", **choice) == [False]
        assert cached(chain, "002", **choice) == [True]
        assert cached(chain, "002", rows=True, data="INSERT INTO first VALUES (8);") == [False]
    else:
        assert cached(chain, **choice) == [False] * 3


@pytest.mark.parametrize("settings", [{"table": "other"}, {"schema": "elsewhere"}])
def test_settings_are_looked_at(chain: Workshop, settings: dict[str, Any]) -> None:
    project = chain.project(url=None, scratch_url=chain.url, **settings)
    assert [proof.cached for proof in chain.run(project.verify(rows=False)).proofs] == [False] * 3
    longer = chain.project(url=None, scratch_url=chain.url, statement_timeout=99.0)
    assert [proof.cached for proof in chain.run(longer.verify(rows=False)).proofs] == [True] * 3


def test_the_program_and_what_is_installed_are_looked_at(
    chain: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = verdicts.tool()
    monkeypatch.setattr(verdicts, "distributions", list)
    verdicts.tool.cache_clear()
    assert verdicts.tool() != before
    assert cached(chain) == [False] * 3
    verdicts.tool.cache_clear()


def test_what_a_driver_is_told_is_looked_at(chain: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    assert cached(chain) == [True] * 3
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=8MB")
    assert cached(chain) == [False] * 3


def test_a_module_of_the_project_is_looked_at(chain: Workshop) -> None:
    assert cached(chain) == [True, True, True]
    (chain.root / "names.py").write_text("NAME = 'other'\n")
    assert cached(chain) == [True, True, False]
    # In this process the module is loaded, and stays what it was: nothing is kept for what the file says now.
    assert cached(chain) == [True, True, False]


def test_what_was_bad_is_always_tried_again(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_second", "CREATE TABLE second (id INTEGER);", "SELECT 1;")
    shop.sql("003_third", "ALTER TABLE first ADD COLUMN name TEXT NOT NULL;", "ALTER TABLE first DROP name;")
    for expected in ([False, False, False], [True, False, False]):
        report = verified(shop)
        assert [proof.cached for proof in report.proofs] == expected
        assert [proof.verdict for proof in report.proofs] == [
            Verdict.PROVED,
            Verdict.BROKEN,
            Verdict.FAILS_ON_ROWS,
        ]


def test_what_is_lossy_or_irreversible_is_kept_with_its_reasons(shop: Workshop) -> None:
    shop.sql("001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);")
    shop.sql("002_age", "ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age INTEGER;")
    first, second = verified(shop).proofs, verified(shop, strict=True)
    assert [(proof.verdict, proof.reasons, proof.notes) for proof in second.proofs] == [
        (proof.verdict, proof.reasons, proof.notes) for proof in first
    ]
    assert [proof.cached for proof in second.proofs] == [True, True]
    assert not second.ok  # whether what is lossy counts is asked each time


NEVER = {
    "a role": "CREATE ROLE {name};",
    "a file of the server": "SELECT pg_read_file('PG_VERSION');",
    "another server": "CREATE EXTENSION IF NOT EXISTS plpgsql; DO $$ BEGIN PERFORM 'dblink'; END $$;",
}


@pytest.mark.parametrize("what", NEVER)
def test_what_reaches_beyond_its_database_is_not_kept_nor_what_stands_behind(
    shop: Workshop, what: str
) -> None:
    name = f"kept_{shop.root.name.lower()}"
    shop.table("001_first")
    up = NEVER[what].format(name=name)
    shop.sql("002_second", up, f"DROP ROLE IF EXISTS {name};")
    shop.table("003_third")
    cached(shop)
    assert cached(shop) == [True, False, False]


def test_python_that_may_depend_on_more_is_not_kept(shop: Workshop) -> None:
    shop.table("001_first")
    shop.python("002_second", "pass", "pass", head="import os\n")
    cached(shop)
    assert cached(shop) == [True, False]


# --- the file ---


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"format": 1, "verdicts": {"x": 1}}'])
def test_a_spoilt_file_is_as_none(chain: Workshop, content: bytes) -> None:
    kept(chain).write_bytes(content)
    assert cached(chain) == [False] * 3
    assert cached(chain) == [True] * 3


def test_a_file_that_others_may_write_is_as_none(chain: Workshop) -> None:
    kept(chain).chmod(0o666)
    assert cached(chain) == [False] * 3
    assert kept(chain).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(chain: Workshop) -> None:
    elsewhere = chain.root / "elsewhere.json"
    kept(chain).rename(elsewhere)
    kept(chain).symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    assert cached(chain) == [False] * 3
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("by_a_link", [False, True])
def test_a_file_under_version_control_is_not_believed(chain: Workshop, *, by_a_link: bool) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=chain.root, check=True, capture_output=True)

    git("init")
    assert cached(chain) == [True] * 3
    if by_a_link:
        (chain.root / NAME).rename(chain.root / "given")
        (chain.root / NAME).symlink_to("given")
    git("add", "-f", "given" if by_a_link else f"{NAME}/{KEPT_VERDICTS}")
    assert cached(chain) == [False] * 3


def test_where_nothing_can_be_written_nothing_is_kept(shop: Workshop) -> None:
    shop.table("001_first")
    (shop.root / NAME).write_text("in the way")
    assert cached(shop) == [False]
    assert cached(shop) == [False]


def test_the_folder_stays_out_of_git_and_holds_nothing_else(chain: Workshop) -> None:
    assert {path.name for path in (chain.root / NAME).iterdir()} == {".gitignore", KEPT_VERDICTS}
    assert (chain.root / NAME / ".gitignore").read_text() == "*\n"
    assert len(json.loads(kept(chain).read_text())["verdicts"]) == 3


def test_where_it_could_not_be_tried_nothing_is_kept(shop: Workshop) -> None:
    shop.table("001_first")
    project = shop.project(url=None, scratch_url=shop.url)
    shop.failure(project.verify(data="INSERT INTO nobody VALUES (1);"))
    assert not kept(shop).exists()

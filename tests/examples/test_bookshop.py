"""The sample project under examples/: its tests pass, and the right ones fail where a migration is wrong."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from tests.pytests import run_pytest

from stepwell.engines.sqlite.dialect import DIALECT
from stepwell.scratch import EMBEDDED_BINARIES

SAMPLE = Path(__file__).parents[2] / "examples" / "bookshop"
VERSIONS = ("001", "002", "003", "004", "005", "006")
NEED_SNAPSHOTS = {*(f"test_verify[{version}]" for version in VERSIONS), "test_no_drift", "test_rolls_back"}
ALL = NEED_SNAPSHOTS | {
    "test_files_are_clean",
    "test_one_head",
    "test_every_book_gets_an_address",
    "test_the_way_back_leaves_what_was_there",
    "test_there_is_nothing_at_first",
    "test_titles_are_in_order",
    "test_each_has_a_page",
}


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    """A copy of the sample."""
    copy = tmp_path / "bookshop"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return copy


@pytest.fixture
def on_postgresql(unavailable: Callable[[str], NoReturn]) -> str:
    """The argument that runs the sample on PostgreSQL."""
    if find_spec(EMBEDDED_BINARIES) is None:
        unavailable("the embedded extra is not installed")
    return "--stepwell-env=postgresql"


@pytest.mark.parametrize(
    "arguments", [(), ("-n", "2"), ("-p", "no:randomly"), ("-p", "no:xdist", "-p", "no:cacheprovider")]
)
def test_it_passes_on_sqlite(bookshop: Path, arguments: tuple[str, ...]) -> None:
    ran = run_pytest(bookshop, *arguments)
    skipped = set() if DIALECT.abilities.snapshots else NEED_SNAPSHOTS
    assert ran.code == 0, ran.output
    assert ran.names("passed") == ALL - skipped
    assert ran.names("skipped") == skipped
    assert all("no snapshots of sqlite" in why for why in ran.told.values())


def test_nothing_is_left_in_the_project_but_verdicts(bookshop: Path) -> None:
    """The database of the configuration is not even made."""

    def there() -> set[Path]:
        found = (path.relative_to(bookshop) for path in bookshop.rglob("*") if path.is_file())
        return {path for path in found if not {"__pycache__", ".stepwell"} & set(path.parts)}

    before = there()
    run_pytest(bookshop, "-p", "no:cacheprovider")
    assert there() - before == {Path("report.xml")}


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_it_passes_on_postgresql(bookshop: Path, on_postgresql: str, arguments: tuple[str, ...]) -> None:
    ran = run_pytest(bookshop, on_postgresql, *arguments)
    assert ran.code == 0, ran.output
    assert ran.names("passed") == ALL


@pytest.mark.slow
@pytest.mark.postgresql
def test_roles_that_belong_to_the_server_are_in_no_tests_way(bookshop: Path, on_postgresql: str) -> None:
    """The copies have theirs on another server than what goes up and down; the second run finds none of the first."""
    (bookshop / "db" / "migrations" / "007_reader.sql").write_text(
        "-- description: Somebody who reads\n-- depends: 006\n"
        "-- migrate:up\nCREATE ROLE bookshop_reader;\nGRANT SELECT ON books TO bookshop_reader;\n"
        "-- migrate:down\nREVOKE SELECT ON books FROM bookshop_reader;\nDROP ROLE bookshop_reader;\n"
    )
    for arguments in (("-p", "no:xdist"), ("-n", "2")):
        ran = run_pytest(bookshop, on_postgresql, *arguments)
        assert ran.code == 0, ran.output
        assert ran.names("passed") == ALL | {"test_verify[007]"}


@pytest.mark.slow
@pytest.mark.postgresql
def test_what_is_wrong_fails_the_right_test_in_the_words_of_verify(
    bookshop: Path, on_postgresql: str
) -> None:
    """Three mistakes at once: an index that stays, a constraint that existing rows break, a second head."""
    migrations = bookshop / "db" / "migrations"
    index = migrations / "006_index_slugs.sql"
    index.write_text(index.read_text().replace("DROP INDEX books_slug_key", "SELECT 1"))
    (migrations / "007_no_free_books.sql").write_text(
        "-- description: No free books\n-- depends: 005\n"
        "-- migrate:up\nALTER TABLE books ADD CONSTRAINT paid CHECK (price < 0);\n"
        "-- migrate:down\nALTER TABLE books DROP CONSTRAINT paid;\n"
    )
    ran = run_pytest(bookshop, on_postgresql, "-k", "TestMigrations")
    assert ran.code == 1
    assert ran.names("failed") == {"test_verify[006]", "test_verify[007]", "test_one_head"}, ran.output
    assert "broken  006 index_slugs" in ran.told["test_verify[006]"]
    assert "down() leaves behind index books_slug_key" in ran.told["test_verify[006]"]
    assert "fails on existing rows  007 no_free_books" in ran.told["test_verify[007]"]
    assert "there are 2 migrations on which no other depends: 006, 007" in ran.told["test_one_head"]
    assert "Traceback" not in ran.output
    assert "within_pytest.py" not in ran.output


def test_a_migration_that_fails_is_told_with_its_line(bookshop: Path) -> None:
    """Also to the tests that want a database: a traceback of ours would help nobody."""
    slugs = bookshop / "db" / "migrations" / "004_add_slug.sql"
    slugs.write_text(slugs.read_text().replace("TABLE books ADD", "TABLE boks ADD"))
    ran = run_pytest(bookshop, "-k", "catalogue or slugs")
    assert ran.names("error") >= {"test_titles_are_in_order", "test_each_has_a_page"}
    assert ran.names("passed") == set()
    for why in ran.told.values():
        assert "error: migration 004: db/migrations/004_add_slug.sql:4: no such table: boks" in why
        assert "Traceback" not in why


def test_a_version_that_is_there_twice_is_told_by_every_test(bookshop: Path) -> None:
    (bookshop / "db" / "migrations" / "004_other.sql").write_text("-- migrate:up\nSELECT 1;\n")
    ran = run_pytest(bookshop, "-k", "TestMigrations")
    assert ran.names("error") == {"test_no_drift"}  # it has no database
    assert (
        ran.names("failed")
        == set(ran.ended) - {"test_no_drift"}
        > {"test_verify[004]", "test_files_are_clean"}
    )
    assert all("004_other.sql" in why for why in ran.told.values())
    assert "Traceback" not in ran.output


def test_a_folder_that_is_not_there_fails_one_test_with_its_name(bookshop: Path) -> None:
    """Nothing can be collected for files that can't be listed."""
    shutil.rmtree(bookshop / "db")
    ran = run_pytest(bookshop, "-k", "TestMigrations and verify")
    assert ran.names("failed") == {"test_verify[files]"}, ran.output
    assert "db/migrations" in ran.told["test_verify[files]"]

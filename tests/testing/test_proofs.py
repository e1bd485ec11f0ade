"""The assertions about a project: each passes for what is right, and says in full what is wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.testing.conftest import ask_postgresql

from stepwell import blocking as blocking_projects
from stepwell import testing
from stepwell.core.errors import IrreversibleError, MigrationError
from stepwell.testing import blocking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.project import Project
    from stepwell.testing import Workshop

RIGHT = ("assert_verified", "assert_clean", "assert_one_head", "assert_no_drift", "assert_rolls_back")


def described(shop: Workshop) -> None:
    """Give the migrations what `check` wants of them."""
    for path in shop.folder.iterdir():
        path.write_text(f"-- description: {path.stem}\n{path.read_text()}")


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(postgresql_project: Project, postgresql_shop: Workshop, name: str) -> None:
    """Async and blocking, and with a blocking project."""
    described(postgresql_shop)
    asyncio.run(getattr(testing, name)(postgresql_project))
    getattr(blocking, name)(postgresql_project)
    other = blocking_projects.Project(
        root=postgresql_shop.root,
        migrations="migrations",
        scratch_url=postgresql_project.settings.scratch_url,
    )
    getattr(blocking, name)(other)


def leaves_an_index(shop: Workshop) -> None:
    """A down() that forgets."""
    shop.sql("003_index", "CREATE INDEX by_name ON users (name);", "SELECT 1;", header="-- depends: 002")


def second_head(shop: Workshop) -> None:
    """Two that stand side by side."""
    shop.table("003_more", depends="001")


def says_nothing(shop: Workshop) -> None:
    """The first says nothing of itself; the last has no way back, and does not say so."""
    shop.sql("003_index", "CREATE INDEX by_name ON users (name);", header="-- depends: 002")


def by_chance(shop: Workshop) -> None:
    """What comes out depends on when it runs."""
    shop.python(
        "003_chance",
        "import uuid\nawait database.execute(f'CREATE TABLE t_{uuid.uuid4().hex} (id INTEGER)')",
        "pass",
        attributes='dependencies = ["002"]',
    )


WRONG = {
    "assert_verified": (leaves_an_index, ["broken  003 index", "down() leaves behind index by_name"]),
    "assert_clean": (says_nothing, ["migrations/003_index.sql", "[no-down]"]),
    "assert_one_head": (second_head, ["there are 2 migrations", "002, 003; let 003 depend"]),
    "assert_no_drift": (by_chance, ["what the applied migrations give -> live", "table t_", "differences"]),
    "assert_rolls_back": (by_chance, ["an empty database -> after rollback --target base", "table t_"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(postgresql_project: Project, postgresql_shop: Workshop, name: str) -> None:
    make: Callable[[Workshop], None]
    make, words = WRONG[name]
    make(postgresql_shop)
    with pytest.raises(AssertionError) as caught:
        asyncio.run(getattr(testing, name)(postgresql_project))
    for word in words:
        assert word in str(caught.value)


def test_only_the_versions_that_are_given_are_verified(
    postgresql_project: Project, postgresql_shop: Workshop
) -> None:
    leaves_an_index(postgresql_shop)
    report = blocking.assert_verified(postgresql_project, ["002"])
    assert [proof.version.text for proof in report.proofs] == ["002"]


def test_one_without_a_way_back_is_no_failed_assertion(
    postgresql_project: Project, postgresql_shop: Workshop
) -> None:
    says_nothing(postgresql_shop)
    with pytest.raises(IrreversibleError, match="003"):
        blocking.assert_rolls_back(postgresql_project)


# The name of the file, what it depends on, and what is told: a version that is there twice, one that is not there.
NOT_RIGHT = (("002_twin", "001", "2_twin"), ("004_lost", "009", "009"))


@pytest.mark.parametrize("wrong", NOT_RIGHT, ids=lambda each: str(each[0]))
@pytest.mark.parametrize("name", RIGHT)
def test_files_that_are_wrong_are_errors_of_their_own(
    postgresql_project: Project, postgresql_shop: Workshop, name: str, wrong: tuple[str, str, str]
) -> None:
    stem, depends, words = wrong
    postgresql_shop.sql(stem, "SELECT 1;", header=f"-- depends: {depends}")
    with pytest.raises(MigrationError, match=words):
        getattr(blocking, name)(postgresql_project)


MODELS = "CREATE TABLE users (name VARCHAR(50), id INTEGER PRIMARY KEY)"  # another order of columns is no difference


def test_models_that_fit_pass(postgresql_project: Project) -> None:
    async def create(url: str) -> None:
        await asyncio.to_thread(ask_postgresql, url, MODELS)

    asyncio.run(testing.assert_models_match(postgresql_project, create))
    blocking.assert_models_match(postgresql_project, lambda url: ask_postgresql(url, MODELS))


def test_models_that_do_not_fit_are_told(postgresql_project: Project) -> None:
    with pytest.raises(AssertionError) as caught:
        blocking.assert_models_match(
            postgresql_project,
            lambda url: ask_postgresql(url, MODELS.replace("50", "60")),
        )
    assert "what the migrations give -> what the models give" in str(caught.value)
    assert "column users.name: type varchar(50) -> varchar(60)" in str(caught.value)


def test_what_needs_no_database_asks_none(tmp_path: Path) -> None:
    """Also where one is named that is not there."""
    project = blocking_projects.Project(
        "postgresql://nobody@127.0.0.1:1/nothing", root=tmp_path, migrations="migrations"
    )
    (tmp_path / "migrations").mkdir()
    blocking.assert_clean(project)
    blocking.assert_one_head(project)


def test_it_works_within_a_running_loop(postgresql_project: Project) -> None:
    """An async test may use what is blocking; it blocks for that long."""

    async def use() -> None:
        with blocking.migrated_database(postgresql_project) as database:
            assert database.fetch_val("SELECT name FROM users") == "ann"

    asyncio.run(use())


def test_an_exception_in_a_test_leaves_no_database(postgresql_project: Project, postgresql_url: str) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        blocking.databases(postgresql_project) as make,
        make() as database,
    ):
        raise ZeroDivisionError
    name = database.url.rpartition("/")[2].partition("?")[0]
    assert ask_postgresql(postgresql_url, f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == []

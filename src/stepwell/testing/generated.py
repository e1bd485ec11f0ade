"""Tests that every project has, to inherit: `class TestMigrations(MigrationTests): pass` in a test module."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from stepwell.core.errors import StepwellError
from stepwell.testing.blocking import assert_clean, assert_one_head, assert_rolls_back
from stepwell.testing.proofs import assert_equal
from stepwell.testing.within_pytest import must_have_snapshots, skipped_where_irreversible, told, versions_of

if TYPE_CHECKING:
    from stepwell.project import Project
    from stepwell.testing.blocking import Database
    from stepwell.testing.within_pytest import Verified

_UNREADABLE = ""  # stands for the version where files can't even be listed: the test then says why
_in_turn = pytest.mark.usefixtures("stepwell_turn")


class MigrationTests:
    """A test for each migration, and some for all of them. They need the plugin `stepwell`.

    One that does not fit a project is left out by `test_one_head = None`. `strict` and `rows` are those of `verify`.
    """

    strict: ClassVar[bool] = False
    rows: ClassVar[bool] = True

    @_in_turn
    def test_verify(self, version: str, stepwell_verified: Verified) -> None:
        """The migration goes up, down and up again, also on tables with rows."""
        with told():
            said = stepwell_verified.said_of(version, strict=self.strict, rows=self.rows)
            if said is not None:
                raise AssertionError(said)

    def test_files_are_clean(self, stepwell_project: Project) -> None:
        """`check` finds nothing."""
        with told():
            assert_clean(stepwell_project)

    def test_one_head(self, stepwell_project: Project) -> None:
        """There is one migration on which no other depends."""
        with told():
            assert_one_head(stepwell_project)

    @_in_turn
    def test_no_drift(self, stepwell_project: Project, stepwell_database: Database) -> None:
        """A database that was migrated has what its migrations give."""
        must_have_snapshots(stepwell_project)
        with told():
            assert_equal(stepwell_database.drift())

    @_in_turn
    def test_rolls_back(self, stepwell_project: Project) -> None:
        """A rollback of all migrations leaves nothing."""
        must_have_snapshots(stepwell_project)
        with told(), skipped_where_irreversible():
            assert_rolls_back(stepwell_project)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Called by pytest for every test of the class: `version` becomes that of each migration."""
        if "version" not in metafunc.fixturenames:
            return
        try:
            versions = versions_of(metafunc.config)
        except StepwellError:
            versions = [_UNREADABLE]
        metafunc.parametrize("version", versions, ids=[version or "files" for version in versions])

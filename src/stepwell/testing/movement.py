# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""Up and down, targets, and the order of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, GraphError, IrreversibleError, TargetError, UsageError
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes, versions

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop


class MovementConformance(Suite):
    """What `migrate` and `rollback` do where nothing goes wrong, and which targets they refuse."""

    def three(self, url: str, folder: Path) -> Workshop:
        """003 and 002 both stand on 001."""
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.table("002_second", depends="001")
        shop.table("003_third", depends="001")
        return shop

    def test_a_fresh_database_gets_everything(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        report = shop.migrate()
        assert outcomes(report) == ["001 applied", "002 applied", "003 applied"]
        assert report.ok
        assert report.exit_code == 0
        assert shop.states() == {"001": "applied", "002": "applied", "003": "applied"}
        assert all(shop.exists(table) for table in ("first", "second", "third"))

    def test_nothing_is_left_to_do(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate()
        log = shop.log()
        again = shop.migrate()
        assert (again.ok, again.steps, again.segments) == (True, (), ())
        assert shop.log() == log

    def test_no_migration_at_all_is_nothing_to_do(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        assert shop.migrate().steps == ()
        assert not shop.exists("migrations")

    def test_all_of_it_reverts(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate()
        assert outcomes(shop.rollback(target="base")) == ["003 reverted", "002 reverted", "001 reverted"]
        assert shop.pending() == ["001", "002", "003"]
        assert not any(shop.exists(table) for table in ("first", "second", "third"))

    def test_up_down_up(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate()
        shop.rollback(target="base")
        assert versions(shop.migrate(), Outcome.APPLIED) == ["001", "002", "003"]

    def test_both_languages_mix_in_one_folder(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.python(
            "001_notes",
            'await database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(20))")',
            'await database.execute("DROP TABLE notes")',
        )
        shop.sql("002_note", "INSERT INTO notes VALUES (1, 'one; two');", "DELETE FROM notes;")
        shop.python(
            "003_more",
            'database.execute("INSERT INTO notes VALUES (:id, :text)", {"id": 2, "text": "plain"})',
            'database.execute("DELETE FROM notes WHERE id = 2")',
            plain=True,
        )
        shop.migrate()
        assert shop.column("SELECT text FROM notes ORDER BY id") == ["one; two", "plain"]
        shop.rollback(target="001")
        assert shop.column("SELECT count(*) FROM notes") == [0]

    def test_dependencies_come_before_versions(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first", depends="003")
        shop.table("002_second")
        shop.table("003_third")
        assert versions(shop.migrate(), Outcome.APPLIED) == ["002", "003", "001"]
        assert versions(shop.rollback(target="base"), Outcome.REVERTED) == ["001", "003", "002"]

    def test_versions_are_in_natural_order(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("10_ten", "9_nine", "1.10_b", "1.9_a"):
            shop.table(stem)
        assert versions(shop.migrate(), Outcome.APPLIED) == ["1.9", "1.10", "9", "10"]

    def test_a_target_is_the_last_one_applied(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        assert versions(shop.migrate(target="2"), Outcome.APPLIED) == ["001", "002"]
        assert shop.pending() == ["003"]
        assert shop.migrate(target="002").steps == ()

    def test_only_what_a_target_needs(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        assert versions(shop.migrate(target="003", only_needed=True), Outcome.APPLIED) == ["001", "003"]

    def test_out_of_order_is_applied_and_said(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate(target="003", only_needed=True)
        assert isinstance(shop.failure(shop.project().migrate(strict=True)), ContradictionError)
        assert shop.pending() == ["002"]
        report = shop.migrate()
        assert versions(report, Outcome.APPLIED) == ["002"]
        assert any("out of order" in warning for warning in report.warnings)
        assert shop.applied() == ["001", "003", "002"]

    def test_a_rollback_goes_in_reverse_of_application(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate(target="003", only_needed=True)
        shop.migrate()
        assert versions(shop.rollback(), Outcome.REVERTED) == ["002"]
        assert versions(shop.rollback(steps=2), Outcome.REVERTED) == ["003", "001"]

    def test_a_rollback_to_a_target_keeps_the_target(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate()
        assert versions(shop.rollback(target="002"), Outcome.REVERTED) == ["003"]
        assert shop.applied() == ["001", "002"]

    def test_a_rollback_of_nothing(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        assert shop.rollback().steps == ()
        assert shop.rollback(target="base").steps == ()

    @cases(
        "wish",
        {
            "up to what is not there": ("migrate", {"target": "042"}, TargetError),
            "up to base": ("migrate", {"target": "base"}, TargetError),
            "up to no version": ("migrate", {"target": "no version"}, UsageError),
            "down to what is not there": ("rollback", {"target": "042"}, TargetError),
            "down to what is not applied": ("rollback", {"target": "003"}, TargetError),
            "down by target and steps": ("rollback", {"target": "001", "steps": 1}, UsageError),
            "down by no step": ("rollback", {"steps": 0}, UsageError),
        },
    )
    def test_targets_that_can_not_be(
        self, url: str, tmp_path: Path, wish: tuple[str, dict[str, object], type[UsageError]]
    ) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate(target="002")
        verb, arguments, kind = wish
        error = shop.failure(getattr(shop.project(), verb)(**arguments))
        assert isinstance(error, kind)
        assert error.exit_code == 2
        assert shop.applied() == ["001", "002"]

    def test_an_irreversible_one_stops_a_rollback_before_anything(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.sql("002_second", "CREATE TABLE second (id INTEGER PRIMARY KEY);")
        shop.migrate()
        error = shop.failure(shop.project().rollback(target="base"))
        assert isinstance(error, IrreversibleError)
        assert error.exit_code == 4
        assert "migrations/002_second.sql" in str(error)
        assert shop.applied() == ["001", "002", "003"]

    def test_a_file_that_is_gone_stops_a_rollback_before_anything(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.migrate()
        (shop.folder / "002_second.sql").unlink()
        assert shop.failure(shop.project().rollback(target="base")).exit_code == 6
        assert shop.exists("third")

    def test_wrong_files_are_told_before_anything(self, url: str, tmp_path: Path) -> None:
        shop = self.three(url, tmp_path)
        shop.table("004_fourth", depends="777")
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, GraphError)
        assert error.exit_code == 4
        assert not shop.exists("migrations")

    def test_a_copy_of_a_file_is_told_though_nothing_seems_to_be_left(self, url: str, tmp_path: Path) -> None:
        """As many files as records, and each is what was applied: but one version is there twice, and one is lost."""
        shop = self.three(url, tmp_path)
        shop.migrate()
        (shop.folder / "002_second.sql").unlink()
        (shop.folder / "003_copy.sql").write_bytes((shop.folder / "003_third.sql").read_bytes())
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, GraphError)
        assert "duplicate version 003" in str(error)

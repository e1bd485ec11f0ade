# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""`mark` and `unmark`: correct the history without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import TargetError, UsageError
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import versions

if TYPE_CHECKING:
    from pathlib import Path


class CorrectionConformance(Suite):
    """What the two verbs write, what they refuse, and that a dry run of them writes nothing."""

    def test_mark_records_without_running(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second", depends="001")
        planned = shop.run(shop.project().mark("001", dry_run=True))
        assert (planned.changed, planned.dry_run, planned.version.text) == (True, True, "001")
        assert not shop.exists("migrations")
        assert shop.run(shop.project().mark("1")).changed
        assert not shop.exists("first")
        assert shop.states() == {"001": "applied", "002": "pending"}
        assert [(str(entry.version), entry.event) for entry in shop.log()] == [("001", "marked")]
        assert shop.column("SELECT checksum FROM migrations")[0].startswith("1:")
        assert not shop.run(shop.project().mark("001")).changed
        assert versions(shop.migrate(), Outcome.APPLIED) == ["002"]

    def test_mark_says_what_is_not_met(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second", depends="001")
        assert any("001" in warning for warning in shop.run(shop.project().mark("002")).warnings)

    def test_mark_accepts_a_changed_file_in_its_place(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second")
        shop.migrate()
        shop.sql("001_first", "CREATE TABLE first (id INTEGER PRIMARY KEY, more INTEGER);")
        assert shop.states()["001"] == "changed"
        shop.run(shop.project().mark("001"))
        assert shop.states() == {"001": "applied", "002": "applied"}
        assert shop.applied() == ["001", "002"]

    def test_unmark_forgets_without_running(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second", depends="001")
        shop.migrate()
        planned = shop.run(shop.project().unmark("001", dry_run=True))
        assert (planned.changed, planned.dry_run) == (True, True)
        assert shop.applied() == ["001", "002"]
        report = shop.run(shop.project().unmark("001"))
        assert any("002" in warning for warning in report.warnings)
        assert shop.exists("first")
        assert shop.states() == {"001": "pending", "002": "applied"}
        assert [entry.event for entry in shop.log()][-1] == "unmarked"

    def test_unmark_forgets_a_missing_one(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second")
        shop.migrate()
        (shop.folder / "001_first.sql").unlink()
        shop.run(shop.project().unmark("001"))
        assert shop.states() == {"002": "applied"}

    @cases(
        "call",
        {
            "mark of no file": ("mark", "042", TargetError),
            "mark of no version": ("mark", "what is this", UsageError),
            "unmark of what is not applied": ("unmark", "001", TargetError),
            "unmark of what is not there": ("unmark", "042", TargetError),
        },
    )
    def test_what_is_refused(self, url: str, tmp_path: Path, call: tuple[str, str, type[UsageError]]) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        verb, version, kind = call
        error = shop.failure(getattr(shop.project(), verb)(version))
        assert isinstance(error, kind)
        assert error.exit_code == 2

# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""`mark` and `unmark`: correct the history without running anything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, TargetError, UsageError
from stepwell.core.events import Waiting
from stepwell.core.history import State
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import versions

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.answers import CorrectionReport
    from stepwell.core.events import Event
    from stepwell.core.report import RunReport


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

    def test_mark_looks_again_when_it_has_the_lock(self, url: str, tmp_path: Path) -> None:
        """Started during a run of the same migration it waits, and finds that it has been applied."""
        shop = self.workshop(url, tmp_path)
        shop.waiting("001_slow")

        async def both() -> tuple[CorrectionReport, RunReport]:
            running = asyncio.create_task(shop.project().migrate())
            await shop.has_begun()
            waits = asyncio.Event()

            def listen(event: Event) -> None:
                if isinstance(event, Waiting):
                    waits.set()

            project = shop.project(events=listen)
            marking = asyncio.create_task(project.mark("001"))
            await waits.wait()
            shop.let_go()
            return await marking, await running

        report, run = shop.run(both())
        assert versions(run, Outcome.APPLIED) == ["001"]
        assert (report.changed, report.message) == (False, "001 is applied already")
        assert [entry.event for entry in shop.told()] == ["applied"]

    def test_one_version_twice_is_told_and_taken_back(self, url: str, tmp_path: Path) -> None:
        """An older runner knew `6` and `006` as two."""
        shop = self.workshop(url, tmp_path)
        shop.table("006_items")
        shop.migrate()
        shop.ask("INSERT INTO migrations (version, name) VALUES ('6', 'items')")
        for verb in (shop.project().migrate(), shop.project().rollback()):
            error = shop.failure(verb)
            assert isinstance(error, ContradictionError)
            assert "'stepwell unmark 006' or 'stepwell unmark 6'" in str(error.hint)
        status = shop.status()
        assert [entry.state for entry in status.entries] == [State.APPLIED]
        assert [finding.code for finding in status.findings] == ["recorded-twice"]
        assert not status.up_to_date
        assert "recorded-twice" in [finding.code for finding in shop.run(shop.project().check()).findings]
        shop.run(shop.project().unmark("6"))
        assert shop.column("SELECT version FROM migrations") == ["006"]
        assert shop.status().up_to_date

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

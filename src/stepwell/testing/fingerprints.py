# ruff: noqa: S101 - a suite of tests asserts
"""The fingerprint that a run leaves behind, and what `status` tells by it of the database as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.errors import UsageError
from stepwell.core.standing import Verdict
from stepwell.testing.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from stepwell.core.standing import Standing
    from stepwell.testing.workshop import Workshop

BY_HAND = "CREATE TABLE by_hand (id INTEGER)"
BACK = "DROP TABLE by_hand"
ROWS = "SELECT count(*) FROM migrations_log WHERE event = 'fingerprint'"


def standing(shop: Workshop, **settings: object) -> Standing:
    """What `status` with `drift` says."""
    found = shop.run(shop.project(**settings).status(drift=True)).standing
    assert found is not None
    return found


class FingerprintsConformance(Suite):
    """Where there is the ability `snapshots`; elsewhere a run leaves none."""

    def shelf(self, url: str, tmp_path: Path) -> Workshop | None:
        """Two migrations; None where there are no snapshots, which is told then."""
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second")
        if shop.abilities.snapshots:
            return shop
        shop.migrate()
        assert isinstance(shop.failure(shop.project().status(drift=True)), UsageError)
        assert shop.column(ROWS) == [0]
        return None

    def test_each_run_leaves_one(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        shop.migrate(target="001")
        project = shop.project()
        verbs: list[Callable[[], Coroutine[Any, Any, object]]] = [
            project.migrate,
            project.rollback,
            lambda: project.mark("002"),
            lambda: project.unmark("002"),
            lambda: project.baseline(to="002"),
            lambda: project.unmark("002"),
            project.migrate,
            lambda: project.rollback(target="base"),
        ]
        for number, verb in enumerate(verbs, 2):
            assert standing(shop).verdict is Verdict.SAME
            shop.ask(BY_HAND)
            assert standing(shop).changed
            shop.ask(BACK)
            report = shop.run(verb())
            assert standing(shop).verdict is Verdict.SAME
            assert shop.column(ROWS) == [number]
            left = standing(shop).left
            assert left is not None
            assert left.batch == getattr(report, "batch", left.batch)

    def test_what_was_done_by_hand_before_a_run_is_a_part_of_what_it_leaves(
        self, url: str, tmp_path: Path
    ) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        shop.migrate(target="001")
        shop.ask(BY_HAND)
        shop.migrate()
        assert standing(shop).verdict is Verdict.SAME
        shop.ask(BACK)
        assert standing(shop).changed

    def test_before_the_first_run_nobody_can_tell(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        found = standing(shop)
        assert (found.verdict, found.why) == (Verdict.UNKNOWN, "no run has left a fingerprint")
        assert not shop.exists("migrations_log")

    def test_behind_a_run_that_left_none_nobody_can_tell(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        shop.migrate(target="001")
        shop.run(shop.project(fingerprint=False).migrate())
        found = standing(shop)
        assert (found.verdict, found.why) == (Verdict.UNKNOWN, "the last run has left no fingerprint")
        shop.rollback()
        assert standing(shop).verdict is Verdict.SAME

    def test_a_run_that_fails_leaves_one_of_what_stands(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        shop.migrate()
        shop.table("003_third")
        shop.sql("004_fails", self.failing[0], options="transaction:false")
        error = shop.failure(shop.project().migrate())
        assert error.exit_code == 1
        assert shop.applied() == ["001", "002", "003"]
        assert standing(shop).verdict is Verdict.SAME

    def test_a_run_of_which_nothing_stands_leaves_the_one_before(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None or not shop.abilities.transactional_ddl:
            return
        shop.migrate()
        shop.table("003_third")
        shop.sql("004_fails", self.failing[0])
        shop.failure(shop.project().migrate())
        assert standing(shop).verdict is Verdict.SAME
        assert shop.column(ROWS) == [1]

    def test_what_only_asks_and_what_has_nothing_to_do_writes_none(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        shop.migrate(target="001")
        before = shop.ask("SELECT * FROM migrations_log ORDER BY id")
        project = shop.project()
        for verb in (
            project.migrate(dry_run=True),
            project.rollback(dry_run=True),
            project.mark("002", dry_run=True),
            project.status(drift=True),
            project.check(),
            project.log(),
            project.migrate(target="001"),
            project.mark("001"),
        ):
            shop.run(verb)
        assert shop.ask("SELECT * FROM migrations_log ORDER BY id") == before

    def test_the_log_is_about_migrations(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        report = shop.migrate()
        assert shop.column(ROWS) == [1]
        assert [entry.event for entry in shop.told()] == ["applied", "applied"]
        assert [entry.event for entry in shop.told(batch=report.batch)] == ["applied", "applied"]

    def test_what_is_ignored_is_no_part_of_it(self, url: str, tmp_path: Path) -> None:
        if (shop := self.shelf(url, tmp_path)) is None:
            return
        ignore = ["table *by_hand # of somebody else"]
        shop.run(shop.project(ignore=ignore).migrate())
        shop.ask(BY_HAND)
        assert standing(shop, ignore=ignore).verdict is Verdict.SAME
        found = standing(shop)
        assert (found.verdict, found.why) == (Verdict.UNKNOWN, "since then, other things are to be ignored")

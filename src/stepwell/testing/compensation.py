# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""A batch taken back: what it applied, the last one first; offered after a failure where nothing could be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import (
    ContradictionError,
    DependedOnError,
    IrreversibleError,
    TargetError,
    UsageError,
)
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite
from stepwell.testing.workshop import outcomes, report_of, versions

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop

BROKEN = "INSERT INTO no_such_table_anywhere VALUES (1);"


class CompensationConformance(Suite):
    """`rollback --batch`, after runs that came to their end and after those that failed."""

    def two_batches(self, url: str, folder: Path) -> tuple[Workshop, str, str]:
        """001 and 002 of the first run, 003 and 004 of the second."""
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.table("002_second")
        first = shop.migrate().batch
        shop.table("003_third", depends="002")
        shop.table("004_fourth")
        return shop, first, shop.migrate().batch

    def failed_batch(
        self, url: str, folder: Path, *, half: bool, attribute: str = ""
    ) -> tuple[Workshop, str, str]:
        """001 is applied apart from the others, 002 without anything; 003 fails, with `half` after its first statement.

        Gives the batch, and the hint.
        """
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.table("002_second", depends="001")
        shop.sql(
            "003_third",
            f"{'CREATE TABLE third (id INTEGER PRIMARY KEY);' if half else ''}{BROKEN}",
            "DROP TABLE IF EXISTS third;",
            header=attribute,
            options="transaction:false",
        )
        error = shop.failure(shop.project().migrate())
        assert outcomes(report_of(error)) == ["001 applied", "002 applied", "003 failed"]
        return shop, report_of(error).batch, error.hint or ""

    def test_the_last_batch_goes_the_last_one_first(self, url: str, tmp_path: Path) -> None:
        shop, *_ = self.two_batches(url, tmp_path)
        assert outcomes(shop.rollback(batch="last")) == ["004 reverted", "003 reverted"]
        assert shop.applied() == ["001", "002"]
        assert outcomes(shop.rollback(batch="last")) == ["002 reverted", "001 reverted"]
        assert shop.rollback(batch="last").steps == ()

    def test_a_batch_by_its_id(self, url: str, tmp_path: Path) -> None:
        shop, _, second = self.two_batches(url, tmp_path)
        shop.table("005_fifth", depends="001")
        shop.migrate()
        assert outcomes(shop.rollback(batch=second)) == ["004 reverted", "003 reverted"]
        assert shop.applied() == ["001", "002", "005"]
        assert shop.rollback(batch=second).steps == ()

    def test_only_what_stands_of_it(self, url: str, tmp_path: Path) -> None:
        """What was reverted, removed by hand, or applied again by another run is not of this batch any more."""
        shop, first, _ = self.two_batches(url, tmp_path)
        shop.rollback()
        shop.run(shop.project().unmark("001"))
        shop.run(shop.project().mark("001"))
        assert outcomes(shop.rollback(batch="last")) == ["003 reverted"]
        assert outcomes(shop.rollback(batch=first)) == ["002 reverted"]
        again = shop.migrate()
        assert versions(again, Outcome.APPLIED) == ["002", "003", "004"]
        assert shop.rollback(batch=first).steps == ()
        assert shop.applied() == ["001", "002", "003", "004"]

    def test_a_dry_run_shows_it(self, url: str, tmp_path: Path) -> None:
        shop, first, _ = self.two_batches(url, tmp_path)
        shop.rollback(batch="last")
        log = shop.log()
        assert outcomes(shop.rollback(batch="last", dry_run=True)) == ["002 planned", "001 planned"]
        assert outcomes(shop.rollback(batch=first, dry_run=True)) == ["002 planned", "001 planned"]
        assert (shop.log(), shop.applied()) == (log, ["001", "002"])

    def test_what_another_batch_needs_stays(self, url: str, tmp_path: Path) -> None:
        shop, first, _ = self.two_batches(url, tmp_path)
        error = shop.failure(shop.project().rollback(batch=first))
        assert isinstance(error, DependedOnError)
        assert error.exit_code == 4
        assert "003 third depends on 002 second" in error.message
        assert shop.applied() == ["001", "002", "003", "004"]

    def test_an_irreversible_one_is_in_the_way(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql("002_second", "CREATE TABLE second (id INTEGER PRIMARY KEY);")
        shop.migrate()
        error = shop.failure(shop.project().rollback(batch="last"))
        assert isinstance(error, IrreversibleError)
        assert shop.applied() == ["001", "002"]

    def test_wishes_that_can_not_be(self, url: str, tmp_path: Path) -> None:
        shop, first, _ = self.two_batches(url, tmp_path)
        error = shop.failure(shop.project().rollback(batch="01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        assert isinstance(error, TargetError)
        assert "the log has no batch 01ARZ3NDEKTSV4RRFFQ69G5FAV" in str(error)
        both = shop.failure(shop.project().rollback(batch=first, steps=1))
        assert isinstance(both, UsageError)
        assert shop.applied() == ["001", "002", "003", "004"]

    def test_a_database_without_a_log_has_no_batch(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        assert shop.rollback(batch="last").steps == ()
        assert not shop.exists("migrations")

    # --- after a failure ---

    def test_after_a_failure_the_way_back_is_offered_where_nothing_was_undone(
        self, url: str, tmp_path: Path
    ) -> None:
        _, batch, hint = self.failed_batch(url, tmp_path, half=False)
        offered = f"'stepwell rollback --batch {batch}'" in hint
        assert offered is not self.workshop(url, tmp_path).abilities.transactional_ddl

    def test_a_failed_step_of_which_nothing_is_done_is_in_nobodys_way(self, url: str, tmp_path: Path) -> None:
        shop, batch, _ = self.failed_batch(url, tmp_path, half=False)
        assert outcomes(shop.rollback(batch=batch)) == ["002 reverted", "001 reverted"]
        assert shop.applied() == []
        assert not shop.exists("first")
        shop.sql("003_third", "CREATE TABLE third (id INTEGER PRIMARY KEY);", options="transaction:false")
        assert versions(shop.migrate(), Outcome.APPLIED) == ["001", "002", "003"]

    def test_what_is_half_applied_is_decided_first(self, url: str, tmp_path: Path) -> None:
        shop, batch, _ = self.failed_batch(url, tmp_path, half=True)
        error = shop.failure(shop.project().rollback(batch=batch))
        assert isinstance(error, ContradictionError)
        assert "half applied: 003 third" in error.message
        assert "stepwell unmark 003" in (error.hint or "")
        assert "idempotent" in (error.hint or "")
        assert shop.applied() == ["001", "002"]
        shop.ask("DROP TABLE third")
        shop.run(shop.project().unmark("003"))
        assert outcomes(shop.rollback(batch=batch)) == ["002 reverted", "001 reverted"]

    def test_half_of_an_idempotent_one_is_reverted_first(self, url: str, tmp_path: Path) -> None:
        shop, batch, _ = self.failed_batch(url, tmp_path, half=True, attribute="-- idempotent")
        assert outcomes(shop.rollback(batch="last")) == ["003 reverted", "002 reverted", "001 reverted"]
        assert shop.states() == {"001": "pending", "002": "pending", "003": "pending"}
        assert not shop.exists("third")
        assert shop.rollback(batch=batch).steps == ()
        shop.sql("003_third", "CREATE TABLE third (id INTEGER PRIMARY KEY);", options="transaction:false")
        assert versions(shop.migrate(), Outcome.APPLIED) == ["001", "002", "003"]

    def test_the_way_back_of_half_may_have_a_transaction(self, url: str, tmp_path: Path) -> None:
        shop, batch, _ = self.failed_batch(url, tmp_path, half=True, attribute="-- idempotent")
        path = shop.folder / "003_third.sql"
        text = path.read_text(encoding="utf-8").replace("migrate:down transaction:false", "migrate:down")
        path.write_text(text, encoding="utf-8")
        assert outcomes(shop.rollback(batch=batch)) == ["003 reverted", "002 reverted", "001 reverted"]
        assert shop.states() == {"001": "pending", "002": "pending", "003": "pending"}
        assert [
            entry.version.text
            for entry in shop.told(batch=None)
            if entry.version and entry.event == "reverted"
        ] == [
            "003",
            "002",
            "001",
        ]

    def test_a_way_back_that_fails_leaves_nothing_that_would_be_passed_over(
        self, url: str, tmp_path: Path
    ) -> None:
        """What was half applied and then half reverted begins anew: none of its statements counts as done."""
        shop = self.workshop(url, tmp_path)
        table = "CREATE TABLE IF NOT EXISTS {} (id INTEGER PRIMARY KEY);"
        up = table.format("first") + table.format("second")
        shop.sql(
            "001_two",
            up + BROKEN,
            f"DROP TABLE IF EXISTS second;{BROKEN}",
            header="-- idempotent",
            options="transaction:false",
        )
        shop.failure(shop.project().migrate())
        shop.failure(shop.project().rollback(batch="last"))
        shop.failure(shop.project().rollback(batch="last"))
        assert shop.states() == {"001": "failed"}
        shop.sql("001_two", up, "DROP TABLE second; DROP TABLE first;", options="transaction:false")
        shop.migrate()
        assert shop.exists("first")
        assert shop.exists("second")

    def test_a_way_back_that_was_interrupted_goes_on(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql(
            "002_second",
            "CREATE TABLE second (id INTEGER PRIMARY KEY);",
            f"{BROKEN} DROP TABLE second;",
            options="transaction:false",
        )
        batch = shop.migrate().batch
        shop.failure(shop.project().rollback(batch="last"))
        assert shop.states() == {"001": "applied", "002": "failed"}
        shop.sql(
            "002_second",
            "CREATE TABLE second (id INTEGER PRIMARY KEY);",
            "DROP TABLE second;",
            options="transaction:false",
        )
        assert outcomes(shop.rollback(batch=batch)) == ["002 reverted", "001 reverted"]

# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""`repair`: whether a statement ran that was cut off is told by the database, or decided by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.errors import TargetError
from stepwell.core.evidence import Verdict
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop


class RepairConformance(Suite):
    """Nothing is run, and nothing is decided that neither the database nor a person tells."""

    def cut_off(self, url: str, folder: Path) -> Workshop:
        """A step of three statements that was cut off at the second, of which nothing tells whether it ran."""
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.sql(
            "002_step",
            "CREATE TABLE one (id INTEGER);\nCREATE TABLE two (id INTEGER);\nCREATE TABLE three (id INTEGER);",
            options="transaction:false",
        )
        shop.migrate(target="001")
        shop.ask("CREATE TABLE two (id INTEGER)")
        shop.failure(shop.project().migrate())
        shop.ask("DELETE FROM migrations_log WHERE event IN ('statement_failed', 'failed')")
        shop.ask("UPDATE migrations_log SET fingerprint = NULL")
        shop.ask("DROP TABLE two")
        return shop

    def test_where_nothing_was_cut_off_nothing_is_to_be_repaired(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.migrate()
        assert shop.run(shop.project().repair()).repairs == ()

    def test_what_nothing_tells_is_left_to_a_person(self, url: str, tmp_path: Path) -> None:
        shop = self.cut_off(url, tmp_path)
        rows = shop.told()
        report = shop.run(shop.project().repair())
        assert report.in_doubt
        (found,) = report.repairs
        assert (str(found.version), found.statement, found.verdict) == ("002", 2, Verdict.UNKNOWN)
        assert found.sql == "CREATE TABLE two (id INTEGER)"
        assert shop.told() == rows
        assert shop.states()["002"] == "in_doubt"

    @cases("ran", {"it ran": True, "it did not run": False})
    def test_a_person_says_whether_it_ran(self, url: str, tmp_path: Path, *, ran: bool) -> None:
        shop = self.cut_off(url, tmp_path)
        said: dict[str, Any] = {"done": ["002"]} if ran else {"not_done": ["002"]}
        dry = shop.run(shop.project().repair(**said, dry_run=True))
        assert dry.dry_run
        assert shop.states()["002"] == "in_doubt"
        report = shop.run(shop.project().repair(**said))
        assert not report.in_doubt
        assert [each.verdict for each in report.repairs] == [Verdict.RAN if ran else Verdict.NOT_RUN]
        assert shop.states()["002"] == "failed"
        assert outcomes(shop.migrate()) == ["002 applied"]
        assert shop.exists("two") is not ran  # what was said to be there is not made again
        assert (shop.exists("one"), shop.exists("three")) == (True, True)
        assert "repair: so it was said by hand" in [entry.error for entry in shop.log()]

    @cases(
        "said",
        {
            "of what was not cut off": {"done": ["001"]},
            "of what is unknown": {"not_done": ["009"]},
            "one way and the other": {"done": ["002"], "not_done": ["002"]},
        },
    )
    def test_what_can_not_be_decided(self, url: str, tmp_path: Path, said: dict[str, Any]) -> None:
        shop = self.cut_off(url, tmp_path)
        error = shop.failure(shop.project().repair(**said))
        assert isinstance(error, TargetError)
        assert error.exit_code == 2
        assert shop.states()["002"] == "in_doubt"

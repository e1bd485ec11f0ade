# ruff: noqa: S101 - a suite of tests asserts
"""A database without a history that has what migrations give: a first run records that, and applies the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, MisuseError
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import Workshop, versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.core.errors import StepwellError
    from stepwell.core.report import RunReport
    from stepwell.project import Project

BUILT = (
    "CREATE TABLE shelves (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)",
    "CREATE INDEX shelves_name ON shelves (name)",
    "ALTER TABLE shelves ADD COLUMN room VARCHAR(20)",
    "CREATE TABLE books (id INTEGER PRIMARY KEY, title VARCHAR(20))",
)
ALL = ["001", "002", "003", "004", "005"]
SEED = """
await database.execute("INSERT INTO shelves (id, name) VALUES (1, 'a')")
"""
ASKS = """
idempotent = True

async def is_applied(self):
    return await database.fetch_val("SELECT count(*) FROM shelves") == 1
"""


class AdoptionConformance(Suite):
    """How far a database is, where it stops, and that it is taken over once."""

    @cases("built", {"nothing": 0, "a table": 1, "an index": 2, "a column": 3, "all": 4})
    def test_what_is_there_is_recorded_and_the_rest_applied(
        self, url: str, tmp_path: Path, built: int
    ) -> None:
        shop = self._legacy(url, tmp_path, built)
        if not shop.abilities.snapshots and built:
            assert "stepwell baseline --to V" in (_stopped(shop).hint or "")
            return
        planned = shop.run(_project(shop).migrate(dry_run=True))
        assert not shop.exists("migrations")
        done = shop.run(_project(shop).migrate())
        for report in (planned, done):
            assert _adopted(report) == ALL[:built]
            assert [step.version.text for step in report.steps] == ALL[built:]
        assert shop.applied() == ALL
        assert shop.column("SELECT count(*) FROM shelves") == [1]

    @cases("there", {"with its rows": True, "without": False})
    def test_a_data_migration_is_asked(self, url: str, tmp_path: Path, there: object) -> None:
        shop = self._legacy(url, tmp_path, 4)
        if not shop.abilities.snapshots:
            return
        if there:
            shop.ask("INSERT INTO shelves (id, name) VALUES (1, 'a')")
        report = shop.run(_project(shop).migrate())
        assert _adopted(report) == (ALL if there else ALL[:4])
        assert versions(report, Outcome.APPLIED) == ([] if there else ["005"])
        assert shop.column("SELECT count(*) FROM shelves") == [1]

    @cases(
        "changes",
        {
            "a column": (
                ["ALTER TABLE books DROP COLUMN title"],
                "004 step: column books.title is not there",
            ),
            "a type": (
                ["ALTER TABLE books DROP COLUMN title", "ALTER TABLE books ADD COLUMN title INTEGER"],
                "column books.title: type ",  # and on some engines a collation, which a number has none of
            ),
            "a table": (["DROP TABLE shelves"], "001 step: table shelves is not there"),
        },
    )
    def test_where_a_part_is_missing_it_says_which_and_stops(
        self, url: str, tmp_path: Path, changes: tuple[Sequence[str], str]
    ) -> None:
        shop = self._legacy(url, tmp_path, 4)
        statements, missing = changes
        for statement in statements:
            shop.ask(statement)
        error = _stopped(shop)
        assert "stepwell baseline --to V" in (error.hint or "")
        if shop.abilities.snapshots:
            assert missing in error.message
            assert "--scratch-url" in (error.hint or "")

    def test_what_others_have_there_is_no_obstacle(self, url: str, tmp_path: Path) -> None:
        shop = self._legacy(url, tmp_path, 0)
        shop.ask("CREATE TABLE theirs (id INTEGER)")
        report = shop.run(_project(shop).migrate())
        assert (_adopted(report), versions(report, Outcome.APPLIED)) == ([], ALL)

    def test_it_may_only_ask(self, url: str, tmp_path: Path) -> None:
        shop = self._legacy(url, tmp_path, 4)
        if not shop.abilities.snapshots:
            return
        write = 'await database.execute("DELETE FROM shelves")'
        path = shop.python("005_step", SEED, attributes=f"async def is_applied(self):\n    {write}")
        shop.ask("INSERT INTO shelves (id, name) VALUES (1, 'a')")
        error = shop.failure(_project(shop).migrate())
        assert isinstance(error, MisuseError)
        assert str(error.place) == shop.line(path, write)
        assert shop.column("SELECT count(*) FROM shelves") == [1]
        assert not shop.exists("migrations")

    def test_of_several_runners_one_takes_it_over(self, url: str, tmp_path: Path) -> None:
        shop = self._legacy(url, tmp_path, 4)
        if not shop.abilities.snapshots:
            return

        async def three() -> Sequence[RunReport]:
            return await asyncio.gather(*(_project(shop).migrate() for _ in range(3)))

        reports = shop.run(three())
        assert sorted(map(_adopted, reports)) == [[], [], ALL[:4]]
        assert shop.applied() == ALL
        assert [entry.event for entry in shop.told()].count("marked") == len(ALL) - 1

    def _legacy(self, url: str, tmp_path: Path, built: int) -> Workshop:
        """Five migrations, of which the last only changes rows; somebody has built some of what they give."""
        shop = self.workshop(url, tmp_path)
        for number, sql in enumerate(BUILT, 1):
            shop.sql(f"{number:03}_step", f"{sql};")
        shop.python("005_step", SEED, attributes=ASKS)
        for sql in BUILT[:built]:
            shop.ask(sql)
        return shop


def _project(shop: Workshop) -> Project:
    """Replays on the server of its database, which is there already."""
    return shop.project(scratch_url=shop.url, scratch="same-server")


def _adopted(report: RunReport) -> list[str]:
    return [each.version.text for each in report.adopted]


def _stopped(shop: Workshop) -> StepwellError:
    error = shop.failure(_project(shop).migrate())
    assert isinstance(error, ContradictionError)
    assert not shop.exists("migrations")
    return error

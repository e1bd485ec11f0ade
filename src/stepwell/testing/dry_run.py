# ruff: noqa: S101 - a suite of tests asserts, and an expected number is clearest where it is expected
"""A dry run tells what would be sent, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import Direction
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.report import RunReport


class DryRunConformance(Suite):
    """What a dry run reports of SQL and of Python, and that the database stays as it is."""

    def statements(self, report: RunReport) -> list[list[str]]:
        """The SQL of each step."""
        return [[statement.sql for statement in step.statements] for step in report.steps]

    def test_it_tells_the_sql_of_every_step(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        block = "async with database.transaction():" if shop.abilities.transactional_ddl else "if True:"
        shop.sql(
            "001_items",
            "CREATE TABLE items (id INTEGER);\nINSERT INTO items VALUES (1);",
            "DROP TABLE items;",
        )
        shop.python(
            "002_step",
            f"""
            await database.execute("INSERT INTO items VALUES (:id)", {{"id": 2}})
            {block}
                await database.execute_many("INSERT INTO items VALUES (:id)", [{{"id": 3}}, {{"id": 4}}])
            """,
            'await database.execute("DELETE FROM items WHERE id > 1")',
        )
        report = shop.migrate(dry_run=True)
        assert report.dry_run
        assert report.ok
        assert outcomes(report) == ["001 planned", "002 planned"]
        assert self.statements(report) == [
            ["CREATE TABLE items (id INTEGER)", "INSERT INTO items VALUES (1)"],
            ["INSERT INTO items VALUES (:id)", "INSERT INTO items VALUES (:id)"],
        ]
        assert [segment.versions for segment in report.segments]
        assert not shop.exists("items")
        assert not shop.exists("migrations")
        shop.migrate()
        back = shop.rollback(target="base", dry_run=True)
        assert self.statements(back) == [["DELETE FROM items WHERE id > 1"], ["DROP TABLE items"]]
        assert shop.applied() == ["001", "002"]
        assert [entry.event for entry in shop.told()] == ["applied", "applied"]

    def test_it_tells_beforehand_what_a_failure_would_leave(self, url: str, tmp_path: Path) -> None:
        """Where changes of the schema can't be undone, each step is a segment by itself, and resumes."""
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second"):
            shop.table(stem)
        report = shop.run(shop.project().migrate(dry_run=True))
        atomic = shop.abilities.transactional_ddl
        assert [step.segment for step in report.steps] == ([1, 1] if atomic else [1, 2])
        assert [segment.transactional for segment in report.segments] == (
            [True] if atomic else [False, False]
        )
        told = any("not atomic" in warning and "resumes there" in warning for warning in report.warnings)
        assert told is not atomic

    def test_a_read_is_answered_from_what_is_there(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE items (id INTEGER)")
        shop.ask("INSERT INTO items VALUES (7)")
        shop.python(
            "001_step",
            """
            found = await database.fetch_val("SELECT id FROM items")
            await database.execute(f"UPDATE items SET id = {found + 1}")
            async for row in database.iterate("SELECT id FROM items"):
                await database.execute(f"DELETE FROM items WHERE id = {row['id']}")
            """,
        )
        (step,) = shop.migrate(dry_run=True).steps
        assert [statement.sql for statement in step.statements] == [
            "SELECT id FROM items",
            "UPDATE items SET id = 8",
            "SELECT id FROM items",
            "DELETE FROM items WHERE id = 7",
        ]
        assert step.statements[0].note == "seen before the pending steps"
        assert step.note is None
        assert shop.column("SELECT id FROM items") == [7]

    @cases(
        "line",
        {
            "a read of what is not there yet": 'await database.fetch_all("SELECT id FROM not_yet")',
            "a read that writes": 'await database.fetch_val("INSERT INTO items VALUES (1) RETURNING id")',
            "a count": 'await database.execute_count("UPDATE items SET id = 1")',
            "the driver": "async with database.driver():",
            "an error of its own": "await self.nothing_there()",
        },
    )
    def test_what_can_not_be_known_ends_the_recording_there(
        self, url: str, tmp_path: Path, line: str
    ) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE items (id INTEGER)")
        body = f"    {line}" if not line.endswith(":") else f"    {line}\n        pass"
        path = shop.python(
            "001_step",
            f"""
await database.execute("DELETE FROM items")
try:
{body}
finally:
    pass
await database.execute("DROP TABLE items")
""",
        )
        shop.table("002_after")
        first, second = shop.migrate(dry_run=True).steps
        assert first.note is not None
        assert first.note.startswith(shop.line(path, line) + ": ")
        assert "the rest depends on data" in first.note
        assert "DROP TABLE items" not in [statement.sql for statement in first.statements]
        assert second.statements
        assert shop.exists("items")

    def test_plain_functions_are_recorded_too(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python(
            "001_step",
            """
            database.execute("CREATE TABLE items (id INTEGER)")
            for row in database.iterate("SELECT 1 AS one"):
                database.execute(f"INSERT INTO items VALUES ({row['one']})")
            database.fetch_all("SELECT * FROM items")
            database.execute("DROP TABLE items")
            """,
            plain=True,
        )
        (step,) = shop.migrate(dry_run=True).steps
        assert [statement.sql for statement in step.statements] == [
            "CREATE TABLE items (id INTEGER)",
            "SELECT 1 AS one",
            "INSERT INTO items VALUES (1)",
            "SELECT * FROM items",
        ]
        assert step.note is not None
        assert step.note.startswith(shop.line(path, "SELECT * FROM items") + ": ")
        assert not shop.exists("items")

    def test_a_misuse_is_found_by_a_dry_run_too(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python("001_step", 'database.execute("CREATE TABLE items (id INTEGER)")')
        error = shop.failure(shop.project().migrate(dry_run=True))
        assert "never awaited" in error.message
        assert str(error.place) == shop.line(path, "database.execute")

    def test_a_preview_runs_nothing_of_the_author_s(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        out = tmp_path / "out"
        shop.python("001_step", f"Path({str(out)!r}).touch()")
        shop.table("002_tables")
        report = shop.run(shop.project().preview(Direction.UP, target="001"))
        assert report.dry_run
        assert [str(version) for version in report.versions(Outcome.PLANNED)] == ["001"]
        assert not out.exists()
        shop.migrate()
        report = shop.run(shop.project().preview(Direction.DOWN, steps=1))
        assert [str(version) for version in report.versions(Outcome.PLANNED)] == ["002"]
        assert shop.exists("migrations")

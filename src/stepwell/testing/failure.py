# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""What a failure leaves behind (nothing, where the engine can undo), and what its error tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from stepwell.core.errors import StepError
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes, report_of

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.report import RunReport
    from stepwell.testing.workshop import Workshop

SQL = "the statement stands in an SQL file"
PYTHON = "the statement is issued by Python"
RAISED = "Python raises"


class FailureConformance(Suite):
    """Batches are atomic; the error names file, line and statement; running again after a repair works."""

    def five(self, url: str, folder: Path, how: str = SQL) -> Workshop:
        """Five migrations, of which the third fails."""
        shop = self.workshop(url, folder)
        for stem in ("001_first", "002_second", "004_fourth", "005_fifth"):
            shop.table(stem)
        statement, _ = self.failing
        match how:
            case "the statement stands in an SQL file":
                shop.sql("003_third", f"CREATE TABLE third (id INTEGER);\n\n{statement};")
            case "the statement is issued by Python":
                shop.python(
                    "003_third",
                    f"""
                    await database.execute("CREATE TABLE third (id INTEGER)")
                    await database.execute({statement!r})
                    await database.execute("CREATE TABLE third_b (id INTEGER)")
                    """,
                )
            case _:
                shop.python(
                    "003_third",
                    """
                    await database.execute("CREATE TABLE third (id INTEGER)")
                    raise RuntimeError("not today")
                    """,
                )
        return shop

    def place(self, shop: Workshop, how: str) -> str:
        """Where the third migration fails."""
        if how == RAISED:
            return shop.line(shop.folder / "003_third.py", "raise RuntimeError")
        suffix = "sql" if how == SQL else "py"
        return shop.line(shop.folder / f"003_third.{suffix}", self.failing[0][:20])

    @cases("how", {"sql": SQL, "python": PYTHON, "raised": RAISED})
    def test_the_third_of_five_fails_and_nothing_stays(self, url: str, tmp_path: Path, how: str) -> None:
        shop = self.five(url, tmp_path, how)
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, StepError)
        assert error.exit_code == 1
        assert str(error.place) == self.place(shop, how)
        assert str(error).startswith(f"{error.place}: ")
        assert error.fault.version == "003"
        report = report_of(error)
        assert not report.ok
        assert report.exit_code == 1
        assert report.error == error.fault
        if not shop.abilities.transactional_ddl:
            return
        assert outcomes(report) == ["001 undone", "002 undone", "003 failed", "004 not_run", "005 not_run"]
        assert report.stands is not None
        assert "nothing was applied" in report.stands
        assert shop.pending() == ["001", "002", "003", "004", "005"]
        assert not any(shop.exists(table) for table in ("first", "second", "third", "fourth", "fifth"))

    @cases("how", {"sql": SQL, "python": PYTHON})
    def test_the_error_names_the_statement_and_its_code(self, url: str, tmp_path: Path, how: str) -> None:
        shop = self.five(url, tmp_path, how)
        error = cast("StepError", shop.failure(shop.project().migrate()))
        statement, code = self.failing
        assert error.fault.sqlstate == code
        assert error.fault.statement == statement

    def test_an_exception_is_told_by_type_and_message(self, url: str, tmp_path: Path) -> None:
        shop = self.five(url, tmp_path, RAISED)
        error = cast("StepError", shop.failure(shop.project().migrate()))
        assert error.message == "RuntimeError: not today"
        assert isinstance(error.fault.code, str)

    def test_the_failure_is_logged_after_it_was_undone(self, url: str, tmp_path: Path) -> None:
        shop = self.five(url, tmp_path)
        error = cast("StepError", shop.failure(shop.project().migrate()))
        report = report_of(error)
        events = [(str(entry.version), entry.event, entry.batch) for entry in shop.log()]
        if shop.abilities.transactional_ddl:
            assert events == [
                ("001", "undone", report.batch),
                ("002", "undone", report.batch),
                ("003", "failed", report.batch),
            ]
        assert shop.log()[-1].error == error.fault.message

    def test_the_last_of_a_batch_fails(self, url: str, tmp_path: Path) -> None:
        """Where statements are queued, this failure comes only when the batch is to be committed."""
        shop = self.five(url, tmp_path)
        for stem in ("004_fourth", "005_fifth"):
            (shop.folder / f"{stem}.sql").unlink()
        error = shop.failure(shop.project().migrate())
        assert str(error.place) == self.place(shop, SQL)
        assert [entry.event for entry in shop.log()][-1] == "failed"
        if shop.abilities.transactional_ddl:
            assert not shop.exists("first")

    def test_after_the_repair_everything_is_applied(self, url: str, tmp_path: Path) -> None:
        shop = self.five(url, tmp_path)
        shop.failure(shop.project().migrate())
        shop.sql("003_third", "CREATE TABLE IF NOT EXISTS third (id INTEGER);", "DROP TABLE third;")
        if not shop.abilities.transactional_ddl:
            shop.run(shop.project().unmark("003"))
        shop.migrate()
        assert shop.applied() == ["001", "002", "003", "004", "005"]

    def test_atomic_by_migration_keeps_what_came_before(self, url: str, tmp_path: Path) -> None:
        shop = self.five(url, tmp_path)
        report = self.report_of_failure(shop, atomic="migration")
        assert outcomes(report) == ["001 applied", "002 applied", "003 failed", "004 not_run", "005 not_run"]
        assert report.stands is not None
        assert "001, 002 applied" in report.stands
        assert shop.applied() == ["001", "002"]
        assert shop.exists("third") is not shop.abilities.transactional_ddl

    def report_of_failure(self, shop: Workshop, **settings: object) -> RunReport:
        """Migrate, which must fail, and give the report."""
        return report_of(shop.failure(shop.project(**settings).migrate()))

    def test_a_segment_that_ends_stands(self, url: str, tmp_path: Path) -> None:
        shop = self.five(url, tmp_path)
        shop.sql(
            "001_first",
            "CREATE TABLE first (id INTEGER);",
            "DROP TABLE first;",
            header="-- ends_segment: true",
        )
        report = self.report_of_failure(shop)
        assert outcomes(report)[0] == "001 applied"
        assert report.segments[0].ends_because is not None
        assert any("it commits after 001" in warning for warning in report.warnings) is (
            shop.abilities.transactional_ddl
        )
        assert shop.applied()[0] == "001"

    def test_a_rollback_that_fails_keeps_everything(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        statement, _ = self.failing
        shop.table("001_first")
        shop.sql("002_second", "CREATE TABLE second (id INTEGER);", f"DROP TABLE second;\n{statement};")
        shop.table("003_third")
        shop.migrate()
        error = shop.failure(shop.project().rollback(target="base"))
        assert str(error.place) == shop.line(shop.folder / "002_second.sql", statement[:20])
        if shop.abilities.transactional_ddl:
            assert outcomes(report_of(error)) == ["003 undone", "002 failed", "001 not_run"]
            assert shop.applied() == ["001", "002", "003"]
            assert all(shop.exists(table) for table in ("first", "second", "third"))

    def test_a_file_that_can_not_be_imported_stops_before_anything(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.python("002_second", "pass", head="import not_there_at_all")
        error = shop.failure(shop.project().migrate())
        assert error.exit_code == 4
        assert str(error.place) == shop.line(shop.folder / "002_second.py", "import not_there_at_all")
        assert not shop.exists("first")
        assert not shop.exists("migrations")

    def test_leaving_the_program_is_a_failure_as_any_other(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python("001_first", "raise SystemExit(3)")
        error = shop.failure(shop.project().migrate())
        assert error.message == "SystemExit: 3"
        assert str(error.place) == shop.line(path, "raise SystemExit")

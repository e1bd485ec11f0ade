# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""Which table is accepted as the history, and what an unadopted database is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, HistoryTableError
from stepwell.testing.suite import Suite, cases

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop

# The tables of that name which other tools make, as far as every engine understands them.
OTHER_TOOLS = {
    "laravel": ("CREATE TABLE migrations (id INTEGER PRIMARY KEY, migration VARCHAR(255), batch INTEGER)",),
    "typeorm": ("CREATE TABLE migrations (id INTEGER PRIMARY KEY, timestamp BIGINT, name VARCHAR(255))",),
    "knex": (
        (
            "CREATE TABLE migrations (id INTEGER PRIMARY KEY, name VARCHAR(255), batch INTEGER,"
            " migration_time TIMESTAMP)"
        ),
    ),
    "a view": (
        "CREATE TABLE under (id INTEGER)",
        "CREATE VIEW migrations AS SELECT id FROM under",
    ),
    "one column more": (
        (
            "CREATE TABLE migrations (id INTEGER PRIMARY KEY, version VARCHAR(50), name VARCHAR(255), description TEXT,"
            " dependencies TEXT, created_at TIMESTAMP, applied_at TIMESTAMP, owner VARCHAR(20))"
        ),
    ),
    "a log that is another's": ("CREATE TABLE migrations_log (id INTEGER PRIMARY KEY, message TEXT)",),
}


class TablesConformance(Suite):
    """The history table is trusted only if it is ours, and nothing is done where it is not."""

    def refused(self, shop: Workshop) -> None:
        """Every verb refuses, and nothing changes."""
        shop.table("001_first")
        for verb in ("status", "migrate", "rollback", "check"):
            error = shop.failure(getattr(shop.project(), verb)())
            assert isinstance(error, HistoryTableError), verb
            assert error.exit_code == 6
            assert "migrations" in error.message
            assert error.hint is not None
            assert "'table' and 'schema'" in error.hint or "'table'" in error.hint
        assert not shop.exists("first")

    @cases("statements", OTHER_TOOLS)
    def test_the_table_of_another_tool(self, url: str, tmp_path: Path, statements: tuple[str, ...]) -> None:
        shop = self.workshop(url, tmp_path)
        for statement in statements:
            shop.ask(statement)
        self.refused(shop)

    def test_what_the_engine_has_besides(self, url: str, tmp_path: Path) -> None:
        for number, statements in enumerate(self.foreign_tables.values()):
            table = f"history{number}"
            shop = self.workshop(url, tmp_path)
            for statement in (self.seven_columns, *statements):
                shop.ask(statement.format(table=table))
            error = shop.failure(shop.project(table=table).status())
            assert isinstance(error, HistoryTableError), statements
            assert table in error.message

    def test_another_name_is_the_way_out(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask(OTHER_TOOLS["laravel"][0])
        shop.table("001_first")
        project = shop.project(table="schema_history")
        shop.run(project.migrate())
        assert shop.column("SELECT version FROM schema_history") == ["001"]
        assert "applied" in shop.column("SELECT event FROM schema_history_log")

    @cases(
        "table",
        {name: name for name in ("Mixed Case", 'quo"ted', "sémantique", "select", "o'clock", "a;b--c")},
    )
    def test_any_name_of_a_table(self, url: str, tmp_path: Path, table: str) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        project = shop.project(table=table)
        shop.run(project.migrate())
        status = shop.run(project.status())
        assert table in status.table
        assert [entry.state for entry in status.entries] == ["applied"]
        quoted = '"' + f"{table}_log".replace('"', '""') + '"'
        assert "applied" in shop.column(f"SELECT event FROM {quoted}")
        assert [str(step.version) for step in shop.run(project.rollback()).steps] == ["001"]

    def test_a_first_run_that_meets_what_it_would_create(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql("002_second", "CREATE TABLE second (id INTEGER);")
        shop.ask("CREATE TABLE second (id INTEGER)")
        for dry_run in (True, False):
            error = shop.failure(shop.project().migrate(dry_run=dry_run))
            assert isinstance(error, ContradictionError)
            assert error.exit_code == 6
            assert "second" in error.message
            assert "created by 002 second" in error.message
            assert (
                error.place is not None
            )  # of what lacks, or where that can't be found out, of what is there
            assert error.place.path.startswith("migrations/")
        assert not shop.exists("migrations")
        assert not shop.exists("first")

    def test_other_objects_are_no_obstacle(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE elsewhere (id INTEGER)")
        shop.table("001_first")
        assert shop.migrate().ok

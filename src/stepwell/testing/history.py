# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""What is written down: records, their order, checksums, times, states, and the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError
from stepwell.core.report import Outcome
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import versions

if TYPE_CHECKING:
    from pathlib import Path


class HistoryConformance(Suite):
    """What the two tables hold after a run, and what state follows from records and files."""

    def test_a_record_tells_everything(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql(
            "002_second",
            "CREATE TABLE second (id INTEGER);",
            header="-- description: The second table\n-- depends: 001",
        )
        before = datetime.now(UTC) - timedelta(seconds=2)
        shop.migrate()
        rows = shop.ask(
            "SELECT id, version, name, description, dependencies, checksum, file_hash FROM migrations ORDER BY id"
        )
        assert [row[1:5] for row in rows] == [
            ("001", "first", "", "[]"),
            ("002", "second", "The second table", '["001"]'),
        ]
        assert rows[0][0] < rows[1][0]
        assert all(checksum.startswith("1:") and len(checksum) == 66 for *_, checksum, _ in rows)
        assert all(len(file_hash) == 64 for *_, file_hash in rows)
        for version in ("001", "002"):
            record = shop.entry(version).record
            assert record is not None
            assert record.applied_at is not None
            assert before <= record.applied_at <= datetime.now(UTC) + timedelta(seconds=2)

    def test_ids_are_never_used_twice(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.migrate()
        (first,) = shop.column("SELECT id FROM migrations")
        shop.rollback()
        shop.migrate()
        (second,) = shop.column("SELECT id FROM migrations")
        assert second > first

    def test_a_migrate_logs_every_step(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql("002_second", "CREATE TABLE second (id INTEGER); INSERT INTO second VALUES (1);")
        report = shop.migrate()
        entries = shop.told()
        assert [(str(e.version), e.event, e.direction, e.segment, e.statements) for e in entries] == [
            ("001", "applied", "up", 1, 1),
            ("002", "applied", "up", 1 if shop.abilities.transactional_ddl else 2, 2),
        ]
        assert {entry.batch for entry in entries} == {report.batch}
        assert [entry.checksum for entry in entries] == shop.column(
            "SELECT checksum FROM migrations ORDER BY id"
        )
        for entry in entries:
            assert entry.elapsed_ms is not None
            assert entry.elapsed_ms >= 0
            assert entry.user
            assert entry.host
            assert entry.tool is not None
            assert entry.tool.startswith("stepwell ")
            assert entry.error is None
            assert entry.started_at is not None
            assert abs(datetime.now(UTC) - entry.started_at) < timedelta(minutes=1)

    def test_the_log_only_grows(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        first = shop.migrate()
        second = shop.rollback()
        assert [(entry.event, entry.batch) for entry in shop.told()] == [
            ("applied", first.batch),
            ("reverted", second.batch),
        ]
        newest = shop.run(shop.project().log(limit=1)).entries
        assert [entry.event for entry in newest] == ["reverted"]
        of_first = shop.told(batch=first.batch)
        assert [entry.event for entry in of_first] == ["applied"]

    def test_the_log_of_a_database_without_one_is_empty(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        assert shop.log() == ()

    def test_a_deleted_row_is_pending_again_and_harms_nothing_else(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second", "003_third"):
            shop.table(stem)
        shop.migrate()
        shop.ask("DELETE FROM migrations WHERE version = '002'")
        shop.ask("DROP TABLE second")
        assert shop.states() == {"001": "applied", "002": "pending", "003": "applied"}
        assert versions(shop.migrate(), Outcome.APPLIED) == ["002"]
        assert shop.applied() == ["001", "003", "002"]

    # --- changed and missing ---

    def test_a_changed_file_contradicts(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.migrate()
        shop.sql("001_first", "CREATE TABLE first (id INTEGER PRIMARY KEY, more INTEGER);")
        shop.table("002_second")
        assert shop.states() == {"001": "changed", "002": "pending"}
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, ContradictionError)
        assert error.exit_code == 6
        assert "001 first" in str(error)
        assert not shop.exists("second")
        assert versions(shop.migrate(allow_changed=True), Outcome.APPLIED) == ["002"]

    def test_comments_and_blank_lines_change_nothing(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.migrate()
        path = shop.folder / "001_first.sql"
        path.write_text(path.read_text().replace("CREATE", "-- why not\n\nCREATE"))
        assert shop.states() == {"001": "applied"}

    def test_a_record_without_checksum_is_never_changed(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.migrate()
        shop.ask("UPDATE migrations SET checksum = NULL, file_hash = NULL")
        shop.sql("001_first", "CREATE TABLE other (id INTEGER);")
        assert shop.states() == {"001": "applied"}

    def test_a_missing_file_older_than_the_newest_contradicts(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second"):
            shop.table(stem)
        shop.migrate()
        (shop.folder / "001_first.sql").unlink()
        shop.table("003_third")
        assert shop.states() == {"001": "missing", "002": "applied", "003": "pending"}
        assert shop.failure(shop.project().migrate()).exit_code == 6
        assert versions(shop.migrate(allow_missing=True), Outcome.APPLIED) == ["003"]

    def test_a_database_that_is_newer_than_the_files_is_a_warning(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second"):
            shop.table(stem)
        shop.migrate()
        (shop.folder / "002_second.sql").unlink()
        report = shop.migrate()
        assert report.ok
        assert any("002 second" in warning for warning in report.warnings)
        assert shop.states() == {"001": "applied", "002": "missing"}

    def test_the_history_of_another_project_is_refused(self, url: str, tmp_path: Path) -> None:
        theirs = self.workshop(url, tmp_path / "theirs")
        for stem in ("001_first", "002_second"):
            theirs.table(stem)
        theirs.migrate()
        ours = self.workshop(url, tmp_path / "ours")
        ours.table("101_ours")
        error = ours.failure(ours.project().migrate())
        assert error.exit_code == 6
        assert "the history of another project: none of its 2 migrations is" in error.message
        assert "'url', 'table' and 'schema'" in (error.hint or "")
        found = [each.code for each in ours.run(ours.project().check()).findings]
        assert (found.count("another-project"), found.count("missing")) == (1, 0)
        assert ours.states() == {"001": "missing", "002": "missing", "101": "pending"}
        assert versions(ours.migrate(allow_missing=True), Outcome.APPLIED) == ["101"]

    def test_check_finds_what_contradicts(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second", "003_third"):
            shop.table(stem)
        shop.migrate(target="003", only_needed=True)
        shop.sql("003_third", "CREATE TABLE other (id INTEGER);", "DROP TABLE other;")
        shop.table("004_fourth")
        (shop.folder / "004_fourth.sql").unlink()
        codes = {finding.code for finding in shop.run(shop.project().check()).findings}
        assert {"changed", "out-of-order"} <= codes

    @cases(
        "rows",
        {
            "newer than every file": (("999", '["001"]'),),
            "of another form": (("not a version!", "[]"), ("", "[]"), ("base", "[]")),
            "depending on what nobody knows": (("500", '["nowhere", "501"]'),),
            "depending on each other": (("500", '["501"]'), ("501", '["500"]')),
            "depending on what depends on it": (("000", '["001", "002"]'),),
            "with dependencies that nobody can read": (("500", "[[{"),),
        },
    )
    def test_whatever_is_recorded_a_status_can_be_had(
        self, url: str, tmp_path: Path, rows: tuple[tuple[str, str], ...]
    ) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first", depends="000" if rows[0][0] == "000" else "")
        if rows[0][0] == "000":
            shop.table("000_earlier")
        shop.migrate()
        if rows[0][0] == "000":
            (shop.folder / "000_earlier.sql").unlink()
            shop.ask("DELETE FROM migrations WHERE version = '000'")
        shop.table("002_second")
        for version, dependencies in rows:
            shop.ask(
                "INSERT INTO migrations (version, name, dependencies)"
                f" VALUES ('{version}', 'strange', '{dependencies}')"
            )
        states = shop.states()
        assert states["001"] == "applied"
        assert states["002"] == "pending"
        assert [states[version] for version, _ in rows] == ["missing"] * len(rows)
        assert shop.migrate(allow_missing=True).ok
        for version, _ in rows:
            if version != "000":  # a file depends on that one
                assert shop.run(shop.project().unmark(version)).changed
                assert version not in shop.states()

    # --- the table of an older runner ---

    @cases(
        "stored",
        {
            "json": ('["001"]', ["001"]),
            "commas": ("001,  002", ["001", "002"]),
            "python list": ("['001', '002']", ["001", "002"]),
            "empty": ("", []),
            "empty list": ("[]", []),
            "null": (None, []),
        },
    )
    def test_dependencies_are_read_however_they_were_written(
        self, url: str, tmp_path: Path, stored: tuple[str | None, list[str]]
    ) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask(self.seven_columns.format(table="migrations"))
        for version in ("001", "002"):
            shop.ask(f"INSERT INTO migrations (version, name) VALUES ('{version}', 'before')")
        text, expected = stored
        literal = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
        shop.ask(f"INSERT INTO migrations (version, name, dependencies) VALUES ('003', 'after', {literal})")
        assert [each.text for each in shop.entry("003").dependencies] == expected

    def test_a_table_with_seven_columns_is_read_and_then_extended(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.table("002_second")
        shop.ask("CREATE TABLE first (id INTEGER PRIMARY KEY)")
        shop.ask(self.seven_columns.format(table="migrations"))
        shop.ask("INSERT INTO migrations (version, name) VALUES ('001', 'first')")
        assert shop.states() == {"001": "applied", "002": "pending"}
        assert shop.rollback(dry_run=True).versions(Outcome.PLANNED)
        assert len(shop.ask("SELECT * FROM migrations")[0]) == 7
        shop.migrate()
        rows = shop.ask("SELECT version, dependencies, checksum, file_hash FROM migrations ORDER BY id")
        assert rows[0] == ("001", None, None, None)
        assert rows[1][:2] == ("002", json.dumps([]))
        assert None not in rows[1]
        assert shop.states() == {"001": "applied", "002": "applied"}
        shop.rollback(target="base")
        assert shop.column("SELECT count(*) FROM migrations") == [0]

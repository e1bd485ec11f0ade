# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""Steps without a transaction: what is written down of each statement, resuming, and what is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, StepError
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes, report_of

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop

WITHOUT = "transaction:false"


class JournalConformance(Suite):
    """After a failure the next run goes on at the first statement that was not done."""

    def four(self, url: str, folder: Path) -> Workshop:
        """A step of four statements, of which the third fails as long as a table stands in its way."""
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.sql(
            "002_step",
            "CREATE TABLE one (id INTEGER);\nCREATE TABLE two (id INTEGER);\n"
            "CREATE TABLE three (id INTEGER);\nCREATE TABLE four (id INTEGER);",
            "DROP TABLE four;\nDROP TABLE three;\nDROP TABLE two;\nDROP TABLE one;",
            options=WITHOUT,
        )
        shop.table("003_third")
        shop.migrate(target="001")
        shop.ask("CREATE TABLE three (id INTEGER)")
        return shop

    def events(self, shop: Workshop, version: str) -> list[str]:
        """What the log says of a version, such as `intent 1`."""
        entries = [entry for entry in shop.log() if str(entry.version) == version]
        return [f"{e.event} {e.statement}" if e.statement else e.event for e in entries]

    def failed(self, shop: Workshop) -> StepError:
        """Migrate, which must fail at the third statement."""
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, StepError)
        return error

    def test_what_began_is_not_forgotten_with_its_file(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        (shop.folder / "002_step.sql").unlink()
        assert shop.states() == {"001": "applied", "002": "failed", "003": "pending"}
        for verb in (shop.project().migrate(), shop.project().rollback()):
            error = shop.failure(verb)
            assert isinstance(error, ContradictionError)
            assert "'stepwell unmark 002'" in str(error.hint)
        assert "failed" in [finding.code for finding in shop.run(shop.project().check()).findings]
        assert not shop.exists("third")
        shop.run(shop.project().unmark("002"))
        assert outcomes(shop.migrate()) == ["003 applied"]

    def test_every_statement_has_an_intent_and_a_done_mark(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.sql(
            "001_step", "CREATE TABLE one (id INTEGER);\nCREATE TABLE two (id INTEGER);", options=WITHOUT
        )
        report = shop.migrate()
        assert outcomes(report) == ["001 applied"]
        assert [segment.transactional for segment in report.segments] == [False]
        assert self.events(shop, "001") == ["intent 1", "done 1", "intent 2", "done 2", "applied"]
        assert all(entry.checksum for entry in shop.log())

    def test_a_failure_says_what_stands(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        error = self.failed(shop)
        assert error.exit_code == 1
        assert str(error.place) == shop.line(shop.folder / "002_step.sql", "CREATE TABLE three")
        assert outcomes(report_of(error)) == ["002 failed", "003 not_run"]
        assert shop.states() == {"001": "applied", "002": "failed", "003": "pending"}
        assert (shop.exists("one"), shop.exists("two"), shop.exists("four")) == (True, True, False)
        assert self.events(shop, "002") == [
            "intent 1",
            "done 1",
            "intent 2",
            "done 2",
            "intent 3",
            "statement_failed 3",
            "failed",
        ]

    def test_the_next_run_resumes_at_the_first_that_is_not_done(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        shop.ask("DROP TABLE three")
        assert outcomes(shop.migrate()) == ["002 applied", "003 applied"]
        assert all(shop.exists(table) for table in ("one", "two", "three", "four"))
        assert self.events(shop, "002")[-5:] == ["intent 3", "done 3", "intent 4", "done 4", "applied"]

    def test_the_very_first_migration_resumes_too(self, url: str, tmp_path: Path) -> None:
        """There is no record yet, and what was created is ours: it is no database to be adopted."""
        shop = self.workshop(url, tmp_path)
        statement, _ = self.failing
        path = shop.sql("001_step", f"CREATE TABLE one (id INTEGER);\n{statement};", options=WITHOUT)
        self.failed(shop)
        path.write_text(path.read_text().replace(statement, "CREATE TABLE two (id INTEGER)"))
        assert outcomes(shop.migrate()) == ["001 applied"]
        assert shop.exists("two")

    def test_it_fails_again_as_long_as_nothing_is_repaired(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        self.failed(shop)
        shop.ask("DROP TABLE three")
        assert shop.migrate().ok

    def test_a_file_that_changed_before_the_failure_is_refused(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        path = shop.folder / "002_step.sql"
        path.write_text(path.read_text().replace("CREATE TABLE one", "CREATE TABLE another"))
        shop.ask("DROP TABLE three")
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, ContradictionError)
        assert error.exit_code == 6
        assert "changed since" in error.message

    def test_a_file_may_change_behind_the_failure(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        path = shop.folder / "002_step.sql"
        path.write_text(path.read_text().replace("CREATE TABLE three (", "CREATE TABLE three_b ("))
        assert shop.migrate().ok
        assert shop.exists("three_b")

    @cases("way", {"resumed": "resume", "forgotten": "unmark", "accepted": "mark"})
    def test_three_ways_out_of_a_failure(self, url: str, tmp_path: Path, way: str) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        shop.ask("DROP TABLE three")
        match way:
            case "unmark":
                shop.ask("DROP TABLE one")
                shop.ask("DROP TABLE two")
                shop.run(shop.project().unmark("002"))
                assert shop.states()["002"] == "pending"
            case "mark":
                shop.run(shop.project().mark("002"))
                assert shop.states()["002"] == "applied"
        shop.migrate()
        assert shop.applied() == ["001", "002", "003"]
        assert shop.exists("three") is (way != "mark")

    def test_a_rollback_of_what_is_half_applied_is_refused(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        self.failed(shop)
        error = shop.failure(shop.project().rollback())
        assert isinstance(error, ContradictionError)
        assert "half applied" in error.message

    def test_a_rollback_that_fails_resumes_too(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        shop.ask("DROP TABLE three")
        shop.migrate(target="002")
        shop.ask("DROP TABLE two")
        error = shop.failure(shop.project().rollback())
        assert str(error.place) == shop.line(shop.folder / "002_step.sql", "DROP TABLE two")
        assert shop.states()["002"] == "failed"
        assert "half reverted" in shop.failure(shop.project().migrate()).message
        shop.ask("CREATE TABLE two (id INTEGER)")
        assert outcomes(shop.rollback()) == ["002 reverted"]
        assert not any(shop.exists(table) for table in ("one", "two", "three", "four"))

    # --- in doubt ---

    def doubtful(self, url: str, folder: Path) -> Workshop:
        """As after a kill while the third statement ran: its intent is there, and nothing after it."""
        shop = self.four(url, folder)
        self.failed(shop)
        shop.ask("DELETE FROM migrations_log WHERE event IN ('statement_failed', 'failed')")
        shop.ask("UPDATE migrations_log SET fingerprint = NULL")  # else the catalog may tell
        return shop

    @cases("verb", {"migrate": "migrate", "rollback": "rollback"})
    def test_an_intent_without_an_end_is_in_doubt(self, url: str, tmp_path: Path, verb: str) -> None:
        shop = self.doubtful(url, tmp_path)
        assert shop.states()["002"] == "in_doubt"
        error = shop.failure(getattr(shop.project(), verb)())
        assert isinstance(error, ContradictionError)
        assert error.exit_code == 6
        assert "in doubt" in error.message
        assert error.hint is not None
        assert "mark 002" in error.hint
        assert "unmark 002" in error.hint

    @cases("way", {"mark": "mark", "unmark": "unmark"})
    def test_a_person_decides(self, url: str, tmp_path: Path, way: str) -> None:
        shop = self.doubtful(url, tmp_path)
        if way == "unmark":
            for table in ("one", "two", "three"):
                shop.ask(f"DROP TABLE {table}")
        shop.run(getattr(shop.project(), way)("002"))
        assert shop.states()["002"] == ("applied" if way == "mark" else "pending")
        shop.migrate()
        assert shop.applied() == ["001", "002", "003"]
        assert shop.exists("four") is (way == "unmark")

    def test_a_deleted_record_is_pending_whole(self, url: str, tmp_path: Path) -> None:
        shop = self.four(url, tmp_path)
        shop.ask("DROP TABLE three")
        shop.migrate()
        shop.ask("DELETE FROM migrations WHERE version = '002'")
        assert shop.states()["002"] == "pending"
        for table in ("one", "two", "three", "four"):
            shop.ask(f"DROP TABLE {table}")
        assert outcomes(shop.migrate()) == ["002 applied"]
        assert shop.exists("one")

    # --- in Python ---

    def test_python_resumes_by_its_statements(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE two (id INTEGER)")
        shop.python(
            "001_step",
            """
            for name in ("one", "two", "three"):
                assert await database.fetch_val("SELECT 1") == 1
                await database.execute(f"CREATE TABLE {name} (id INTEGER)")
            await database.execute("INSERT INTO three VALUES (:id)", {"id": 3})
            """,
            attributes="transactional = False",
        )
        error = self.failed(shop)
        assert str(error.place) == shop.line(shop.folder / "001_step.py", "CREATE TABLE")
        shop.ask("DROP TABLE two")
        assert shop.migrate().ok
        assert shop.column("SELECT id FROM three") == [3]
        assert self.events(shop, "001")[-1] == "applied"

    def test_an_answer_of_a_former_run_is_not_known(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE numbers (id INTEGER)")
        shop.ask("CREATE TABLE two (id INTEGER)")
        insert = "INSERT INTO numbers VALUES (7)"
        call = f'fetch_val("{insert} RETURNING id")' if self.returning else f'execute_count("{insert}")'
        path = shop.python(
            "001_step",
            f"""
            number = await database.{call}
            await database.execute(f"CREATE TABLE two (id{{number}} INTEGER)")
            """,
            attributes="transactional = False",
        )
        self.failed(shop)
        error = shop.failure(shop.project().migrate())
        assert "its answer" in error.message
        assert str(error.place) == shop.line(path, call)
        assert shop.column("SELECT count(*) FROM numbers") == [1]

    def test_statements_of_several_tasks_come_one_after_the_other(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.python(
            "001_step",
            """
            names = ("one", "two", "three", "four")
            await asyncio.gather(*(database.execute(f"CREATE TABLE {name} (id INTEGER)") for name in names))
            """,
            attributes="transactional = False",
            head="import asyncio\n",
        )
        assert shop.migrate().ok
        assert all(shop.exists(table) for table in ("one", "two", "three", "four"))
        assert self.events(shop, "001")[-3:] == ["intent 4", "done 4", "applied"]

    def test_many_rows_of_values_are_one_statement(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE numbers (id INTEGER PRIMARY KEY)")
        path = shop.python(
            "001_step",
            """
            rows = [{"id": number} for number in ROWS]
            await database.execute_many("INSERT INTO numbers VALUES (:id)", rows)
            """,
            attributes="transactional = False",
            head="ROWS = (1, 2, 2, 3)",
        )
        self.failed(shop)
        assert shop.column("SELECT count(*) FROM numbers") == [0]
        path.write_text(path.read_text().replace("ROWS = (1, 2, 2, 3)", "ROWS = (1, 2, 3)"))
        assert shop.migrate().ok
        assert shop.column("SELECT id FROM numbers ORDER BY id") == [1, 2, 3]

    @cases(
        "body",
        {
            "a savepoint": ('await database.execute("SAVEPOINT mine")', "SAVEPOINT"),
            "a transaction": ("async with database.transaction():\n    pass", "needs a transaction"),
            "no await": ('database.execute("CREATE TABLE one (id INTEGER)")', "never awaited"),
            "a value that no database takes": (
                'await database.execute("INSERT INTO numbers VALUES (:id)", {"id": object()})',
                "",
            ),
            "a text that no database takes": (
                'await database.execute("INSERT INTO words VALUES (:word)", {"word": "\\ud800"})',
                "",
            ),
            "a number that no database takes": (
                'await database.execute("INSERT INTO numbers VALUES (:id)", {"id": 2**90})',
                "",
            ),
        },
    )
    def test_misuse_ends_the_step(self, url: str, tmp_path: Path, body: tuple[str, str]) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE numbers (id INTEGER)")
        shop.ask("CREATE TABLE words (word VARCHAR(10))")
        text, expected = body
        path = shop.python("001_step", text, attributes="transactional = False")
        error = self.failed(shop)
        assert expected in error.message
        assert error.place is not None
        assert error.place.path == f"migrations/{path.name}"
        assert outcomes(report_of(error)) == ["001 failed"]

# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""Ways to use `database` that can't work: each is an error with its line, and nothing of the batch stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, MigrationFileError, MisuseError, StepError
from stepwell.testing.suite import Suite, cases

if TYPE_CHECKING:
    from pathlib import Path

INSERT = "INSERT INTO items VALUES (1)"
MARK = "# here"


class MisuseConformance(Suite):
    """Nothing that an author forgets is forgotten silently."""

    @cases(
        "body",
        {
            "never awaited": (
                f'database.execute("{INSERT}")  {MARK}',
                "never awaited",
            ),
            "never awaited, another one after it": (
                f'database.execute("{INSERT}")  {MARK}\nawait database.execute("DELETE FROM items")',
                "never awaited",
            ),
            "never awaited, many after it": (
                (
                    f'database.execute("{INSERT}")  {MARK}\n'
                    'for _ in range(50):\n    await database.execute("DELETE FROM items")'
                ),
                "never awaited",
            ),
            "never awaited, with values": (
                f'database.execute("INSERT INTO items VALUES (:id)", {{"id": 1}})  {MARK}',
                "never awaited",
            ),
            "a query never awaited": (f'database.fetch_all("SELECT 1")  {MARK}', "never awaited"),
            "a block never entered": (f"database.transaction()  {MARK}", "never awaited"),
            "awaited twice": (
                f'call = database.execute("{INSERT}")\nawait call\nawait call',
                "second time",
            ),
            "a task that is not awaited": (
                (
                    "import asyncio\n"
                    "async def later():\n"
                    "    await asyncio.sleep(0.01)\n"
                    f'    await database.execute("{INSERT}")\n'
                    f'call = database.execute("{INSERT}")  {MARK}\n'
                    "task = asyncio.create_task(later())"
                ),
                "never awaited",
            ),
            "a yield": (f'await database.execute("{INSERT}")\nyield', "holds a 'yield'"),
            "a value that is not given": (
                f'await database.execute("INSERT INTO items VALUES (:id)", {{}})  {MARK}',
                "id",
            ),
            "several statements with values": (
                f'await database.execute("{INSERT}; {INSERT}", {{}})  {MARK}',
                "2 statements",
            ),
            "several statements in a query": (
                f'await database.fetch_all("SELECT 1; SELECT 2")  {MARK}',
                "2 statements",
            ),
            "no statement": (f'await database.execute("-- nothing")  {MARK}', "no statement"),
            "a string that does not end": (f'await database.execute("SELECT \'a")  {MARK}', "can't be read"),
        },
    )
    def test_it_is_an_error_with_its_line(self, url: str, tmp_path: Path, body: tuple[str, str]) -> None:
        shop = self.workshop(url, tmp_path)
        text, expected = body
        shop.table("001_items")
        path = shop.python("002_step", text)
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, MisuseError)
        assert error.exit_code == 1
        assert expected in error.message
        assert error.fault.version == "002"
        if MARK in text:
            assert str(error.place) == shop.line(path, MARK)
        if shop.abilities.transactional_ddl:
            assert shop.pending() == ["001", "002"]
            assert not shop.exists("items")

    @cases(
        "value",
        {
            "an object": "object()",
            "half a character": '"\\ud800"',
            "a number that is too large": "2**90 if database.engine == 'sqlite' else object()",
        },
    )
    def test_a_value_that_no_database_takes(self, url: str, tmp_path: Path, value: str) -> None:
        """The driver refuses it unsent, while others are queued before it: the line is that of the value."""
        shop = self.workshop(url, tmp_path)
        shop.table("001_items")
        path = shop.python(
            "002_step",
            f"""
            await database.execute("DELETE FROM items")
            await database.execute("DELETE FROM items")
            await database.execute("INSERT INTO items VALUES (:id)", {{"id": {value}}})
            await database.execute("DELETE FROM items")
            """,
        )
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, StepError)
        assert error.fault.version == "002"
        assert str(error.place) == shop.line(path, "INSERT INTO items")

    @cases(
        "statement",
        {
            text: text
            for text in (
                "COMMIT",
                "commit work",
                "BEGIN",
                "ROLLBACK",
                "END",
                "START TRANSACTION",
                "END TRANSACTION",
                "ABORT",
                "PREPARE TRANSACTION 'mine'",
                "/* so */ COMMIT",
                "RELEASE stepwell_1",
                "RELEASE SAVEPOINT not_mine",
                "ROLLBACK TO not_mine",
                "INSERT INTO items VALUES (1); COMMIT; DELETE FROM items",
            )
        },
    )
    def test_the_transaction_is_not_the_author_s_to_end(
        self, url: str, tmp_path: Path, statement: str
    ) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_items")
        block = "async with database.transaction():\n    " if shop.abilities.transactional_ddl else ""
        path = shop.python(
            "002_step",
            f"{block}await database.execute(HIDDEN)",
            head=f"HIDDEN = {statement!r}.strip()",  # a constant would be read before
        )
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, StepError)
        refused = "refused" in error.message
        assert refused or (not shop.abilities.transactional_ddl and "needs a transaction" in error.message)
        assert str(error.place) == shop.line(path, "await database.execute")
        if shop.abilities.transactional_ddl:
            assert not shop.exists("items")

    @cases(
        "case",
        {
            f"{text} {name}": (text, options)
            for text in ("COMMIT", "BEGIN", "ROLLBACK TO mine", "RELEASE mine")
            for name, options in {"in a transaction": "", "without one": "transaction:false"}.items()
        },
    )
    def test_nor_in_an_sql_file(self, url: str, tmp_path: Path, case: tuple[str, str]) -> None:
        """What stands before it in the file has not run either: the file is read first."""
        shop = self.workshop(url, tmp_path)
        text, options = case
        path = shop.sql("001_items", f"CREATE TABLE items (id INTEGER);\n\n{text};", options=options)
        for dry_run in (True, False):
            error = shop.failure(shop.project().migrate(dry_run=dry_run))
            assert isinstance(error, MigrationFileError)
            assert f"{text} is refused" in error.message
            assert str(error.place) == shop.line(path, text)
            assert error.hint is not None
        assert not shop.exists("items")
        found = shop.run(shop.project().check()).findings
        assert ("transaction-control", shop.line(path, text)) in [
            (each.code, str(each.place)) for each in found
        ]

    def test_nor_in_a_literal_of_python(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python(
            "001_items",
            'await database.execute("CREATE TABLE items (id INTEGER)")\nawait database.execute("COMMIT")',
            attributes="transactional = False",
        )
        error = shop.failure(shop.project().migrate())
        assert isinstance(error, MigrationFileError)
        assert str(error.place) == shop.line(path, "COMMIT")
        assert not shop.exists("items")

    def test_a_savepoint_of_an_outer_block_is_not_the_author_s(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python(
            "001_step",
            """
            await database.execute("SAVEPOINT mine")
            async with database.transaction():
                await database.execute("RELEASE mine")
            """,
        )
        error = shop.failure(shop.project().migrate())
        if shop.abilities.transactional_ddl:
            assert "refused" in error.message
            assert str(error.place) == shop.line(path, "RELEASE mine")
        else:
            assert "needs a transaction" in error.message
            assert str(error.place) == shop.line(path, "SAVEPOINT mine")

    def test_use_after_the_end(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        shop.table("001_items")
        out = tmp_path / "out"
        shop.python(
            "002_step",
            f"""
            async def later():
                await asyncio.sleep(0)
                while not done:
                    await asyncio.sleep(0.001)
                try:
                    await database.execute("{INSERT}")
                except Exception as error:
                    Path({str(out)!r}).write_text(f"{{type(error).__name__}}: {{error}}")
            kept.append(asyncio.create_task(later()))
            """,
            head="import asyncio\n\nkept = []\ndone = []\n",
        )
        shop.python(
            "003_wait",
            """
            import sys
            for module in list(sys.modules.values()):
                if str(getattr(module, "__file__", "")).startswith(FOLDER) and hasattr(module, "done"):
                    module.done.append(True)
                    await asyncio.gather(*module.kept)
            """,
            head=f"import asyncio\n\nFOLDER = {str(shop.folder)!r}\n",
        )
        assert isinstance(shop.failure(shop.project().migrate()), MisuseError)
        assert out.read_text().startswith("MisuseError: migrations/002_step.py:")
        assert "after the migration 002 has ended" in out.read_text()

    @cases(
        "way",
        {
            "a task that goes on after a failure": ("async def", "asyncio.create_task(later())"),
        },
    )
    def test_use_after_a_failure_reaches_nothing(
        self, url: str, tmp_path: Path, way: tuple[str, str]
    ) -> None:
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE witness (id INTEGER)")
        define, start = way
        shop.python(
            "001_step",
            f"""
            {define} later():
                for _ in range(100):
                    await asyncio.sleep(0.001)
                    await database.execute("INSERT INTO witness VALUES (1)")
            kept.append({start})
            await asyncio.sleep(0.02)
            raise RuntimeError
            """,
            head="import asyncio\n\nkept = []\n",
        )

        async def run_and_wait() -> None:
            import asyncio

            try:
                await shop.project().migrate()
            except StepError:
                others = asyncio.all_tasks() - {asyncio.current_task()}
                await asyncio.gather(*others, return_exceptions=True)
                raise

        error = shop.failure(run_and_wait())
        if shop.abilities.transactional_ddl:
            assert isinstance(error, StepError)
        else:  # a statement that was running may have been done
            assert isinstance(error, StepError | ContradictionError)
        if shop.abilities.transactional_ddl:
            assert shop.column("SELECT count(*) FROM witness") == [0]

    def test_use_outside_of_any_step(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        path = shop.python("001_step", "pass", head='database.fetch_val("SELECT 1")')
        error = shop.failure(shop.project().migrate())
        assert error.exit_code == 4
        assert "outside" in str(error)
        assert str(error.place) == shop.line(path, 'database.fetch_val("SELECT 1")')

    def test_a_failure_that_was_caught_but_not_undone(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        statement, _ = self.failing
        shop.table("001_items")
        path = shop.python(
            "002_step",
            f"""
            try:
                await database.execute({statement!r})
                await database.flush()
            except Exception:
                pass
            """,
        )
        if shop.abilities.failure_poisons:
            error = shop.failure(shop.project().migrate())
            assert str(error.place) == shop.line(path, statement[:20])
            assert not shop.exists("items")
        else:
            assert shop.migrate().ok

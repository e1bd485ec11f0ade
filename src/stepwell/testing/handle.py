# ruff: noqa: S101, PT017 - a suite of tests asserts, and does not need pytest to be there
"""The calls of `database`, in coroutines and in plain functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import StepError
from stepwell.testing.suite import Suite, cases

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.testing.workshop import Workshop

ITEMS = "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(40), size INTEGER);"


class HandleConformance(Suite):
    """What each call does and gives."""

    def items(self, url: str, folder: Path, up: str, **how: object) -> Workshop:
        """A table `items` with three rows, and a second migration with this body, which has been run."""
        shop = self.workshop(url, folder)
        shop.sql(
            "001_items",
            f"{ITEMS}\nINSERT INTO items VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 30);",
        )
        shop.python("002_step", up, **how)  # type: ignore[arg-type]  # passed on as they are
        shop.migrate()
        return shop

    def names(self, shop: Workshop) -> list[str]:
        """The names of the items, in order."""
        return shop.column("SELECT name FROM items ORDER BY id")

    def needs_a_transaction(self, url: str, folder: Path, up: str, **how: object) -> bool:
        """Whether such a body can't work here, since no step is in a transaction; then it is told so, with its line."""
        if self.workshop(url, folder).abilities.transactional_ddl:
            return False
        try:
            self.items(url, folder, up, **how)
        except StepError as error:
            assert "needs a transaction" in error.message
            assert error.place is not None
            return True
        raise AssertionError("not refused")

    def test_a_script_holds_several_statements(self, url: str, tmp_path: Path) -> None:
        script = """
            -- a comment; with a semicolon
            INSERT INTO items VALUES (4, 'semi;colon', 1);
            DELETE FROM items WHERE id < 4;
        """
        shop = self.items(url, tmp_path, f"await database.execute('''{script}''')")
        assert self.names(shop) == ["semi;colon"]

    def test_text_that_looks_like_a_parameter_stays(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            await database.execute("INSERT INTO items VALUES (4, '10:name %s %(a)s ?', 1)")
            await database.execute("INSERT INTO items VALUES (5, ':name 100%', :size)", {"size": 2})
            """,
        )
        assert self.names(shop)[3:] == ["10:name %s %(a)s ?", ":name 100%"]

    def test_values_are_bound_by_name(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            await database.execute(
                "UPDATE items SET name = :name, size = :size WHERE id = :id OR name = :old",
                {"name": "o'clock", "size": None, "id": 1, "old": "two"},
            )
            """,
        )
        assert self.names(shop) == ["o'clock", "o'clock", "three"]

    def test_one_statement_for_many_values(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            rows = [{"id": number, "name": f"n{number}"} for number in range(4, 600)]
            await database.execute_many("INSERT INTO items (id, name) VALUES (:id, :name)", rows)
            await database.execute_many("DELETE FROM items WHERE id = :id", [])
            """,
        )
        assert shop.column("SELECT count(*) FROM items") == [599]

    @cases(
        "expression",
        {
            "execute": ("await database.execute('UPDATE items SET size = 1')", None),
            "count": ("await database.execute_count('UPDATE items SET size = 1 WHERE id > 1')", 2),
            "count of values": (
                "await database.execute_count('DELETE FROM items WHERE id = :id', {'id': 9})",
                0,
            ),
            "all": (
                "await database.fetch_all('SELECT id, name FROM items WHERE id < 3 ORDER BY id')",
                [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
            ),
            "all of none": ("await database.fetch_all('SELECT id FROM items WHERE id > 3')", []),
            "one": (
                "await database.fetch_one('SELECT name FROM items WHERE id = :i', {'i': 2})",
                {"name": "two"},
            ),
            "one of none": ("await database.fetch_one('SELECT id FROM items WHERE id > 3')", None),
            "value": ("await database.fetch_val('SELECT name FROM items WHERE id = 3')", "three"),
            "value of none": ("await database.fetch_val('SELECT name FROM items WHERE id > 3')", None),
            "all of a statement without rows": (
                "await database.fetch_all('UPDATE items SET size = 1')",
                [],
            ),
        },
    )
    def test_what_a_call_gives(self, url: str, tmp_path: Path, expression: tuple[str, object]) -> None:
        call, expected = expression
        out = tmp_path / "out"
        self.items(url, tmp_path, f"Path({str(out)!r}).write_text(repr({call}))")
        assert out.read_text() == repr(expected)

    def test_an_insert_that_gives_rows(self, url: str, tmp_path: Path) -> None:
        out = tmp_path / "out"
        call = "await database.fetch_val(\"INSERT INTO items VALUES (4, 'four', 4) RETURNING id\")"
        body = f"Path({str(out)!r}).write_text(repr({call}))"
        if self.returning:
            self.items(url, tmp_path, body)
            assert out.read_text() == "4"
            return
        shop = self.workshop(url, tmp_path)
        shop.ask("CREATE TABLE items (id INTEGER, name VARCHAR(10), size INTEGER)")
        path = shop.python("001_step", body)
        error = shop.failure(shop.project().migrate())
        assert str(error.place) == shop.line(path, "RETURNING")

    @cases(
        "expression",
        {
            "count": ("database.execute_count('UPDATE items SET size = 1 WHERE id > 1')", 2),
            "all": (
                "database.fetch_all('SELECT id FROM items ORDER BY id')",
                [{"id": 1}, {"id": 2}, {"id": 3}],
            ),
            "one": ("database.fetch_one('SELECT name FROM items WHERE id = 1')", {"name": "one"}),
            "value": ("database.fetch_val('SELECT name FROM items WHERE id = :id', {'id': 3})", "three"),
            "rows": (
                "[row['id'] for row in database.iterate('SELECT id FROM items ORDER BY id')]",
                [1, 2, 3],
            ),
        },
    )
    def test_what_a_call_gives_in_a_plain_function(
        self, url: str, tmp_path: Path, expression: tuple[str, object]
    ) -> None:
        call, expected = expression
        out = tmp_path / "out"
        self.items(url, tmp_path, f"Path({str(out)!r}).write_text(repr({call}))", plain=True)
        assert out.read_text() == repr(expected)

    def test_a_plain_function_has_transactions_too(self, url: str, tmp_path: Path) -> None:
        block = "with database.transaction():\n    pass"
        if self.needs_a_transaction(url, tmp_path, block, plain=True):
            return
        shop = self.items(
            url,
            tmp_path,
            """
            try:
                with database.transaction():
                    database.execute("DELETE FROM items")
                    raise ValueError
            except ValueError:
                pass
            with database.transaction():
                database.execute("DELETE FROM items WHERE id = 1")
            database.flush()
            """,
            plain=True,
        )
        assert self.names(shop) == ["two", "three"]

    def test_rows_one_by_one_with_statements_between(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            many = [{"id": number} for number in range(4, 2501)]
            await database.execute_many("INSERT INTO items (id) VALUES (:id)", many)
            seen = 0
            async for row in database.iterate("SELECT id FROM items WHERE id > :least ORDER BY id", {"least": 3}):
                seen += 1
                if row["id"] % 500 == 0:
                    await database.execute("UPDATE items SET size = :n WHERE id = :id", {"n": seen, "id": row["id"]})
                    assert await database.fetch_val("SELECT size FROM items WHERE id = :id", row) == seen
            assert seen == 2497, seen
            """,
        )
        assert shop.column("SELECT size FROM items WHERE size > 30 ORDER BY id") == [
            497,
            997,
            1497,
            1997,
            2497,
        ]

    def test_an_iteration_may_end_early_and_come_again(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            for _ in range(2):
                async for row in database.iterate("SELECT id FROM items ORDER BY id"):
                    break
                await database.execute("UPDATE items SET size = size + 1 WHERE id = :id", row)
            """,
        )
        assert shop.column("SELECT size FROM items WHERE id = 1") == [12]

    def test_a_table_that_is_read_no_more_may_be_dropped(self, url: str, tmp_path: Path) -> None:
        shop = self.items(
            url,
            tmp_path,
            """
            async for row in database.iterate("SELECT id FROM items ORDER BY id"):
                pass
            await database.execute("DROP TABLE items")
            """,
        )
        assert not shop.exists("items")

    def test_flush_shows_failures(self, url: str, tmp_path: Path) -> None:
        statement, _ = self.failing
        out = tmp_path / "effect"
        shop = self.workshop(url, tmp_path)
        path = shop.python(
            "001_step",
            f"""
            await database.execute({statement!r})
            await database.flush()
            Path({str(out)!r}).touch()
            """,
        )
        error = shop.failure(shop.project().migrate())
        assert str(error.place) == shop.line(path, statement[:20])
        assert not out.exists()

    def test_the_name_of_the_engine(self, url: str, tmp_path: Path) -> None:
        out = tmp_path / "engine"
        shop = self.items(url, tmp_path, f"Path({str(out)!r}).write_text(database.engine)")
        assert out.read_text() == shop.status().engine

    def test_the_own_connection_of_the_driver(self, url: str, tmp_path: Path) -> None:
        """Every driver of Python has `execute` on its connection, or on a cursor of it."""
        shop = self.items(
            url,
            tmp_path,
            """
            import inspect
            await database.execute("UPDATE items SET name = 'queued' WHERE id = 1")
            async with database.driver() as connection:
                cursor = connection if hasattr(connection, "execute") else connection.cursor()
                if inspect.isawaitable(cursor):
                    cursor = await cursor
                made = cursor.execute("UPDATE items SET size = 99 WHERE name = 'queued'")
                if inspect.isawaitable(made):
                    await made
            await database.execute("UPDATE items SET name = 'after' WHERE size = 99")
            """,
        )
        assert self.names(shop) == ["after", "two", "three"]

    def test_helpers_of_the_project_use_the_same_handle(self, url: str, tmp_path: Path) -> None:
        (tmp_path / "shared_of_test.py").write_text(
            "from stepwell import database\n\n\nasync def rename(to):\n"
            '    await database.execute("UPDATE items SET name = :to WHERE id = 1", {"to": to})\n'
        )
        shop = self.items(
            url, tmp_path, 'await rename("by helper")', head="from shared_of_test import rename"
        )
        assert self.names(shop)[0] == "by helper"

    def test_a_decorated_coroutine_is_one(self, url: str, tmp_path: Path) -> None:
        """What stands in the class is a plain function then, which gives the coroutine."""
        shop = self.items(url, tmp_path, "pass")
        path = shop.python("003_step", "return self.rename()", plain=True)
        path.write_text(
            path.read_text() + "\n    async def rename(self):\n"
            "        await database.execute(\"UPDATE items SET name = 'decorated' WHERE id = 1\")\n"
            '        assert await database.fetch_val("SELECT name FROM items WHERE id = 1") == "decorated"\n'
        )
        shop.migrate()
        assert self.names(shop)[0] == "decorated"

    def test_each_attempt_has_a_new_object(self, url: str, tmp_path: Path) -> None:
        body = """
            assert not hasattr(self, "used")
            self.used = True
        """
        shop = self.workshop(url, tmp_path)
        shop.python("001_step", body, body)
        project = shop.project()
        for _ in range(2):
            shop.run(project.migrate())
            shop.run(project.rollback())
        assert shop.pending() == ["001"]

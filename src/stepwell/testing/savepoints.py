# ruff: noqa: S101 - a suite of tests asserts
"""`database.transaction()` and the author's own savepoints: kept as a whole, or undone as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.testing.handle import HandleConformance
from stepwell.testing.suite import cases

if TYPE_CHECKING:
    from pathlib import Path


class SavepointConformance(HandleConformance):
    """What is inside a block is kept or undone with it; a failure may be caught outside of it."""

    @cases(
        "body",
        {
            "kept": (
                """
                async with database.transaction():
                    await database.execute("UPDATE items SET name = 'x' WHERE id = 1")
                """,
                ["x", "two", "three"],
            ),
            "undone": (
                """
                try:
                    async with database.transaction():
                        await database.execute("DELETE FROM items")
                        raise KeyError
                except KeyError:
                    await database.execute("UPDATE items SET name = 'after' WHERE id = 2")
                """,
                ["one", "after", "three"],
            ),
            "inner undone, outer kept": (
                """
                async with database.transaction():
                    await database.execute("UPDATE items SET name = 'outer' WHERE id = 1")
                    try:
                        async with database.transaction():
                            await database.execute("UPDATE items SET name = 'inner' WHERE id = 2")
                            raise KeyError
                    except KeyError:
                        pass
                    await database.execute("UPDATE items SET name = 'later' WHERE id = 3")
                """,
                ["outer", "two", "later"],
            ),
            "inner kept, outer undone": (
                """
                try:
                    async with database.transaction():
                        async with database.transaction():
                            await database.execute("UPDATE items SET name = 'inner' WHERE id = 2")
                        raise KeyError
                except KeyError:
                    pass
                """,
                ["one", "two", "three"],
            ),
            "by SQL": (
                """
                await database.execute("SAVEPOINT mine; DELETE FROM items; ROLLBACK TO mine")
                await database.execute("UPDATE items SET name = 'x' WHERE id = 1; RELEASE mine")
                """,
                ["x", "two", "three"],
            ),
        },
    )
    def test_savepoints(self, url: str, tmp_path: Path, body: tuple[str, list[str]]) -> None:
        text, expected = body
        if self.needs_a_transaction(url, tmp_path, text):
            return
        shop = self.items(url, tmp_path, text)
        assert self.names(shop) == expected

    @cases(
        "where",
        {
            "at once": "",
            "with others queued behind": 'await database.execute("UPDATE items SET size = 5")',
            "with an answer awaited behind": 'await database.fetch_val("SELECT 1")',
        },
    )
    def test_a_failure_inside_may_be_caught_outside(self, url: str, tmp_path: Path, where: str) -> None:
        statement, _ = self.failing
        if self.needs_a_transaction(url, tmp_path, "async with database.transaction():\n    pass"):
            return
        shop = self.items(
            url,
            tmp_path,
            f"""
            from stepwell.core.errors import StepError
            await database.execute("UPDATE items SET name = 'before' WHERE id = 1")
            try:
                async with database.transaction():
                    await database.execute("DELETE FROM items")
                    await database.execute({statement!r})
                    {where or "pass"}
            except StepError as error:
                assert "002_step.py" in str(error), error
            else:
                raise AssertionError("not raised")
            await database.execute("UPDATE items SET name = 'after' WHERE id = 3")
            assert await database.fetch_val("SELECT count(*) FROM items") == 3
            """,
        )
        assert self.names(shop) == ["before", "two", "after"]

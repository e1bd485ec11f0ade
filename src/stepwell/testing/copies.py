# ruff: noqa: S101 - a suite of tests asserts
"""Databases for the tests of users: migrated, each by itself, and gone in the end, whether or not they are copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.testing.suite import Suite

if TYPE_CHECKING:
    from pathlib import Path

NAMES = "SELECT name FROM users ORDER BY id"


class CopiesConformance(Suite):
    """What an engine without the ability `copies` makes anew each time has to be the same."""

    def test_each_database_for_a_test_is_migrated_and_by_itself(self, url: str, tmp_path: Path) -> None:
        """Nothing of it is made in the database that the URL names."""
        shop = self.workshop(url, tmp_path)
        shop.sql("001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20));")
        shop.sql("002_ann", "INSERT INTO users (id, name) VALUES (1, 'ann');", header="-- depends: 001")
        project = shop.project(scratch_url=url, scratch="same-server")

        async def use() -> None:
            async with project.databases() as make, make() as one, make() as other:
                await one.execute("INSERT INTO users (id, name) VALUES (2, 'bob')")
                assert [row["name"] for row in await one.fetch_all(NAMES)] == ["ann", "bob"]
                assert [row["name"] for row in await other.fetch_all(NAMES)] == ["ann"]
                async with make("001") as before:
                    assert await before.fetch_all(NAMES) == []
                    await before.up()
                    assert [row["name"] for row in await before.fetch_all(NAMES)] == ["ann"]

        shop.run(use())
        assert not shop.exists("users")

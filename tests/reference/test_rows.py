"""Every table of the journal gets rows before a migration, and none of them is lost on its way up and down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from stepwell.core.rows.compare import compare, worded
from stepwell.core.settings import Settings
from stepwell.core.url import parse_url
from stepwell.engines.postgresql.connection import connect
from stepwell.ports import ConnectOptions

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from stepwell.ports import Rehearsal

Run = Callable[..., dict[str, Any]]
T = TypeVar("T")


def rehearsed(url: str, use: Callable[[Rehearsal], Coroutine[Any, Any, T]]) -> T:
    """Use the rows of a rehearsal on a connection of its own."""

    async def connected() -> T:
        connection = await connect(parse_url(url), ConnectOptions(Settings(), "."))
        try:
            return await use(connection.rehearsal())
        finally:
            await connection.close()

    return asyncio.run(connected())


@pytest.mark.parametrize("version", ["002", "003", "004", "005"])
def test_rows_from_before_a_migration_are_there_after_it(run: Run, postgresql_url: str, version: str) -> None:
    before = f"{int(version) - 1:03}"
    run("migrate", "--target", before)
    filled = rehearsed(postgresql_url, lambda rehearsal: rehearsal.fill())
    assert filled.inserted >= 2 * len(filled.tables) > 0
    assert [(each.table.name, each.reason) for each in filled.tables if each.reason is not None] == []
    old = rehearsed(postgresql_url, lambda rehearsal: rehearsal.contents())
    run("migrate", "--target", version)
    run("rollback", "--target", before)
    new = rehearsed(postgresql_url, lambda rehearsal: rehearsal.contents())
    assert [worded(change) for change in compare(old, new)] == []

"""A runner dies before each statement that it sends to MariaDB; the next run makes it right, or asks.

The death is that of the connection and of everything that would clean up: nothing more is sent, as after a SIGKILL.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.mariadb import ask

from stepwell.core.errors import ContradictionError
from stepwell.engines.mysql.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from stepwell.testing import Workshop

FARTHEST = 500


class Dead(BaseException):
    """Nothing catches it."""


class Reaper:
    """Takes the place of the one method through which everything goes to the server; dies at the `at`-th call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._alone = Channel._alone
        self.calls, self.at = 0, 0
        reaper = self

        async def alone(channel: Channel, work: Coroutine[Any, Any, Any]) -> Any:
            return await reaper.send(channel, work)

        monkeypatch.setattr(Channel, "_alone", alone)

    async def send(self, channel: Channel, work: Coroutine[Any, Any, Any]) -> Any:
        """Send, or die."""
        self.calls += 1
        if 0 < self.at <= self.calls:
            self.die(channel, work)
        return await self._alone(channel, work)

    def die(self, channel: Channel, work: Coroutine[Any, Any, Any]) -> None:
        """Cut the connection without a word."""
        work.close()
        if not channel.broken:
            channel.connection._writer.transport.abort()
            channel.connection.close()
        raise Dead

    def arm(self, at: int) -> None:
        """Count from here; 0: let all live."""
        self.calls, self.at = 0, at


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch) -> Reaper:
    """Armed for nothing."""
    return Reaper(monkeypatch)


def write(shop: Workshop) -> None:
    """A table, rows, many rows: each of the ways in which a statement is written down."""
    shop.sql(
        "001_rows",
        "CREATE TABLE a (id INTEGER AUTO_INCREMENT PRIMARY KEY, n INTEGER);\n"
        "INSERT INTO a (n) VALUES (1);\nUPDATE a SET n = n + 1;",
    )
    shop.python(
        "002_many",
        """
        await database.execute_many("INSERT INTO a (n) VALUES (:n)", [{"n": 10}, {"n": 20}])
        await database.execute("DELETE FROM a WHERE n = :n", {"n": 20})
        """,
    )


def empty(shop: Workshop) -> None:
    """As if nothing had happened."""
    name = shop.url.rpartition("/")[2]
    server = shop.url.rpartition("/")[0]
    ask(server, f"DROP DATABASE {name}")
    ask(server, f"CREATE DATABASE {name}")


def run_until_dead(shop: Workshop) -> bool:
    """Whether it died."""
    try:
        asyncio.run(shop.project().migrate())
    except Dead:
        return True
    return False


def settle(shop: Workshop) -> bool:
    """Run again; where a person has to decide, look and decide. Gives whether that was needed."""
    with suppress(ContradictionError):
        shop.migrate()
        return False
    assert shop.states()["001"] == "in_doubt"
    last = shop.log()[-1]
    assert (last.event, last.statement, str(last.version)) == ("intent", 1, "001")
    if shop.exists("a"):
        shop.ask("DROP TABLE a")
    shop.run(shop.project().unmark("001"))
    shop.migrate()
    return True


def check(shop: Workshop) -> None:
    """Everything was done once, and is known to be done."""
    assert shop.column("SELECT n FROM a ORDER BY id") == [2, 10]
    assert shop.applied() == ["001", "002"]
    assert shop.states() == {"001": "applied", "002": "applied"}
    assert [f"{entry.version} {entry.event}" for entry in shop.told() if entry.event == "applied"] == [
        "001 applied",
        "002 applied",
    ]
    assert shop.run(shop.project().unlock()).holder is None


@pytest.mark.slow
def test_it_dies_at_every_statement_in_turn(shop: Workshop, reaper: Reaper) -> None:
    write(shop)
    doubts = 0
    for at in range(1, FARTHEST):
        empty(shop)
        reaper.arm(at)
        died = run_until_dead(shop)
        reaper.arm(0)
        if not died:
            assert at > 40, "it was not killed often enough to tell anything"
            break
        doubts += settle(shop)
        check(shop)
    # Of all that is sent, only CREATE TABLE leaves a doubt: between its intent and its done mark.
    assert doubts == 2

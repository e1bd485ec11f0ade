"""A runner dies before each statement that it sends to MariaDB; the next run makes it right.

The death is that of the connection and of everything that would clean up: nothing more is sent, as after a SIGKILL.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.mariadb import ask

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
    """Tables, rows, many rows, and changes of each kind: all the ways in which a statement is written down."""
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
    shop.sql(
        "003_schema",
        "ALTER TABLE a ADD COLUMN more INTEGER;\nCREATE INDEX by_n ON a (n);\nCREATE VIEW v AS SELECT n FROM a;\n"
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.n = NEW.n + 100;\nRENAME TABLE a TO b;\n"
        "CREATE OR REPLACE VIEW a AS SELECT id, n FROM b;\nINSERT INTO b (n) VALUES (7);\nDROP TRIGGER t;\n"
        "DROP VIEW IF EXISTS v, w;\nALTER TABLE b DROP COLUMN more;",
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


def check(shop: Workshop) -> None:
    """Everything was done once, and is known to be done."""
    assert shop.column("SELECT n FROM a ORDER BY id") == [2, 10, 107]
    assert not any(shop.exists(view) for view in ("v", "w"))
    assert shop.column(
        "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()"
        " AND table_name = 'b' AND index_name LIKE 'by_n%'"
    ) == [1]
    versions = ["001", "002", "003"]
    assert shop.applied() == versions
    assert shop.states() == dict.fromkeys(versions, "applied")
    assert [str(entry.version) for entry in shop.told() if entry.event == "applied"] == versions
    assert shop.run(shop.project().unlock()).holder is None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_dies_at_every_statement_in_turn(shop: Workshop, reaper: Reaper) -> None:
    """Nobody is ever asked: what commits with its marks is there whole, and of the rest the catalog tells."""
    write(shop)
    for at in range(1, FARTHEST):
        empty(shop)
        reaper.arm(at)
        died = run_until_dead(shop)
        reaper.arm(0)
        if not died:
            assert at > 100, "it was not killed often enough to tell anything"
            break
        shop.migrate()
        check(shop)
    else:
        raise AssertionError("it was killed to the end")

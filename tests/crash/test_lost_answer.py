"""The answer to COMMIT is lost on its way: the database is asked what stands, and the report tells the truth.

Between runner and server is a relay on a port of this machine, which cuts the connection at a chosen moment.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from stepwell.core.errors import StepwellError
from stepwell.testing.workshop import outcomes, report_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

BEFORE, BEHIND = "before the server has it", "behind the server"


@dataclass
class Relay:
    """Passes on what both sides say. The first message that holds `word` is the last one: cut before it, or after.

    With `skip`, it is not the first one, but that many later.
    """

    address: str | tuple[str, int]
    word: bytes
    where: str
    skip: int = 0
    cuts: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody connects."""
        self.tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self.address, str):
            server = await asyncio.open_unix_connection(self.address)
        else:
            server = await asyncio.open_connection(*self.address)
        back = asyncio.create_task(_pass_on(server[0], writer))
        try:
            while data := await reader.read(65536):
                found = self.cuts == 0 and self.word in data
                cut = found and self.skip == 0
                self.skip -= found and not cut
                self.cuts += cut
                if cut:
                    await _stopped(back)
                if not cut or self.where == BEHIND:
                    server[1].write(data)
                    await server[1].drain()
                if cut:
                    if self.where == BEHIND:
                        await server[0].read(65536)  # the server has answered: what was sent is done
                    return
        finally:
            for side in (server[1], writer):
                side.close()
            await _stopped(back)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


@asynccontextmanager
async def relayed(shop: Workshop, word: bytes, where: str, skip: int) -> AsyncIterator[tuple[str, Relay]]:
    """The URL of the same database through a relay, and the relay."""
    parts = urlsplit(shop.url)
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or "127.0.0.1"])[0]
    port = int(query.get("port", [str(parts.port or 5432)])[0])
    address = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
    relay = Relay(address, word, where, skip)
    server = await asyncio.start_server(relay.begin, "127.0.0.1", 0)
    own_port = server.sockets[0].getsockname()[1]
    user = parts.netloc.rpartition("@")[0]
    yield f"postgresql://{user}@127.0.0.1:{own_port}{parts.path}?sslmode=disable&gssencmode=disable", relay
    server.close()
    await asyncio.wait(relay.tasks, timeout=5)


async def migrated(shop: Workshop, word: bytes, where: str, skip: int = 0) -> RunReport:
    """Migrate through the relay, which cuts once, and give the report, of a success or of a failure."""
    async with relayed(shop, word, where, skip) as (url, relay):
        try:
            report = await shop.project(url=url, lock_wait=3.0).migrate()
        except StepwellError as error:
            report = report_of(error)
        assert relay.cuts == 1
        return report


@pytest.fixture
def two(postgresql_shop: Workshop) -> Workshop:
    """The tool's own tables are there; two migrations are pending."""
    shop = postgresql_shop
    shop.table("000_before")
    shop.migrate()
    shop.table("001_first")
    shop.table("002_second")
    return shop


def test_a_commit_whose_answer_is_lost_stands_and_is_told_so(two: Workshop) -> None:
    report = two.run(migrated(two, b"COMMIT\0", BEHIND))
    assert report.ok
    assert outcomes(report) == ["001 applied", "002 applied"]
    assert two.applied() == ["000", "001", "002"]


def test_a_commit_that_never_arrived_does_not_stand_and_is_told_so(two: Workshop) -> None:
    report = two.run(migrated(two, b"COMMIT\0", BEFORE))
    assert not report.ok
    assert report.error is not None
    assert report.error.code == "connection_lost"
    assert set(outcomes(report)) <= {"001 undone", "002 undone", "001 failed", "002 failed"}
    assert two.pending() == ["001", "002"]
    assert not two.exists("first")
    assert two.run(two.project(lock_wait=3.0).migrate()).ok


@pytest.mark.parametrize("where", [BEFORE, BEHIND])
def test_a_statement_whose_answer_is_lost(two: Workshop, where: str) -> None:
    two.sql("003_marked", "SELECT 'cut here';\nCREATE TABLE third (id INTEGER);")
    report = two.run(migrated(two, b"cut here", where))
    assert not report.ok
    assert two.pending() == ["001", "002", "003"]
    assert not two.exists("first")
    assert {entry.event for entry in two.log()} <= {"applied", "failed", "undone"}
    assert two.run(two.project(lock_wait=3.0).migrate()).ok


@pytest.mark.parametrize("where", [BEFORE, BEHIND])
def test_a_statement_shares_the_fate_of_its_marks(two: Workshop, where: str) -> None:
    """Without a transaction of the step, each statement has one with its marks: nobody has to be asked."""
    two.sql("003_marked", "CREATE TABLE third (cut_here INTEGER);", options="transaction:false")
    report = two.run(migrated(two, b"cut_here", where))
    assert report.exit_code == 1
    assert outcomes(report) == ["001 applied", "002 applied", "003 failed"]
    assert not two.exists("third")
    assert two.states()["003"] == "pending"
    converges(two)
    assert two.exists("third")


@pytest.mark.parametrize("where", [BEFORE, BEHIND])
def test_an_index_whose_answer_is_lost_is_found_by_the_catalog(two: Workshop, where: str) -> None:
    two.sql(
        "003_index",
        "CREATE INDEX CONCURRENTLY third ON first (id) WHERE 'cut here' <> '';",
        options="transaction:false",
    )
    report = two.run(migrated(two, b"cut here", where))
    assert report.exit_code == 1
    assert outcomes(report) == ["001 applied", "002 applied", "003 failed"]
    assert two.states()["003"] == "failed"
    done = [entry.event for entry in two.log() if str(entry.version) == "003"]
    assert done == ["intent", "failed"]
    warnings = converges(two)
    ran = "it ran" if where == BEHIND else "did not run"
    assert any(ran in warning for warning in warnings), warnings
    assert two.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'third'::regclass") == [True]


@pytest.mark.parametrize("where", [BEFORE, BEHIND])
def test_what_commits_itself_and_loses_its_answer_is_in_doubt(two: Workshop, where: str) -> None:
    """A procedure that commits leaves no trace by which it could be told whether it came to its end."""
    two.sql(
        "003_marked",
        "DO $$ BEGIN CREATE TABLE third (id INTEGER); COMMIT; PERFORM 'cut here'; END $$;",
        options="transaction:false",
    )
    report = two.run(migrated(two, b"cut here", where, skip=1))  # first it is tried within a transaction
    assert report.exit_code == 6
    assert outcomes(report) == ["001 applied", "002 applied", "003 in_doubt"]
    assert two.states()["003"] == "in_doubt"
    assert two.exists("third") is (where == BEHIND)
    assert "repair --done 003" in str(report.error and report.error.hint)
    two.run(two.project().mark("003") if where == BEHIND else two.project().unmark("003"))
    converges(two)
    assert two.exists("third")


def converges(shop: Workshop) -> tuple[str, ...]:
    """An ordinary run brings everything to its end; gives what it warned of."""
    report = shop.run(shop.project(lock_wait=3.0).migrate())
    assert shop.applied() == ["000", "001", "002", "003"]
    return report.warnings

"""The server dies in the middle of a run: whole and at once, or one of its processes, and it restarts itself."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.faults.conftest import CRASHING
from tests.faults.proxy import Harm, Proxy, Rule, When, executing
from tests.faults.truth import lies, locks_left, recorded

from stepwell.core.errors import ConnectionFailedError, StepwellError
from stepwell.core.report import RunReport
from stepwell.testing.workshop import outcomes, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from tests.postgresql import PostgreSQLServer

    from stepwell.testing import Workshop

    Death = Callable[[PostgreSQLServer, Workshop], None]

# Of the sessions of our programs in this database, those that are not the one that asks.
RUNNERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'stepwell' AND pid <> pg_backend_pid()"
)


def crash(server: PostgreSQLServer, shop: Workshop) -> None:
    """The server stops at once, as at a loss of power, and is started again."""
    server.stop()
    server.start(CRASHING)


def lose_a_process(server: PostgreSQLServer, shop: Workshop) -> None:
    """The kernel kills the process of our session; the server ends all others too, and recovers."""
    killed = shop.column(RUNNERS)
    for process in killed:
        os.kill(process, signal.SIGKILL)
    asyncio.run(until(lambda: recovered(server, shop, killed)))


def recovered(server: PostgreSQLServer, shop: Workshop, killed: list[int]) -> bool:
    """Whether the server has noticed, and takes connections again."""
    server.wait()
    try:
        return not set(killed) & set(shop.column(RUNNERS))
    except psycopg.OperationalError:
        return False


DEATHS = pytest.mark.parametrize("death", [crash, lose_a_process])


async def told(run: Coroutine[Any, Any, RunReport]) -> RunReport | StepwellError:
    """What a run said in the end, with its report where it has one."""
    try:
        return await asyncio.wait_for(run, 60)
    except StepwellError as error:
        return error.report if isinstance(error.report, RunReport) else error


def converges(shop: Workshop, versions: list[str]) -> None:
    """An ordinary run brings everything to its end, and nobody holds a lock."""
    report = shop.run(shop.project(lock_wait=20.0, wait=20.0).migrate())
    assert report.ok
    assert recorded(shop) == versions
    assert set(shop.states().values()) == {"applied"}
    assert locks_left(shop) == []


@DEATHS
def test_in_the_middle_of_a_batch(doomed: Workshop, own: PostgreSQLServer, death: Death) -> None:
    shop = doomed
    shop.table("001_first")
    shop.waiting("002_slow", 'await database.execute("INSERT INTO first VALUES (1)")')
    shop.table("003_third")

    async def died() -> RunReport | StepwellError:
        run = asyncio.create_task(told(shop.project().migrate()))
        await shop.has_begun()
        await asyncio.to_thread(death, own, shop)
        shop.let_go()
        return await run

    report = shop.run(died())
    assert isinstance(report, RunReport)
    assert lies(shop, report) == []
    assert report.error is not None
    assert (report.error.code, report.exit_code) == ("connection_lost", 1)
    assert not shop.exists("first")
    assert [entry.event for entry in shop.log()][-1:] == ["failed"]  # it waited for the server to write that
    converges(shop, ["001", "002", "003"])
    assert shop.column("SELECT id FROM first") == [1]


@contextmanager
def between(shop: Workshop, rule: Rule) -> Iterator[Proxy]:
    """The proxy in front of the database, with this rule."""
    with Proxy(shop.url) as proxy:
        proxy.plan(rule)
        yield proxy


@DEATHS
@pytest.mark.parametrize("when", When)
def test_around_the_commit(doomed: Workshop, own: PostgreSQLServer, death: Death, when: When) -> None:
    """Before the server has it, nothing stands; once the server has done it, everything, though nobody was told."""
    shop = doomed
    shop.table("000_before")
    shop.migrate()
    shop.table("001_first")
    rule = Rule(executing(b"COMMIT\0"), when, Harm.HOLD)

    async def died(proxy: Proxy) -> RunReport | StepwellError:
        run = asyncio.create_task(told(shop.project(url=proxy.url).migrate()))
        await until(lambda: rule.fired)
        if when is When.AFTER:
            await until(lambda: shop.exists("first"))
        await asyncio.to_thread(death, own, shop)
        proxy.let_go()
        return await run

    with between(shop, rule) as proxy:
        report = shop.run(died(proxy))
    assert isinstance(report, RunReport)
    assert lies(shop, report, before=1) == []
    assert report.exit_code == (0 if when is When.AFTER else 1)
    assert shop.exists("first") is (when is When.AFTER)
    converges(shop, ["000", "001"])


@DEATHS
def test_between_two_statements_without_transaction(
    doomed: Workshop, own: PostgreSQLServer, death: Death
) -> None:
    shop = doomed
    shop.ask("CREATE TABLE witness (n INTEGER)")
    shop.python(
        "001_step",
        f"""
        await database.execute("INSERT INTO witness VALUES (1)")
        Path({str(shop.root / "begun")!r}).touch()
        while not Path({str(shop.root / "go")!r}).exists():
            await asyncio.sleep(0.01)
        await database.execute("INSERT INTO witness VALUES (2)")
        """,
        attributes="transactional = False",
        head="import asyncio\n",
    )

    async def died() -> RunReport | StepwellError:
        run = asyncio.create_task(told(shop.project().migrate()))
        await shop.has_begun()
        await asyncio.to_thread(death, own, shop)
        shop.let_go()
        return await run

    report = shop.run(died())
    assert isinstance(report, RunReport)
    assert (outcomes(report), report.exit_code) == (["001 failed"], 1)
    assert shop.column("SELECT n FROM witness") == [1]
    converges(shop, ["001"])
    assert shop.column("SELECT n FROM witness ORDER BY n") == [1, 2]


@DEATHS
def test_while_an_index_is_built_concurrently(doomed: Workshop, own: PostgreSQLServer, death: Death) -> None:
    """It leaves an invalid index; the next run builds it anew, and nothing of the step is done twice."""
    shop = doomed
    shop.sql("001_items", "CREATE TABLE items (n INTEGER);\nINSERT INTO items VALUES (1);")
    shop.migrate()
    shop.sql(
        "002_index",
        "UPDATE items SET n = n + 1;\nCREATE INDEX CONCURRENTLY items_n ON items (n);\nUPDATE items SET n = n * 10;",
        options="transaction:false",
    )

    async def died() -> RunReport | StepwellError:
        with closing(psycopg.connect(shop.url)) as reader:
            # It waits for whoever may still see the table as it was.
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT FROM items")
            run = asyncio.create_task(told(shop.project().migrate()))
            await until(
                lambda: shop.column("SELECT indisvalid FROM pg_index WHERE NOT indisvalid") == [False]
            )
            await asyncio.to_thread(death, own, shop)
        return await run

    report = shop.run(died())
    assert isinstance(report, RunReport)
    assert (outcomes(report), report.exit_code) == (["002 failed"], 1)
    assert shop.column("SELECT n FROM items") == [2]
    converges(shop, ["001", "002"])
    assert shop.column("SELECT n FROM items") == [20]
    assert shop.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_n'::regclass") == [True]


def test_a_server_that_stays_away_ends_the_run(doomed: Workshop, own: PostgreSQLServer) -> None:
    """It is not waited for without end; the error says that the connection was lost, and what has become of the run."""
    shop = doomed
    shop.table("001_first")
    shop.waiting("002_slow")

    async def died() -> RunReport | StepwellError:
        run = asyncio.create_task(told(shop.project(lock_wait=1.0).migrate()))
        await shop.has_begun()
        await asyncio.to_thread(own.stop)
        shop.let_go()
        return await run

    report = shop.run(died())
    assert isinstance(report, RunReport)
    assert report.error is not None
    assert (report.error.code, report.exit_code) == ("connection_lost", 1)
    assert "applied" not in {step.outcome.value for step in report.steps}
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, ConnectionFailedError)
    assert error.exit_code == 7
    own.start(CRASHING)
    converges(shop, ["001", "002"])

"""A run is interrupted, by a signal or by the cancellation of its task: what runs is stopped, everything is undone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stepwell
from stepwell.core.report import Outcome
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

SLEEP = "SELECT pg_sleep(30)"
# Minutes of work for SQLite, which has no word for sleeping.
ENDLESS = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)"
    " INSERT INTO first SELECT max(i) FROM n"
)


def sleeping(shop: Workshop) -> bool:
    """Whether a statement of this database sleeps on the server."""
    return bool(
        shop.ask(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
    )


async def cancelled(shop: Workshop, when: Callable[[], bool]) -> RunReport:
    """Begin a migrate, cancel its task when this is true, and give the report of what became of it."""
    task = asyncio.create_task(shop.project().migrate())
    await until(when)
    began = time.monotonic()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError as interrupted:
        assert time.monotonic() - began < 5
        return report_of(interrupted)
    raise AssertionError("not interrupted")


def undone(shop: Workshop, report: RunReport, expected: list[str]) -> None:
    """Nothing stands, nothing runs on the server, the log tells of it, and the next run can begin at once."""
    assert outcomes(report) == expected
    assert not report.ok
    assert report.exit_code == 130
    assert report.error is not None
    assert report.error.code == "interrupted"
    assert not shop.exists("first")
    assert shop.applied() == []
    assert shop.run(shop.project().unlock()).holder is None
    assert {entry.event for entry in shop.log()} <= {"failed", "undone"}


BODIES = {
    "SQL": None,
    "queued": f"await database.execute({SLEEP!r})\nawait database.execute('SELECT 1')",
    "queued, while Python waits": f"await database.execute({SLEEP!r})\nawait asyncio.sleep(30)",
    "awaited": f"await database.fetch_all({SLEEP!r})",
    "in a block": f"async with database.transaction():\n    await database.execute({SLEEP!r})",
    "in tasks": f"await asyncio.gather(*(database.execute({SLEEP!r}) for _ in range(2)))\nawait database.flush()",
    "iterated": f"async for row in database.iterate({SLEEP!r}):\n    pass",
    "by the driver": f"async with database.driver() as connection:\n    await connection.execute({SLEEP!r})",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_statement_that_runs_is_cancelled_on_the_server(
    postgresql_shop: Workshop, body: str | None
) -> None:
    shop = postgresql_shop
    shop.table("001_first")
    if body is None:
        shop.sql("002_slow", f"{SLEEP};")
    else:
        shop.python("002_slow", body, head="import asyncio\n")
    shop.table("003_third")
    report = shop.run(cancelled(shop, lambda: sleeping(shop)))
    assert not sleeping(shop)
    # What was queued behind the statement has run or not: nobody knows, and all of it is undone.
    assert {step.outcome for step in report.steps} <= {Outcome.UNDONE, Outcome.FAILED, Outcome.NOT_RUN}
    undone(shop, report, outcomes(report))


def test_a_plain_function_is_stopped_at_its_statement(postgresql_shop: Workshop) -> None:
    shop = postgresql_shop
    shop.table("001_first")
    shop.ask("CREATE TABLE witness (n INTEGER)")
    shop.python(
        "002_slow",
        f"""
        try:
            database.fetch_all({SLEEP!r})
        finally:
            database.execute("INSERT INTO witness VALUES (1)")
        """,
        plain=True,
    )
    report = shop.run(cancelled(shop, lambda: sleeping(shop)))
    undone(shop, report, ["001 undone", "002 failed"])
    assert not sleeping(shop)
    assert shop.column("SELECT n FROM witness") == []


def test_python_that_waits_for_something_else(shop: Workshop) -> None:
    shop.table("001_first")
    shop.waiting("002_slow", 'await database.execute("INSERT INTO first VALUES (1)")')
    report = shop.run(cancelled(shop, (shop.root / "begun").exists))
    undone(shop, report, ["001 undone", "002 failed"])


def test_sqlite_is_stopped_in_the_middle_of_a_statement(sqlite_shop: Workshop) -> None:
    shop = sqlite_shop
    shop.table("001_first")
    shop.python(
        "002_slow",
        f"Path({str(shop.root / 'begun')!r}).touch()\nawait database.execute({ENDLESS!r})",
    )
    report = shop.run(cancelled(shop, (shop.root / "begun").exists))
    undone(shop, report, ["001 undone", "002 failed"])


@pytest.mark.parametrize("way", ["timeout", "wait_for"])
def test_a_time_limit_of_the_caller_is_one(shop: Workshop, way: str) -> None:
    shop.table("001_first")
    shop.waiting("002_slow")

    async def limited() -> RunReport:
        try:
            if way == "timeout":
                async with asyncio.timeout(0.3):
                    await shop.project().migrate()
            else:
                await asyncio.wait_for(shop.project().migrate(), 0.3)
        except TimeoutError as error:
            return report_of(
                error.__cause__ or error.__context__ or error
            )  # older Pythons chain it otherwise
        raise AssertionError("no limit")

    undone(shop, shop.run(limited()), ["001 undone", "002 failed"])


def test_a_runner_that_waits_for_the_lock(shop: Workshop) -> None:
    shop.waiting("001_slow")

    async def both() -> RunReport:
        first = asyncio.create_task(shop.project().migrate())
        await shop.has_begun()
        second = asyncio.create_task(shop.project().migrate())
        await asyncio.sleep(0.1)
        second.cancel()
        try:
            await second
        except asyncio.CancelledError as interrupted:
            return report_of(interrupted)
        finally:
            shop.let_go()
            await first
        raise AssertionError("not interrupted")

    report = shop.run(both())
    assert outcomes(report) == ["001 not_run"]
    assert shop.applied() == ["001"]


def test_a_statement_without_transaction_is_known_to_have_failed(postgresql_shop: Workshop) -> None:
    """The server says that it was cancelled: nothing is in doubt, and the next run resumes at it."""
    shop = postgresql_shop
    shop.sql(
        "001_step",
        "CREATE TABLE first (id INTEGER);\nDO $$BEGIN PERFORM pg_sleep(30); END$$;",
        options="transaction:false",
    )
    report = shop.run(cancelled(shop, lambda: sleeping(shop)))
    assert not sleeping(shop)
    assert outcomes(report) == ["001 failed"]
    assert report.exit_code == 130
    assert shop.states() == {"001": "failed"}
    assert [entry.event for entry in shop.log()] == ["intent", "done", "intent", "statement_failed", "failed"]
    path = shop.folder / "001_step.sql"
    path.write_text(path.read_text().replace("pg_sleep(30)", "pg_sleep(0)"))
    assert outcomes(shop.migrate()) == ["001 applied"]


def test_a_statement_without_transaction_that_ends_all_the_same_is_done(sqlite_shop: Workshop) -> None:
    """Interrupted between two statements, in Python of the author's: what was done is known."""
    shop = sqlite_shop
    shop.waiting(
        "001_step",
        'await database.execute("CREATE TABLE first (id INTEGER)")',
        attributes="transactional = False",
    )
    report = shop.run(cancelled(shop, (shop.root / "begun").exists))
    assert outcomes(report) == ["001 failed"]
    assert shop.states() == {"001": "failed"}
    shop.let_go()
    assert outcomes(shop.migrate()) == ["001 applied"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_a_signal_to_the_command(postgresql_shop: Workshop, number: signal.Signals, code: int) -> None:
    shop = postgresql_shop
    shop.table("001_first")
    shop.sql("002_slow", f"{SLEEP};")
    source = str(Path(stepwell.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "stepwell", "migrate", "--url", shop.url, "--migrations", "migrations"],
        cwd=shop.root,
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    asyncio.run(until(lambda: sleeping(shop)))
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert "interrupted" in errors
    assert not sleeping(shop)
    assert not shop.exists("first")
    assert shop.pending() == ["001", "002"]


def test_a_connection_that_is_lost_is_told(postgresql_shop: Workshop) -> None:
    """Another ends the session in the middle of a statement: nothing stands, and the log is written anew."""
    shop = postgresql_shop
    shop.table("001_first")
    path = shop.sql("002_slow", f"{SLEEP};")

    async def ended() -> BaseException:
        task = asyncio.create_task(shop.project().migrate())
        await until(lambda: sleeping(shop))
        shop.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(result, BaseException)
        return result

    error = shop.run(ended())
    assert getattr(error, "exit_code", None) in {1, 6, 7}
    assert "002" in str(error) or path.name in str(error)
    assert not shop.exists("first")
    assert shop.pending() == ["001", "002"]
    assert [entry.event for entry in shop.log()][-1] == "failed"

"""What a migration does to the session that works: it can't give the run's lock away, nor others its timeouts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import StepError
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

GIVES_AWAY = ["SELECT pg_advisory_unlock_all()", "DISCARD ALL"]
HELD = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def giving_away(shop: Workshop) -> Path:
    """A step without a transaction that gives every lock away, waits, and goes on."""
    return shop.python(
        "001_first",
        f"""
        await database.execute("SELECT pg_advisory_unlock_all()")
        Path({str(shop.root / "given")!r}).touch()
        while not Path({str(shop.root / "go on")!r}).exists():
            await asyncio.sleep(0.01)
        await database.execute("CREATE TABLE first (id INTEGER)")
        """,
        attributes="transactional = False",
        head="import asyncio\n",
    )


def test_who_has_given_the_lock_away_stops_before_the_next_statement(shop: Workshop) -> None:
    path = giving_away(shop)

    async def both() -> list[RunReport | BaseException]:
        first = asyncio.create_task(shop.project().migrate())
        await until((shop.root / "given").exists)
        second = asyncio.create_task(shop.project(lock_wait=5.0).migrate())
        await until(lambda: shop.column(HELD) == [1])
        (shop.root / "go on").touch()
        return list(await asyncio.gather(first, second, return_exceptions=True))

    error, report = shop.run(both())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert error.fault.version == "001"
    assert error.place is not None
    assert error.place.path == f"migrations/{path.name}"
    assert outcomes(report_of(error)) == ["001 failed"]
    assert not isinstance(report, BaseException), report
    assert outcomes(report) == ["001 applied"]
    assert shop.states() == {"001": "applied"}
    assert shop.column(HELD) == [0]


@pytest.mark.parametrize("sql", GIVES_AWAY)
@pytest.mark.parametrize("then", ["", "CREATE TABLE second (id INTEGER);"])
def test_a_step_that_gave_the_lock_away_is_not_recorded(shop: Workshop, sql: str, then: str) -> None:
    create = "CREATE TABLE first (id INTEGER);"
    shop.sql("001_first", f"{create}\n{sql};\n{then}", options="transaction:false")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert shop.states() == {"001": "failed"}
    assert shop.exists("first")
    assert not shop.exists("second")


def test_what_gave_the_lock_away_can_be_left_out(shop: Workshop) -> None:
    create = "CREATE TABLE first (id INTEGER);"
    shop.sql("001_first", f"{create}\nDISCARD ALL;", options="transaction:false")
    assert isinstance(shop.failure(shop.project().migrate()), StepError)
    shop.sql("001_first", create, options="transaction:false")
    assert outcomes(shop.migrate()) == ["001 applied"]


def test_a_lock_of_its_own_is_its_own_business(shop: Workshop) -> None:
    shop.sql(
        "001_first",
        "SELECT pg_advisory_lock(7);\nCREATE TABLE first (id INTEGER);\nSELECT pg_advisory_unlock(7);",
        options="transaction:false",
    )
    assert outcomes(shop.migrate()) == ["001 applied"]


@pytest.mark.parametrize("sql", ["RESET ALL", "SET lock_timeout = '9min'", "SET LOCAL lock_timeout = 0"])
@pytest.mark.parametrize("transaction", ["true", "false"])
def test_the_next_migration_has_the_timeouts_of_the_run(shop: Workshop, sql: str, transaction: str) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    shop.sql("001_sets", f"{sql};", options=f"transaction:{transaction}")
    read = ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    shop.sql("002_reads", f"CREATE TABLE seen AS SELECT {read};")
    project = shop.project(lock_timeout=7.0, statement_timeout=61.0, idle_timeout=62.0)
    assert shop.run(project.migrate()).ok
    assert shop.ask("SELECT * FROM seen") == [("7s", "61s", "62s")]

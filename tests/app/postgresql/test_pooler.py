"""Behind PgBouncer: batches just work; a step without a transaction goes around it, or has a guard, or is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pytest
from tests.pgbouncer import pooler

from stepwell.core.errors import StepError
from stepwell.engines.postgresql import guard
from stepwell.testing import Workshop
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POOLS = {
    "transactions, pool of 1": ("transaction", 1),
    "transactions, pool of 4": ("transaction", 4),
    "sessions, pool of 1": ("session", 1),
    "sessions, pool of 4": ("session", 4),
}
ROOMY = pytest.mark.parametrize(
    "pooled_url", [POOLS["transactions, pool of 4"], POOLS["sessions, pool of 4"]], indirect=True
)
TIGHT = pytest.mark.parametrize("pooled_url", [POOLS["transactions, pool of 1"]], indirect=True)


@pytest.fixture(params=POOLS.values(), ids=list(POOLS))
def pooled_url(
    request: pytest.FixtureRequest,
    postgresql_url: str,
    unavailable: Callable[[str], NoReturn],
) -> Iterator[str]:
    """The URL of the test's database behind a PgBouncer of its own."""
    mode, size = request.param
    with pooler(postgresql_url, size, unavailable, mode=mode) as url:
        yield url


@pytest.fixture
def behind(pooled_url: str, tmp_path: Path, shop: Workshop) -> Workshop:
    """Migrations for the database behind the pooler."""
    return Workshop(pooled_url, tmp_path, shop.ask)


def test_a_batch(behind: Workshop) -> None:
    behind.table("001_items")
    behind.python("002_rows", 'await database.execute("INSERT INTO items VALUES (:id)", {"id": 7})')
    assert behind.migrate().ok
    assert behind.column("SELECT id FROM items") == [7]


def test_many_runners_apply_each_once(behind: Workshop) -> None:
    behind.table("001_items")
    behind.sql("002_row", "INSERT INTO items VALUES (1);")
    runners = [behind.process() for _ in range(8)]
    told = [runner.communicate(timeout=60) for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 8, told
    assert behind.column("SELECT count(*) FROM items") == [1]
    assert behind.column("SELECT count(*) FROM migrations_log WHERE event = 'applied'") == [2]


INDEX = "CREATE INDEX CONCURRENTLY items_id ON items (id);"


def index(shop: Workshop) -> None:
    """A table, an index that refuses a transaction, and something behind it."""
    shop.table("001_items")
    shop.sql("002_index", f"INSERT INTO items VALUES (7);\n{INDEX}", options="transaction:false")
    shop.table("003_others")


def indexed(shop: Workshop) -> bool:
    """Whether all of that is there, once, and nobody holds a lock."""
    assert shop.applied() == ["001", "002", "003"]
    assert shop.column("SELECT id FROM items") == [7]
    assert shop.column(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ) == [0]
    return shop.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_id'::regclass") == [True]


@ROOMY
def test_a_guard_holds_the_lock_of_a_step_without_transaction(behind: Workshop) -> None:
    index(behind)
    told: list[str] = []
    behind.run(behind.project(events=lambda event: told.append(str(event))).migrate())
    assert indexed(behind)
    assert any("under a guard" in each and "direct_url" in each for each in told)


@ROOMY
def test_many_runners_with_guards_apply_each_once(behind: Workshop) -> None:
    index(behind)
    runners = [behind.process() for _ in range(8)]
    told = [runner.communicate(timeout=120) for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 8, told
    assert indexed(behind)
    assert behind.column("SELECT count(*) FROM migrations_log WHERE event = 'applied'") == [3]


@ROOMY
def test_strictly_no_guard_will_do(behind: Workshop) -> None:
    index(behind)
    error = behind.failure(behind.project().migrate(strict=True))
    assert error.exit_code == 2
    assert "direct_url" in (error.hint or "")
    assert not behind.exists("items")


@TIGHT
def test_a_pool_without_room_for_a_guard_is_refused_before_anything(
    behind: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PROBE", 0.5)
    index(behind)
    error = behind.failure(behind.project().migrate())
    assert error.exit_code == 2
    assert "too small" in error.message
    assert "direct_url" in (error.hint or "")
    assert not behind.exists("items")


@ROOMY
@pytest.mark.parametrize(
    "sql",
    [
        "DO $$ BEGIN COMMIT; END $$",  # nobody could tell whether it came to its end
        "CREATE INDEX CONCURRENTLY ON items (id)",  # nor whether one of that name is this one
        "SET work_mem = '1MB'",  # somebody else would get that session
        "ALTER SYSTEM SET work_mem = '64kB'",
    ],
)
def test_what_needs_a_session_of_its_own_is_refused(behind: Workshop, sql: str) -> None:
    behind.table("001_items")
    path = behind.sql("002_step", f"{sql};", options="transaction:false")
    error = behind.failure(behind.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "pooled"
    assert str(error.place) == behind.line(path, sql)
    assert "direct_url" in (error.hint or "")
    assert behind.applied() == ["001"]


@ROOMY
def test_a_guard_that_is_ended_stops_the_run_before_it_writes(behind: Workshop, postgresql_url: str) -> None:
    """As when the runner was paused for so long that the server ended its guard."""
    behind.table("001_items")
    behind.python(
        "002_step",
        """
        await database.execute("INSERT INTO items VALUES (1)")
        meanwhile(END_GUARD)
        await database.execute("INSERT INTO items VALUES (2)")
        """,
        attributes="transactional = False",
        head=f"END_GUARD = {END_GUARD!r}\n{MEANWHILE.format(url=postgresql_url)}",
    )
    error = behind.failure(behind.project(lock_wait=5.0).migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert behind.column("SELECT id FROM items") == [1]
    assert behind.states()["002"] == "failed"


# What somebody else does, on a connection of his own.
MEANWHILE = """
import psycopg

def meanwhile(sql):
    with psycopg.connect({url!r}, autocommit=True) as other:
        other.execute(sql)
"""
END_GUARD = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@ROOMY
def test_a_fence_keeps_a_late_runner_from_writing(behind: Workshop, postgresql_url: str) -> None:
    """Somebody else has written a mark meanwhile, though the guard believes to have the lock still."""
    behind.table("001_items")
    behind.python(
        "002_step",
        """
        await database.execute("INSERT INTO items VALUES (1)")
        meanwhile(
            "INSERT INTO migrations_log (batch, version, direction, event, statement, started_at, db_user)"
            " VALUES ('other', '009', 'up', 'done', 1, now(), 'other')"
        )
        await database.execute("INSERT INTO items VALUES (2)")
        """,
        attributes="transactional = False",
        head=MEANWHILE.format(url=postgresql_url),
    )
    error = behind.failure(behind.project(lock_wait=5.0).migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert behind.column("SELECT id FROM items") == [1]


@ROOMY
def test_an_orphaned_statement_is_waited_for(behind: Workshop, postgresql_url: str) -> None:
    """The runner is killed while the server builds an index, and goes on with that."""
    index(behind)
    behind.migrate(target="001")
    with psycopg.connect(postgresql_url) as blocker:
        blocker.execute("INSERT INTO items VALUES (8)")  # the index waits for the end of this transaction
        process = behind.process()
        asyncio.run(until(lambda: bool(behind.ask(BUILDING))))
        process.kill()
        process.communicate(timeout=20)
        blocked = behind.failure(behind.project(lock_wait=1.0).migrate())
        assert blocked.exit_code == 5
        assert "process" in blocked.message
        blocker.execute("DELETE FROM items WHERE id = 8")
    behind.run(behind.project(lock_wait=20.0).migrate())
    assert indexed(behind)


BUILDING = """
SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%INDEX CONCURRENTLY%'
AND wait_event_type = 'Lock'
"""


def test_it_goes_around_the_pooler_where_it_is_told_how(behind: Workshop, postgresql_url: str) -> None:
    index(behind)
    assert behind.run(behind.project(direct_url=postgresql_url).migrate(strict=True)).ok
    assert indexed(behind)

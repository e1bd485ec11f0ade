"""What a run that resumes may pass over: the same statement with the same values, whose work is still there."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from stepwell.core.errors import ContradictionError, StepError
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from stepwell.testing import Workshop

WITHOUT = "transaction:false"
OPEN = "transactional = False"


@pytest.fixture
def numbers(shop: Workshop) -> Workshop:
    """A table with six rows."""
    shop.table("000_first")
    shop.migrate()
    shop.ask("CREATE TABLE numbers (id INTEGER, done BOOLEAN DEFAULT false)")
    shop.ask("INSERT INTO numbers SELECT * FROM generate_series(1, 6)")
    return shop


def test_other_values_are_not_taken_for_what_was_done(numbers: Workshop) -> None:
    """A loop over what is left finds other rows the second time."""
    numbers.python(
        "001_loop",
        """
        rows = await database.fetch_all("SELECT id FROM numbers WHERE NOT done ORDER BY id")
        for count, row in enumerate(rows):
            assert count < LIMIT
            await database.execute("UPDATE numbers SET done = true WHERE id = :id", {"id": row["id"]})
        """,
        attributes=OPEN,
        head="LIMIT = 3",
    )
    numbers.failure(numbers.project().migrate())
    error = numbers.failure(numbers.project().migrate())
    assert isinstance(error, ContradictionError)
    assert "has other values" in error.message
    assert numbers.states()["001"] == "failed"
    assert numbers.column("SELECT count(*) FROM numbers WHERE done") == [3]


@pytest.mark.parametrize(
    "first",
    [
        "CREATE TEMP TABLE mine AS SELECT * FROM numbers",
        "SELECT set_config('search_path', 'elsewhere', false)",
        "SELECT pg_advisory_lock(5)",
        "PREPARE mine AS SELECT 1",
    ],
)
def test_what_went_with_its_session_is_not_passed_over(numbers: Workshop, first: str) -> None:
    numbers.ask("CREATE SCHEMA elsewhere")
    numbers.sql("001_step", f"{first};\nSELECT no_such_function();", options=WITHOUT)
    numbers.failure(numbers.project().migrate())
    error = numbers.failure(numbers.project().migrate())
    assert isinstance(error, ContradictionError)
    assert "in a session that is gone" in error.message


def test_the_drivers_own_connection_is_never_lent_twice(numbers: Workshop) -> None:
    path = numbers.python(
        "001_lend",
        """
        async with database.driver() as connection:
            await connection.execute("INSERT INTO numbers VALUES (7)")
        await database.execute("SELECT no_such_function()")
        """,
        attributes=OPEN,
    )
    numbers.failure(numbers.project().migrate())
    error = numbers.failure(numbers.project().migrate())
    assert "its answer" in error.message
    assert str(error.place) == numbers.line(path, "database.driver()")
    assert numbers.column("SELECT count(*) FROM numbers WHERE id = 7") == [1]


def test_a_failure_in_the_drivers_own_connection_is_in_doubt(numbers: Workshop) -> None:
    numbers.python(
        "001_lend",
        """
        async with database.driver() as connection:
            await connection.execute("INSERT INTO numbers VALUES (7)")
            raise ValueError("the author's own")
        """,
        attributes=OPEN,
    )
    error = numbers.failure(numbers.project().migrate())
    assert isinstance(error, ContradictionError)
    assert "the author's own" in error.message
    assert numbers.states()["001"] == "in_doubt"


def test_database_is_not_used_while_the_driver_is_lent(numbers: Workshop) -> None:
    numbers.python(
        "001_lend",
        """
        async with database.driver():
            await database.execute("INSERT INTO numbers VALUES (7)")
        """,
        attributes=OPEN,
    )
    error = numbers.failure(numbers.project().migrate())
    assert "lent at this time" in error.message


def test_reads_of_other_tasks_take_no_part_in_a_statement(numbers: Workshop) -> None:
    """Neither as what is to be written down, nor within its transaction, which their failure would end."""
    numbers.python(
        "001_tasks",
        """
        async def look(n):
            await asyncio.sleep(0.004 * n)
            try:
                await database.fetch_all("SELECT * FROM nothing" if n % 2 else "SELECT 1")
            except Exception:
                pass

        looking = [asyncio.ensure_future(look(n)) for n in range(30)]
        for n in range(10, 20):
            await database.execute("INSERT INTO numbers SELECT :n FROM pg_sleep(0.01)", {"n": n})
        await asyncio.gather(*looking)
        """,
        attributes=OPEN,
        head="import asyncio\n",
    )
    assert numbers.migrate().ok
    assert numbers.column("SELECT id FROM numbers WHERE id >= 10 ORDER BY id") == list(range(10, 20))
    entries = [entry for entry in numbers.log() if entry.event in {"intent", "done"}]
    assert [(entry.event, entry.statement) for entry in entries] == [
        (event, n) for n in range(1, 11) for event in ("intent", "done")
    ]


def test_an_interrupted_index_does_not_wait_to_be_cleared(numbers: Workshop, postgresql_url: str) -> None:
    """What it waited for keeps also its DROP waiting: that is given a moment, and then left to the next run."""
    numbers.sql("001_index", "CREATE INDEX CONCURRENTLY mine ON numbers (id);", options=WITHOUT)
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND query LIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
    )
    command = [
        sys.executable,
        "-m",
        "stepwell",
        "migrate",
        "--url",
        numbers.url,
        "--migrations",
        "migrations",
    ]
    with psycopg.connect(postgresql_url) as blocker:
        blocker.execute("INSERT INTO numbers VALUES (7)")
        process = subprocess.Popen(
            command, cwd=numbers.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        asyncio.run(until(lambda: bool(numbers.ask(waiting))))
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "left invalid" in output
    assert numbers.migrate().ok
    assert numbers.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'mine'::regclass") == [True]


def test_an_error_that_does_not_end_the_run_leaves_no_lock(numbers: Workshop) -> None:
    numbers.sql(
        "001_block",
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(5); COMMIT; RAISE 'no'; END $$;",
        options=WITHOUT,
    )
    error = numbers.failure(numbers.project().migrate())
    assert isinstance(error, StepError)
    assert error.message.endswith("no")

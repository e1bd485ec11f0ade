"""A runner is killed at every kind of point; an ordinary run then brings the database where it should be."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from stepwell.testing.workshop import outcomes, until

if TYPE_CHECKING:
    import subprocess

    from stepwell.testing import Workshop

COUNT = 'await database.execute("INSERT INTO witness VALUES (:n)", {"n": %d})'
VERSIONS = ["001", "002", "003"]


def kill(process: subprocess.Popen[str]) -> None:
    """As the kernel does when memory is short: nothing of the process runs any more."""
    process.kill()
    process.communicate(timeout=20)


def three(shop: Workshop, waits: str, attributes: str = "") -> None:
    """Three migrations that each leave one row; that of the version `waits` stops after its statement."""
    shop.ask("CREATE TABLE witness (n INTEGER)")
    for number, version in enumerate(VERSIONS, 1):
        write = shop.waiting if version == waits else shop.python
        write(f"{version}_step", COUNT % number, attributes=attributes)


def converges(shop: Workshop) -> None:
    """A run does what is left; each migration stands once, and nobody holds the lock."""
    shop.let_go()
    shop.run(shop.project(lock_wait=20.0).migrate())
    assert shop.applied() == VERSIONS
    assert shop.column("SELECT n FROM witness ORDER BY n") == [1, 2, 3]
    assert shop.run(shop.project().unlock()).holder is None
    assert shop.migrate().steps == ()


@pytest.mark.parametrize("waits", VERSIONS)
def test_killed_within_a_batch_nothing_of_it_stands(shop: Workshop, waits: str) -> None:
    three(shop, waits)
    process = shop.process()
    asyncio.run(shop.has_begun(process))
    kill(process)
    assert shop.pending() == VERSIONS
    assert shop.column("SELECT n FROM witness") == []
    converges(shop)


def test_killed_between_two_segments_the_first_stands(shop: Workshop) -> None:
    three(shop, "002")
    first = shop.folder / "001_step.py"
    first.write_text(first.read_text().replace('test."""\n', 'test."""\n\n    ends_segment = True\n'))
    process = shop.process()
    asyncio.run(shop.has_begun(process))
    kill(process)
    assert shop.applied() == ["001"]
    converges(shop)


@pytest.mark.parametrize("waits", VERSIONS)
def test_killed_between_two_statements_without_transaction(shop: Workshop, waits: str) -> None:
    three(shop, waits, attributes="transactional = False")
    process = shop.process()
    asyncio.run(shop.has_begun(process))
    kill(process)
    assert shop.states()[waits] == "failed"
    converges(shop)


def test_killed_while_waiting_for_the_lock(shop: Workshop) -> None:
    three(shop, "002")
    first = shop.process()
    asyncio.run(shop.has_begun(first))
    second = shop.process()
    time.sleep(0.3)
    kill(second)
    shop.let_go()
    first.communicate(timeout=20)
    assert first.returncode == 0
    converges(shop)


def test_killed_within_a_rollback_everything_stands(shop: Workshop) -> None:
    shop.table("001_items")
    shop.python(
        "002_step",
        "pass",
        f"""
        await database.execute("DROP TABLE items")
        await database.flush()
        Path({str(shop.root / "begun")!r}).touch()
        await asyncio.sleep(20)
        """,
        head="import asyncio\n",
    )
    shop.migrate()
    process = shop.process("rollback")
    asyncio.run(shop.has_begun(process))
    kill(process)
    assert shop.applied() == ["001", "002"]
    assert shop.exists("items")


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(shop: Workshop, seed: int) -> None:
    """Some of many small migrations, in segments and out of transactions, again and again until one run ends well."""
    moments = random.Random(seed)
    shop.ask("CREATE TABLE witness (n INTEGER)")
    for number in range(1, 25):
        options = "transaction:false" if number % 5 == 0 else ""
        header = "-- ends_segment: true" if number % 7 == 0 else ""
        shop.sql(
            f"{number:03}_step", f"INSERT INTO witness VALUES ({number});", header=header, options=options
        )
    for _ in range(3):
        process = shop.process()
        time.sleep(moments.uniform(0.1, 0.5))
        kill(process)
        for version, state in shop.states().items():
            if state == "in_doubt":
                done = shop.column(f"SELECT count(*) FROM witness WHERE n = {int(version)}") == [1]
                shop.run(
                    shop.project(lock_wait=20.0).mark(version) if done else shop.project().unmark(version)
                )
    shop.run(shop.project(lock_wait=20.0).migrate())
    assert shop.column("SELECT n FROM witness ORDER BY n") == list(range(1, 25))
    assert len(shop.applied()) == 24
    assert shop.run(shop.project().unlock()).holder is None


@pytest.mark.parametrize("way", ["mark", "unmark"])
def test_killed_during_a_statement_without_transaction_is_in_doubt(
    postgresql_shop: Workshop, way: str
) -> None:
    """It commits itself, so that no mark can be in its transaction, and it leaves no trace in the catalog.

    The server goes on with it: it is in doubt only when nobody runs it any more.
    """
    shop = postgresql_shop
    shop.ask("CREATE TABLE witness (n INTEGER)")
    shop.sql(
        "001_slow",
        "DO $$ BEGIN INSERT INTO witness VALUES (1); COMMIT; PERFORM pg_sleep(0.5); END $$;",
        options="transaction:false",
    )
    process = shop.process()

    def running() -> bool:
        return bool(
            shop.ask(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
        )

    asyncio.run(until(running))
    kill(process)
    error = shop.failure(shop.project(lock_wait=20.0).migrate())
    assert error.exit_code == 6
    assert "in doubt" in error.message
    assert shop.states() == {"001": "in_doubt"}
    assert shop.column("SELECT n FROM witness") == [1]
    if way == "unmark":
        shop.ask("DELETE FROM witness")
    shop.run(getattr(shop.project(), way)("001"))
    assert outcomes(shop.migrate()) == ([] if way == "mark" else ["001 applied"])
    assert shop.column("SELECT n FROM witness") == [1]

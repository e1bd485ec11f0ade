"""Locks of others: timeouts and deadlocks are tried again, boundedly; the run's own lock says who holds it."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.errors import LockTimeoutError, StepError
from stepwell.core.events import Retrying, Waiting
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from stepwell.core.events import Event
    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

    Session = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def busy(shop: Workshop) -> Workshop:
    """A table that is there, and a migration that alters it after another one."""
    shop.table("001_items")
    shop.migrate()
    shop.table("002_first")
    shop.sql("003_alter", "ALTER TABLE items ADD COLUMN name TEXT;")
    return shop


def test_a_lock_timeout_is_tried_again(busy: Workshop, session: Session) -> None:
    other = session("SELECT count(*) FROM items")
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Retrying):
            other.rollback()

    report = busy.run(busy.project(lock_timeout=0.05, events=hear).migrate())
    assert outcomes(report) == ["002 applied", "003 applied"]
    (retry,) = [event for event in heard if isinstance(event, Retrying)]
    assert retry.attempt == 1
    assert "lock timeout" in retry.reason
    assert [entry.event for entry in busy.log()] == ["applied"] * 3


def test_a_lock_that_is_never_free_fails_with_a_hint(
    busy: Workshop, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pauses between the attempts grow to seconds: here they are short."""
    monkeypatch.setattr("stepwell.core.run.patience.FIRST_RETRY", 0.001)
    session("SELECT count(*) FROM items")
    heard: list[Event] = []
    error = busy.failure(busy.project(lock_timeout=0.02, events=heard.append).migrate())
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "55P03"
    assert error.hint is not None
    assert "lock" in error.hint
    assert str(error.place) == "migrations/003_alter.sql:2"
    assert len([event for event in heard if isinstance(event, Retrying)]) >= 2
    assert outcomes(report_of(error)) == ["002 undone", "003 failed"]
    assert busy.pending() == ["002", "003"]


def test_its_own_lock_timeout_holds_for_a_migration(busy: Workshop, session: Session) -> None:
    busy.sql("003_alter", "ALTER TABLE items ADD COLUMN name TEXT;", header="-- lock_timeout: 30ms")
    other = session("SELECT count(*) FROM items")
    began = time.monotonic()

    def hear(event: Event) -> None:
        if isinstance(event, Retrying):
            other.rollback()

    assert busy.run(busy.project(lock_timeout=30.0, events=hear).migrate()).ok
    assert time.monotonic() - began < 5


def test_a_statement_timeout_is_not_tried_again(shop: Workshop) -> None:
    path = shop.sql("001_slow", "SELECT pg_sleep(5);", header="-- statement_timeout: 50ms")
    heard: list[Event] = []
    error = shop.failure(shop.project(events=heard.append).migrate())
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "57014"
    assert str(error.place) == shop.line(path, "pg_sleep")
    assert not any(isinstance(event, Retrying) for event in heard)


def test_a_deadlock_is_tried_again(shop: Workshop, session: Session) -> None:
    """The run locks a and wants b; the other has b and wants a. Whoever is chosen, the run ends well."""
    shop.sql("001_tables", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);")
    shop.migrate()
    shop.ask(
        "ALTER DATABASE current_database SET deadlock_timeout = '50ms'".replace(
            "current_database", shop.column("SELECT current_database()")[0]
        )
    )
    other = session("SET LOCAL deadlock_timeout = '10s'", "LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
    shop.python(
        "002_both",
        f"""
        await database.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
        await database.flush()
        Path({str(shop.root / "begun")!r}).touch()
        await database.execute("LOCK TABLE b IN ACCESS EXCLUSIVE MODE")
        """,
    )
    heard: list[Event] = []

    def cross() -> None:
        while not (shop.root / "begun").exists():
            time.sleep(0.005)
        other.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
        other.rollback()

    thread = threading.Thread(target=cross)
    thread.start()
    try:
        report = shop.run(shop.project(events=heard.append).migrate())
    finally:
        thread.join(10)
    assert outcomes(report) == ["002 applied"]
    (retry,) = [event for event in heard if isinstance(event, Retrying)]
    assert "deadlock" in retry.reason


# --- the lock of the run ---


def test_the_holder_is_told_with_process_and_role(shop: Workshop) -> None:
    shop.waiting("001_slow")
    heard: list[Event] = []

    async def both() -> tuple[LockTimeoutError, str | None]:
        first = asyncio.create_task(shop.project().migrate())
        await shop.has_begun()
        holder = (await shop.project().unlock()).holder
        try:
            await shop.project(lock_wait=0.1, events=heard.append).migrate()
        except LockTimeoutError as error:
            return error, holder
        finally:
            shop.let_go()
            await first
        raise AssertionError("not raised")

    error, holder = shop.run(both())
    assert holder is not None
    assert holder.startswith("process ")
    assert "(stepwell)" in holder
    assert holder.split(",")[0] in error.message
    assert any(isinstance(event, Waiting) and event.holder for event in heard)
    assert shop.run(shop.project().unlock()).holder is None


def test_force_ends_the_holder_and_the_holder_says_so(shop: Workshop) -> None:
    shop.waiting("001_slow", 'await database.execute("CREATE TABLE slow (id INTEGER)")')

    async def both() -> tuple[bool, BaseException | RunReport]:
        first = asyncio.create_task(shop.project().migrate())
        await shop.has_begun()
        ended = (await shop.project().unlock(force=True)).ended
        shop.let_go()
        result = (await asyncio.gather(first, return_exceptions=True))[0]
        return ended, result

    ended, result = shop.run(both())
    assert ended
    assert isinstance(result, StepError)
    assert outcomes(report_of(result)) in (["001 failed"], ["001 undone"])
    assert shop.pending() == ["001"]
    assert not shop.exists("slow")


def test_histories_of_two_schemas_do_not_wait_for_each_other(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA one")
    shop.ask("CREATE SCHEMA two")
    shop.waiting("001_slow")

    async def both() -> list[RunReport]:
        first = asyncio.create_task(shop.project(schema="one").migrate())
        await shop.has_begun()
        second = asyncio.create_task(shop.project(schema="two", lock_wait=0.0).migrate())
        await asyncio.sleep(0.05)
        shop.let_go()
        return [await first, await second]

    assert [outcomes(report) for report in shop.run(both())] == [["001 applied"], ["001 applied"]]


def test_a_statement_that_runs_is_not_in_doubt(shop: Workshop) -> None:
    """Its intent is written and its done mark is not: whoever comes then waits, and finds nothing to do."""
    shop.sql("001_slow", "DO $$BEGIN PERFORM pg_sleep(0.4); END$$;", options="transaction:false")

    async def both() -> tuple[RunReport, RunReport]:
        first = asyncio.create_task(shop.project().migrate())
        await until(lambda: shop.exists("migrations_log") and bool(shop.ask("SELECT 1 FROM migrations_log")))
        return await shop.project().migrate(), await first

    second, first = shop.run(both())
    assert outcomes(first) == ["001 applied"]
    assert outcomes(second) == []


def test_nothing_to_do_takes_no_lock(shop: Workshop, session: Session) -> None:
    shop.table("001_items")
    shop.migrate()
    session("LOCK TABLE migrations IN EXCLUSIVE MODE")
    assert shop.run(shop.project(lock_wait=0.0).migrate()).steps == ()

"""The fingerprint of a run where others are at work, where it can't be taken, and for who may do little."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.events import SegmentCommitted, Warned
from stepwell.core.standing import Verdict
from stepwell.testing.fingerprints import BY_HAND, ROWS, standing
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from stepwell.core.events import Event
    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop

    Session = Callable[..., psycopg.Connection[Any]]

WAITS = """SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'stepwell%' AND wait_event_type = 'Lock'
  AND datname = current_database()"""


def test_who_may_only_read_sees_it_too(
    shop: Workshop, role: Callable[[str], str], as_user: Callable[..., str]
) -> None:
    user = role("LOGIN")
    shop.table("001_first")
    shop.sql("002_owned", "CREATE SCHEMA hidden; CREATE TABLE hidden.secret (id INTEGER DEFAULT 7);")
    shop.migrate()
    shop.ask(f"GRANT SELECT ON migrations, migrations_log TO {user}")
    assert standing(shop, url=as_user(user)).verdict is Verdict.SAME
    shop.ask("ALTER TABLE hidden.secret ALTER COLUMN id SET DEFAULT 8")
    assert standing(shop, url=as_user(user)).changed


def test_one_that_can_not_be_written_fails_no_run(shop: Workshop) -> None:
    shop.table("001_first")
    shop.migrate()
    shop.ask("ALTER TABLE migrations_log ADD CHECK (event <> 'fingerprint') NOT VALID")
    shop.table("002_second")
    heard: list[Event] = []
    report = shop.run(shop.project(events=heard.append).migrate())
    assert outcomes(report) == ["002 applied"]
    assert report.ok
    (told,) = [event.message for event in heard if isinstance(event, Warned)]
    assert told.startswith("the fingerprint of the structure was not taken: ")
    assert standing(shop).why == "the last run has left no fingerprint"


def test_while_another_runner_is_at_work_it_is_his(shop: Workshop) -> None:
    """Two runners: what the first would say of the structure is not true any more when it could say it."""
    shop.table("001_first")
    shop.waiting("002_waits", 'await database.execute("CREATE TABLE second (id INTEGER)")')

    async def both() -> tuple[RunReport, RunReport]:
        other: list[asyncio.Task[RunReport]] = []

        def hear(event: Event) -> None:
            if isinstance(event, SegmentCommitted) and not other:
                other.append(asyncio.create_task(shop.project().migrate()))

        first = asyncio.create_task(shop.project(events=hear).migrate(target="001"))
        await until(lambda: bool(other))
        await shop.has_begun()
        done = await first
        assert shop.column(ROWS) in ([0], [1])
        shop.let_go()
        return done, await other[0]

    assert [outcomes(report) for report in shop.run(both())] == [["001 applied"], ["002 applied"]]
    found = standing(shop)
    assert found.verdict is Verdict.SAME
    shop.ask(BY_HAND)
    assert standing(shop).changed


def test_an_interruption_while_it_is_taken_tells_what_stands(shop: Workshop, session: Session) -> None:
    """Newer servers wait for whoever is changing a table that is to be printed."""
    shop.sql("001_first", "CREATE TABLE first (id INTEGER CHECK (id > 0) DEFAULT 7);")
    shop.migrate()
    shop.table("002_second")

    async def interrupted() -> RunReport | BaseException:
        running = asyncio.create_task(shop.project().migrate())
        await until(lambda: running.done() or shop.column(WAITS) == [1])
        if running.done():
            return running.result()
        running.cancel()
        await asyncio.wait({running})
        with pytest.raises(asyncio.CancelledError) as caught:
            running.result()
        return caught.value

    session("ALTER TABLE first ADD COLUMN more INTEGER")
    ended = shop.run(interrupted())
    if isinstance(ended, BaseException):
        report = report_of(ended)
        assert (report.ok, report.exit_code) == (False, 130)
        assert outcomes(report) == ["002 applied"]
    assert shop.applied() == ["001", "002"]


def test_a_newer_server_or_a_newer_stepwell_is_no_change(shop: Workshop) -> None:
    shop.table("001_first")
    shop.migrate()
    shop.ask(BY_HAND)
    assert standing(shop).changed
    shop.ask("UPDATE migrations_log SET tool = 'stepwell 0.0.1' WHERE event = 'fingerprint'")
    assert standing(shop).verdict is Verdict.UNKNOWN
    shop.ask("UPDATE migrations_log SET fingerprint = 'x' WHERE event = 'fingerprint'")
    assert standing(shop).verdict is Verdict.UNKNOWN


def test_the_history_in_a_schema_of_its_own(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA tool")
    shop.table("001_first")
    shop.run(shop.project(schema="tool").migrate())
    assert standing(shop, schema="tool").verdict is Verdict.SAME


def test_steps_without_a_transaction(shop: Workshop) -> None:
    shop.table("001_items")
    up, down = "CREATE INDEX CONCURRENTLY i ON items (id);", "DROP INDEX CONCURRENTLY i;"
    shop.sql("002_index", up, down, options="transaction:false")
    shop.migrate()
    assert standing(shop).verdict is Verdict.SAME
    shop.rollback()
    assert standing(shop).verdict is Verdict.SAME

"""What a migration leaves behind in its session is found before its record is written, named, and stops the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import StepError

if TYPE_CHECKING:
    from stepwell.testing import Workshop

LEFT_BEHIND = [
    ("SET search_path = pg_catalog;", "the setting search_path = 'pg_catalog'"),
    ("SELECT set_config('work_mem', '1MB', false);", "the setting work_mem = '1024'"),
    ("DO $$ BEGIN PERFORM set_config('work_mem', '1MB', false); END $$;", "the setting work_mem = '1024'"),
    ("SET ROLE pg_monitor;", "the role pg_monitor"),
    ("SET SESSION AUTHORIZATION pg_monitor;", "the session authorization pg_monitor, the role pg_monitor"),
    ("CREATE TEMP TABLE own (id INTEGER);", "the temporary table own"),
    ("SELECT 1 AS id INTO TEMP own;", "the temporary table own"),
    ("SELECT pg_advisory_lock(-7);", "the advisory lock 4294967295:4294967289:1"),
    ("SELECT pg_advisory_lock(3, -4);", "the advisory lock 3:4294967292:2"),
    ("DECLARE own CURSOR WITH HOLD FOR SELECT 1;", "the cursor own"),
    ("PREPARE own AS SELECT 1;", "the prepared statement own"),
]


LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.mark.parametrize("transaction", ["true", "false"])
@pytest.mark.parametrize(("sql", "named"), LEFT_BEHIND)
def test_it_is_named_and_stops_the_run(shop: Workshop, sql: str, named: str, transaction: str) -> None:
    shop.sql("001_left", f"CREATE TABLE items (id INTEGER);\n{sql}", options=f" transaction:{transaction}")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert error.message == f"the migration leaves behind {named}"
    assert error.fault.version == "001"
    assert error.place is not None
    assert error.place.path == "migrations/001_left.sql"
    assert shop.exists("items") is (transaction == "false")
    assert shop.states()["001"] != "applied"
    assert shop.column(LOCKS) == [0]


NOTHING_LEFT = [
    "SET LOCAL search_path = pg_catalog;",
    "SET LOCAL TIME ZONE 'Asia/Tokyo';",
    "SET LOCAL ROLE pg_monitor;",
    "SET work_mem = '1MB'; RESET work_mem;",
    "SELECT pg_advisory_xact_lock(7);",
    "SELECT pg_advisory_lock(7); SELECT pg_advisory_unlock(7);",
    "CREATE TEMP TABLE own (id INTEGER); DROP TABLE own;",
    "DECLARE own CURSOR FOR SELECT 1;",
    "PREPARE own AS SELECT 1; DEALLOCATE own;",
    "LISTEN own; UNLISTEN own;",
]


@pytest.mark.parametrize("sql", NOTHING_LEFT)
def test_what_is_given_back_or_local_is_nobodys_business(shop: Workshop, sql: str) -> None:
    shop.sql("001_local", sql)
    shop.sql(
        "002_next",
        "CREATE TABLE public.items AS SELECT current_user::text AS who,"
        " current_setting('search_path') AS path, current_setting('TimeZone') AS zone;",
    )
    expected = shop.ask(
        "SELECT current_user::text, current_setting('search_path'), current_setting('TimeZone')"
    )
    shop.migrate()
    assert shop.states() == {"001": "applied", "002": "applied"}
    assert shop.ask("SELECT who, path, zone FROM items") == expected


def test_the_drivers_own_connection_is_watched_too(shop: Workshop) -> None:
    shop.python(
        "001_driver",
        "async with database.driver() as connection:\n    await connection.execute('SET search_path = pg_catalog')",
    )
    error = shop.failure(shop.project().migrate())
    assert "the setting search_path = 'pg_catalog'" in str(error)

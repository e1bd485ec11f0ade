"""Commands that commit in the middle: nothing invalid is left or passed over, and it is known whether they ran."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from stepwell.core.errors import StepError
from stepwell.core.events import Blocked, Event, Warned
from stepwell.core.evidence import Verdict
from stepwell.core.redact import Redactor
from stepwell.engines.postgresql.channel import Channel
from stepwell.engines.postgresql.evidence import Subject, fingerprint, judge, subject_of
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.testing import Workshop

WITHOUT = "transaction:false"
UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY items_id ON items (id);"
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('items_id')"
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


@pytest.fixture
def items(shop: Workshop) -> Workshop:
    """A table with the same number twice, of which no unique index can be made."""
    shop.ask("CREATE TABLE items (id INTEGER)")
    shop.ask("INSERT INTO items VALUES (1), (1)")
    shop.table("001_other")
    shop.migrate()
    return shop


def invalid(shop: Workshop, sql: str = UNIQUE) -> None:
    """Leave an invalid index, as every other tool would."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.ask(sql)
    assert shop.column(INVALID) == ["items_id"]


def mended(shop: Workshop) -> None:
    shop.ask("DELETE FROM items")
    shop.ask("INSERT INTO items VALUES (1)")


@contextmanager
def holding(url: str, sql: str) -> Iterator[psycopg.Connection]:
    """A transaction that has done this, and stays open until the block ends."""
    with psycopg.connect(url) as connection:
        connection.execute(sql.encode())
        yield connection


def cut_off(url: str, sql: str) -> None:
    """Let a statement that waits for somebody be ended in the middle."""
    with (
        psycopg.connect(url, autocommit=True, options="-c statement_timeout=300ms") as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute(sql.encode())


def test_a_failure_leaves_no_invalid_index(items: Workshop) -> None:
    path = items.sql("002_index", UNIQUE, options=WITHOUT)
    error = items.failure(items.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "23505"
    assert "left invalid, and has been dropped" in (error.hint or "")
    assert str(error.place) == items.line(path, "CREATE UNIQUE")
    assert items.column(INVALID) == []
    mended(items)
    assert items.migrate().ok
    assert items.column(IS_VALID) == [True]


@pytest.mark.parametrize("condition", ["", "IF NOT EXISTS "], ids=["plain", "if not exists"])
def test_one_that_was_left_before_is_built_anew(items: Workshop, condition: str) -> None:
    invalid(items)
    mended(items)
    items.sql("002_index", UNIQUE.replace("items_id", condition + "items_id"), options=WITHOUT)
    told: list[Event] = []
    items.run(items.project(events=told.append).migrate())
    assert items.column(IS_VALID) == [True]
    assert [each.message for each in told if isinstance(each, Warned) and "invalid" in each.message] == [
        "the index public.items_id is invalid, left by a command that was cut off: it is dropped, and built anew"
    ]


def test_the_index_of_another_table_is_left_alone(items: Workshop) -> None:
    invalid(items)
    items.ask("CREATE TABLE others (id INTEGER)")
    items.sql("002_index", "CREATE INDEX CONCURRENTLY items_id ON others (id);", options=WITHOUT)
    error = items.failure(items.project().migrate())
    assert "already exists" in error.message
    assert items.column(INVALID) == ["items_id"]


def test_an_index_without_a_name_that_is_left_is_told(items: Workshop) -> None:
    items.sql("002_index", "CREATE UNIQUE INDEX CONCURRENTLY ON items (id);", options=WITHOUT)
    error = items.failure(items.project().migrate())
    assert "the index public.items_id_idx is invalid since: drop it" in (error.hint or "")
    assert items.column(INVALID) == ["items_id_idx"]


def test_what_somebody_else_is_building_is_left_alone(items: Workshop, postgresql_url: str) -> None:
    items.sql("002_index", UNIQUE, options=WITHOUT)
    mended(items)

    async def both() -> str:
        with holding(postgresql_url, "INSERT INTO items VALUES (2)") as blocker:
            builder = await psycopg.AsyncConnection.connect(postgresql_url, autocommit=True)
            building = asyncio.create_task(builder.execute(UNIQUE.encode()))
            await until(lambda: items.column(INVALID) == ["items_id"])
            error = await failure(items)
            blocker.rollback()
            await building
            await builder.close()
        return error

    assert "seems to be being built by process" in items.run(both())
    assert items.column(IS_VALID) == [True]


async def failure(shop: Workshop) -> str:
    with pytest.raises(StepError) as caught:
        await shop.project().migrate()
    return caught.value.message


def test_the_limits_of_time_are_off_and_whom_it_waits_for_is_named(
    items: Workshop, postgresql_url: str
) -> None:
    mended(items)
    items.sql("002_index", UNIQUE, options=WITHOUT)
    told: list[Event] = []

    async def both() -> None:
        with holding(postgresql_url, "INSERT INTO items VALUES (2)") as blocker:
            number = blocker.info.backend_pid
            project = items.project(events=told.append, lock_timeout=0.2, statement_timeout=0.2)
            running = asyncio.create_task(project.migrate())
            await until(lambda: any(isinstance(each, Blocked) for each in told))
            (blocked,) = (each for each in told if isinstance(each, Blocked))
            assert f"process {number} of" in blocked.by
            assert "idle in transaction" in blocked.by
            blocker.rollback()
            await running

    items.run(both())
    assert items.column(IS_VALID) == [True]


def test_a_limit_of_the_migration_s_own_holds(items: Workshop, postgresql_url: str) -> None:
    mended(items)
    items.sql("002_index", UNIQUE, header="-- lock_timeout: 200ms", options=WITHOUT)
    with holding(postgresql_url, "INSERT INTO items VALUES (2)") as blocker:
        error = items.failure(items.project().migrate())
        blocker.rollback()
    assert isinstance(error, StepError)
    assert error.fault.sqlstate == "55P03"
    assert items.migrate().ok
    assert items.column(IS_VALID) == [True]
    assert items.column(INVALID) == []


def test_copies_that_a_reindex_left_are_dropped(items: Workshop, postgresql_url: str) -> None:
    mended(items)
    items.ask(UNIQUE)
    with holding(postgresql_url, "INSERT INTO items VALUES (2)") as blocker:
        cut_off(postgresql_url, "REINDEX INDEX CONCURRENTLY items_id")
        blocker.rollback()
    assert items.column(INVALID) == ["items_id_ccnew"]
    items.sql("002_reindex", "REINDEX INDEX CONCURRENTLY items_id;", options=WITHOUT)
    assert items.migrate().ok
    assert items.column(INVALID) == []
    assert items.column(IS_VALID) == [True]


def test_copies_of_other_indexes_are_left_alone(items: Workshop) -> None:
    invalid(items)
    items.ask("ALTER INDEX items_id RENAME TO others_ccnew")
    items.ask("CREATE INDEX items_id ON items (id)")
    items.sql("002_reindex", "REINDEX INDEX CONCURRENTLY items_id;", options=WITHOUT)
    assert items.migrate().ok
    assert items.column(INVALID) == ["others_ccnew"]


def test_a_partition_that_was_half_detached_is_detached(shop: Workshop, postgresql_url: str) -> None:
    if shop.column("SELECT current_setting('server_version_num')::int >= 140000") == [False]:
        pytest.skip("PostgreSQL 14 brought DETACH PARTITION CONCURRENTLY")
    shop.ask("CREATE TABLE whole (id INTEGER) PARTITION BY RANGE (id)")
    shop.ask("CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9)")
    detach = "ALTER TABLE whole DETACH PARTITION part CONCURRENTLY"
    with holding(postgresql_url, "INSERT INTO whole VALUES (1)") as blocker:
        cut_off(postgresql_url, detach)
        blocker.rollback()
    assert shop.column("SELECT inhdetachpending FROM pg_inherits") == [True]
    shop.sql("001_detach", f"{detach};", options=WITHOUT)
    assert shop.migrate().ok
    assert shop.column("SELECT count(*) FROM pg_inherits") == [0]


# --- what tells whether they ran ---

INDEX = Subject("create", "INDEX", None, "i", None, "t")
SUBJECTS = {
    "CREATE INDEX CONCURRENTLY i ON t (a)": INDEX,
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON ONLY s.t (a)': Subject(
        "create", "INDEX", "s", "I", "s", "t"
    ),
    "CREATE INDEX CONCURRENTLY ON t (a)": None,
    "DROP INDEX CONCURRENTLY IF EXISTS s.i": Subject("drop", "INDEX", "s", "i"),
    "DROP INDEX CONCURRENTLY i CASCADE": Subject("drop", "INDEX", None, "i"),
    "ALTER TABLE IF EXISTS ONLY s.t DETACH PARTITION p CONCURRENTLY": Subject(
        "detach", "PARTITION", None, "p", "s", "t"
    ),
    "ALTER TABLE t * DETACH PARTITION s.p CONCURRENTLY": Subject("detach", "PARTITION", "s", "p", None, "t"),
    "CREATE DATABASE d": Subject("create", "DATABASE", None, "d"),
    "DROP DATABASE IF EXISTS d": Subject("drop", "DATABASE", None, "d"),
    "CREATE TABLESPACE d LOCATION '/x'": Subject("create", "TABLESPACE", None, "d"),
    "DROP SUBSCRIPTION d": Subject("drop", "SUBSCRIPTION", None, "d"),
    "VACUUM (FULL) t": Subject("repeat", "VACUUM"),
    "REINDEX TABLE CONCURRENTLY t": Subject("repeat", "REINDEX"),
    "ALTER SYSTEM SET a = 1": None,
    "CALL work()": None,
    "DO $$ BEGIN COMMIT; END $$": None,
    "ALTER SUBSCRIPTION s REFRESH PUBLICATION": None,
    "COMMIT PREPARED 'x'": None,
}


@pytest.mark.parametrize(("sql", "expected"), SUBJECTS.items(), ids=SUBJECTS)
def test_what_a_statement_is_about(sql: str, expected: Subject | None) -> None:
    assert subject_of(sql) == expected


VERDICTS: dict[str, tuple[str, str, str, Verdict]] = {
    # before, the statement, what happens instead of it, and what is told then
    "an index that is there": ("", UNIQUE, UNIQUE, Verdict.RAN),
    "an index that is not": ("", UNIQUE, "", Verdict.NOT_RUN),
    "an index that was there": (UNIQUE, UNIQUE, "", Verdict.NOT_RUN),
    "an index that is gone": (UNIQUE, "DROP INDEX CONCURRENTLY items_id", "DROP INDEX items_id", Verdict.RAN),
    "an index that is still there": (UNIQUE, "DROP INDEX CONCURRENTLY items_id", "", Verdict.NOT_RUN),
    "a database that is there": ("", "CREATE DATABASE {new}", "CREATE DATABASE {new}", Verdict.RAN),
    "a database that is not": ("", "CREATE DATABASE {new}", "", Verdict.NOT_RUN),
    "a database that is gone": (
        "CREATE DATABASE {new}",
        "DROP DATABASE {new}",
        "DROP DATABASE {new}",
        Verdict.RAN,
    ),
    "a database that is another one": (
        "CREATE DATABASE {new}",
        "DROP DATABASE {new}",
        "DROP DATABASE {new};CREATE DATABASE {new}",
        Verdict.RAN,
    ),
    "what may run twice": ("", "VACUUM items", "", Verdict.REPEATABLE),
}


@pytest.mark.parametrize("case", VERDICTS.values(), ids=VERDICTS)
def test_the_catalog_tells_whether_it_ran(
    items: Workshop, postgresql_url: str, case: tuple[str, str, str, Verdict]
) -> None:
    before, sql, happens, expected = case
    new = postgresql_url.rpartition("/")[2].partition("?")[0] + "_new"
    mended(items)

    def ask(text: str) -> None:
        for statement in filter(None, text.format(new=new).split(";")):
            items.ask(statement)

    async def told() -> Verdict:
        async with await psycopg.AsyncConnection.connect(postgresql_url, autocommit=True) as connection:
            channel = Channel(connection, Redactor(()))
            found = await fingerprint(channel, sql.format(new=new))
            assert found is not None
            ask(happens)
            return (await judge(channel, found)).verdict

    ask(before)
    try:
        assert items.run(told()) is expected
    finally:
        items.ask(f"DROP DATABASE IF EXISTS {new}")


def test_of_two_schemas_the_one_that_was_meant_is_looked_at(items: Workshop, postgresql_url: str) -> None:
    """Once it is dropped, its name without a schema means another one."""
    mended(items)
    items.ask("CREATE SCHEMA second")
    items.ask("CREATE TABLE second.items (id INTEGER)")
    items.ask("CREATE INDEX items_id ON second.items (id)")
    items.ask(UNIQUE)

    async def told() -> Verdict:
        async with await psycopg.AsyncConnection.connect(
            postgresql_url, autocommit=True, options="-c search_path=public,second"
        ) as connection:
            channel = Channel(connection, Redactor(()))
            found = await fingerprint(channel, "DROP INDEX CONCURRENTLY items_id")
            assert found is not None
            await channel.rows("DROP INDEX items_id")
            return (await judge(channel, found)).verdict

    assert items.run(told()) is Verdict.RAN


def test_an_invalid_index_did_not_run(items: Workshop, postgresql_url: str) -> None:
    async def told() -> tuple[Verdict, str]:
        async with await psycopg.AsyncConnection.connect(postgresql_url, autocommit=True) as connection:
            channel = Channel(connection, Redactor(()))
            found = await fingerprint(channel, UNIQUE)
            assert found is not None
            invalid(items)
            return await judge(channel, found)

    assert items.run(told()) == (
        Verdict.NOT_RUN,
        "the index public.items_id is invalid: it is dropped, and built anew",
    )

"""What tasks of one migration do to each other, and what a loop that is left early leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import MisuseError, StepError

if TYPE_CHECKING:
    from stepwell.testing import Workshop


def test_transactions_of_two_tasks_are_refused(shop: Workshop) -> None:
    shop.table("001_items")
    shop.python(
        "002_tasks",
        """
        async def one(i):
            async with database.transaction():
                await database.execute("INSERT INTO items VALUES (:i)", {"i": i})
                await asyncio.sleep(0.01 * (5 - i))
                if i == 2:
                    raise ValueError(i)
        await asyncio.gather(*(one(i) for i in range(4)))
        """,
        head="import asyncio\n",
    )
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, MisuseError)
    assert "open in another task" in error.message
    assert error.place is not None
    assert shop.applied() == []


def test_transactions_one_after_the_other_are_fine(shop: Workshop) -> None:
    shop.table("001_items")
    shop.python(
        "002_tasks",
        """
        lock = asyncio.Lock()
        async def one(i):
            async with lock, database.transaction():
                await database.execute("INSERT INTO items VALUES (:i)", {"i": i})
                if i == 2:
                    raise ValueError(i)
        await asyncio.gather(*(one(i) for i in range(4)), return_exceptions=True)
        """,
        head="import asyncio\n",
    )
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM items ORDER BY id") == [0, 1, 3]


def test_the_authors_own_savepoint_recovers_from_a_failure(shop: Workshop) -> None:
    shop.table("001_items")
    shop.python(
        "002_savepoint",
        """
        await database.execute("INSERT INTO items VALUES (1)")
        await database.execute("SAVEPOINT own")
        try:
            await database.execute("INSERT INTO items VALUES (1)")
            await database.flush()
        except Exception:
            await database.execute("ROLLBACK TO own")
        await database.execute("INSERT INTO items VALUES (2)")
        await database.execute("RELEASE own")
        """,
    )
    assert shop.migrate().ok
    assert shop.column("SELECT id FROM items ORDER BY id") == [1, 2]


def test_a_loop_that_is_left_early_keeps_nothing_open(shop: Workshop) -> None:
    shop.sql("001_items", "CREATE TABLE items AS SELECT generate_series(1, 5000) AS id;")
    shop.python(
        "002_loop",
        """
        for limit in (3, 5000):
            async for row in database.iterate("SELECT id FROM items LIMIT :limit", {"limit": limit}):
                break
            await database.execute(f"ALTER TABLE items ADD COLUMN c{limit} INTEGER")
        """,
    )
    assert shop.migrate().ok


def test_a_task_that_comes_too_late_stops_the_run(shop: Workshop) -> None:
    shop.table("001_items")
    shop.python(
        "002_late",
        """
        async def late():
            await asyncio.sleep(0.05)
            await database.execute("INSERT INTO items VALUES (1)")
        self.__class__.task = asyncio.create_task(late())
        self.__class__.task.add_done_callback(lambda task: task.exception())
        """,
        head="import asyncio\n",
    )
    shop.python("003_next", "await asyncio.sleep(0.2)", head="import asyncio\n")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, MisuseError)
    assert "after the migration 002 has ended" in error.message
    assert shop.applied() == []


def test_reads_of_several_tasks_in_a_dry_run_stay_reads(shop: Workshop) -> None:
    shop.sql(
        "001_items",
        "CREATE TABLE items (id INTEGER);\n"
        "CREATE FUNCTION seed() RETURNS int LANGUAGE sql AS 'INSERT INTO items VALUES (1) RETURNING id';",
    )
    shop.migrate()
    shop.python(
        "002_reads",
        """
        async def first():
            return await database.fetch_val("SELECT pg_sleep(0.2)")
        async def second():
            await asyncio.sleep(0.05)
            return await database.fetch_val("SELECT pg_sleep(0.3)::text || seed()")
        await asyncio.gather(first(), second())
        """,
        head="import asyncio\n",
    )
    shop.run(shop.project().migrate(dry_run=True))
    assert shop.column("SELECT count(*) FROM items") == [0]


def test_a_query_that_calls_a_function_is_journalled(shop: Workshop) -> None:
    shop.sql(
        "001_items",
        "CREATE TABLE items (id INTEGER);\n"
        "CREATE FUNCTION seed() RETURNS int LANGUAGE sql AS 'INSERT INTO items VALUES (1) RETURNING id';",
    )
    shop.sql(
        "002_seed", "SELECT seed();\nCREATE TABLE x (id INTEGER);\nSELECT 1/0;", options="transaction:false"
    )
    shop.failure(shop.project().migrate())
    path = shop.folder / "002_seed.sql"
    path.write_text(path.read_text().replace("1/0", "1/1"))
    shop.migrate()
    assert shop.column("SELECT count(*) FROM items") == [1]


def test_what_a_function_wrote_is_checked_before_the_record(shop: Workshop) -> None:
    shop.sql(
        "001_items",
        "CREATE TABLE parents (id INTEGER PRIMARY KEY);\n"
        "CREATE TABLE items (id INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);\n"
        "CREATE FUNCTION seed() RETURNS int LANGUAGE sql AS 'INSERT INTO items VALUES (1) RETURNING id';",
    )
    shop.sql("002_seed", "SELECT seed();")
    shop.table("003_more")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.version == "002"

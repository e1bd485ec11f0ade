"""Connections that a program lends come back as they were; names of tables and schemas may be anything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from stepwell.core.errors import StepError, UsageError
from stepwell.testing.workshop import outcomes

if TYPE_CHECKING:
    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop


def lent(shop: Workshop, connect: Any, **settings: Any) -> Any:
    """A project on a connection that the test gives."""
    return shop.project(url=None, connect=connect, **settings)


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transactions"])
@pytest.mark.parametrize("fails", [False, True], ids=["well", "failing"])
def test_a_lent_connection_comes_back_as_it_was(shop: Workshop, autocommit: bool, fails: bool) -> None:
    shop.table("001_items")
    shop.sql("002_step", "SELECT nothing;" if fails else "SELECT 1;", options="transaction:false")

    async def use() -> dict[str, Any]:
        async with await psycopg.AsyncConnection.connect(
            shop.url, autocommit=autocommit, row_factory=dict_row
        ) as connection:
            await connection.execute("SET lock_timeout = '77ms'")
            await connection.commit()
            try:
                await lent(shop, lambda: connection).migrate()
            except StepError:
                assert fails
            assert not connection.closed
            assert connection.autocommit is autocommit
            assert connection.row_factory is dict_row
            assert connection.info.transaction_status is TransactionStatus.IDLE
            assert connection.pgconn.pipeline_status == 0
            held = await connection.execute(
                "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            assert await held.fetchone() == {"n": 0}
            cursor = await connection.execute(
                "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"
            )
            found = await cursor.fetchone()
            assert found is not None
            return found

    assert shop.run(use()) == {"lock": "77ms", "statement": "0"}
    assert shop.applied() == (["001"] if fails else ["001", "002"])


def test_a_lent_connection_may_come_from_a_coroutine_and_several_times(shop: Workshop) -> None:
    shop.table("001_items")

    async def use() -> list[list[str]]:
        connection = await psycopg.AsyncConnection.connect(shop.url)

        async def give() -> psycopg.AsyncConnection[Any]:
            return connection

        project = lent(shop, give)
        found = [
            [entry.state.value for entry in (await project.status()).entries],
            outcomes(await project.migrate()),
            outcomes(await project.rollback()),
            [entry.event for entry in (await project.log()).entries],
        ]
        await connection.close()
        return found

    assert shop.run(use()) == [["pending"], ["001 applied"], ["001 reverted"], ["applied", "reverted"]]


def test_a_lent_connection_in_a_transaction_is_refused(shop: Workshop) -> None:
    shop.table("001_items")

    async def use() -> None:
        async with await psycopg.AsyncConnection.connect(shop.url) as connection:
            await connection.execute("SELECT 1")
            await lent(shop, lambda: connection).migrate()

    error = shop.failure(use())
    assert isinstance(error, UsageError)
    assert "in a transaction" in error.message


@pytest.mark.parametrize("given", [None, "postgresql://", object()], ids=["none", "text", "object"])
def test_what_is_no_connection_is_refused(shop: Workshop, given: object) -> None:
    error = shop.failure(lent(shop, lambda: given).status())
    assert isinstance(error, UsageError)
    assert type(given).__name__ in error.message


def test_several_projects_at_once(shop: Workshop, postgresql_server: str) -> None:
    """Ten histories in one database, and one more elsewhere, in one loop."""
    shop.python(
        "001_step",
        """
        await database.execute("SELECT pg_sleep(0.01)")
        await asyncio.sleep(0.01)
        await database.fetch_val("SELECT 1")
        """,
        head="import asyncio\n",
    )
    for number in range(5):
        shop.ask(f"CREATE SCHEMA tenant_{number}")

    async def all_at_once() -> list[RunReport]:
        projects = [shop.project(schema=f"tenant_{number}") for number in range(5)]
        return await asyncio.gather(*(project.migrate() for project in projects))

    assert [outcomes(report) for report in shop.run(all_at_once())] == [["001 applied"]] * 5


@pytest.mark.parametrize(
    ("schema", "table"),
    [
        ("public", "history"),
        ("Mixed Case", "Mixed Case"),
        ('with "quotes"', 'and "more"'),
        ("schéma", "historique_é"),
        ("select", "table"),
        ("semi;colon", "per%cent"),
    ],
)
def test_any_name_of_schema_and_table(shop: Workshop, schema: str, table: str) -> None:
    shop.ask('CREATE SCHEMA IF NOT EXISTS "' + schema.replace('"', '""') + '"')
    shop.sql("001_step", "CREATE TABLE made (id INTEGER);", "DROP TABLE made;", options="transaction:false")
    shop.table("002_items")
    project = shop.project(schema=schema, table=table)
    assert shop.run(project.migrate()).ok
    status = shop.run(project.status())
    assert status.table == f"{schema}.{table}"
    assert status.up_to_date
    found = shop.ask(
        "SELECT schemaname::text, tablename::text FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY tablename COLLATE \"C\""
    )
    assert {(schema, table), (schema, f"{table}_log")} <= set(found)
    assert ("public", "migrations") not in found
    assert shop.run(project.unlock()).holder is None
    assert outcomes(shop.run(project.rollback(target="base"))) == ["002 reverted", "001 reverted"]


def test_the_first_schema_of_the_search_path_is_the_default(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA first_one")
    shop.ask(
        f"ALTER DATABASE {shop.column('SELECT current_database()')[0]} SET search_path = not_there, first_one, public"
    )
    shop.table("001_items")
    shop.migrate()
    assert shop.status().table == "first_one.migrations"
    assert shop.column("SELECT count(*) FROM first_one.items") == [0]


def test_a_migration_that_changes_the_search_path_keeps_the_history_in_its_place(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA elsewhere")
    shop.sql("001_path", "SET LOCAL search_path = elsewhere;\nCREATE TABLE items (id INTEGER);")
    shop.migrate()
    assert shop.exists("elsewhere.items")
    assert shop.states() == {"001": "applied"}


@pytest.mark.parametrize(
    ("kind", "create", "drop"),
    [
        ("view", "CREATE VIEW v AS SELECT 1", "DROP VIEW v"),
        ("materialized view", "CREATE MATERIALIZED VIEW v AS SELECT 1 AS one", "DROP MATERIALIZED VIEW v"),
        ("sequence", "CREATE SEQUENCE v", "DROP SEQUENCE v"),
        ("type", "CREATE TYPE v AS ENUM ('a')", "DROP TYPE v"),
        ("domain", "CREATE DOMAIN v AS TEXT", "DROP DOMAIN v"),
        ("table", "CREATE TABLE other.v (id INTEGER)", "DROP TABLE other.v"),
    ],
)
def test_a_first_run_that_meets_an_object(shop: Workshop, kind: str, create: str, drop: str) -> None:
    shop.ask("CREATE SCHEMA other")
    shop.ask(create)
    shop.sql("001_object", f"{create};\nCREATE TABLE beside (id INTEGER);")
    error = shop.failure(shop.project().migrate())
    assert error.exit_code == 6
    assert f"create: {kind} " in error.message
    assert not shop.exists("migrations")
    shop.ask(drop)
    assert shop.migrate().ok


def test_an_object_in_another_schema_is_no_obstacle(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA other")
    shop.ask("CREATE TABLE other.items (id INTEGER)")
    shop.table("001_items")
    assert shop.migrate().ok


@pytest.mark.parametrize(
    "create",
    [
        "CREATE OR REPLACE VIEW v AS SELECT 1 AS one",
        "CREATE TEMPORARY TABLE v (id INTEGER); DROP TABLE pg_temp.v",
    ],
)
def test_what_replaces_or_passes_is_no_obstacle(shop: Workshop, create: str) -> None:
    shop.ask("CREATE VIEW v AS SELECT 2 AS one")
    shop.sql("001_object", f"{create};")
    assert shop.migrate().ok

"""The proof that what only asks changes nothing: catalog, rows and locks before, during and after are the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.core.migration import Direction
from stepwell.testing.workshop import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.project import Project
    from stepwell.testing import Workshop

# What the server itself writes when it pleases: statistics, and how far vacuum has come.
BY_ITSELF = "('pg_statistic', 'pg_statistic_ext_data')"
ROWS = """
SELECT count(*), md5(coalesce(string_agg(md5(({columns})::text), '' ORDER BY ({columns})::text), ''))
FROM (SELECT xmin, ctid, * FROM {table}) t
"""
CLASS = "t.oid, t.relname, t.relnamespace, t.relowner, t.relkind, t.relnatts, t.relfilenode, t.relacl, t.relhasindex"


def everything(shop: Workshop) -> dict[str, tuple[Any, ...]]:
    """What every table of the database holds, those of the catalog too, with who wrote each row and where it lies."""
    tables = shop.column(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'S') AND NOT c.relisshared AND n.nspname <> 'information_schema'"
        f" AND c.relname NOT IN {BY_ITSELF} ORDER BY 1"
    )
    found = {}
    for table in tables:
        columns = f"ROW({CLASS})" if table == "pg_catalog.pg_class" else "t"
        (found[table],) = shop.ask(ROWS.format(table=table, columns=columns))
    return found


def held(shop: Workshop) -> list[tuple[str, str]]:
    """The locks of the runner's backends: what is locked, and how. Its own transaction is not counted."""
    return [
        (kind, mode)
        for kind, mode in shop.ask(
            "SELECT l.locktype, l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE a.datname = current_database() AND a.application_name = 'stepwell'"
        )
        if kind != "virtualxid"
    ]


def states(shop: Workshop) -> list[str]:
    """What the runner's backends are doing."""
    return shop.column(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stepwell'"
    )


@pytest.fixture(params=["fresh", "seven columns", "half applied"])
def loaded(shop: Workshop, request: pytest.FixtureRequest) -> Workshop:
    """A database with rows, in several states of its history, and migrations that would do all sorts of things."""
    shop.ask("CREATE TABLE items (id SERIAL PRIMARY KEY, name TEXT)")
    shop.ask("INSERT INTO items (name) SELECT 'item ' || n FROM generate_series(1, 500) n")
    shop.ask(
        "CREATE FUNCTION sneaky() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM items; RETURN 1; END'"
    )
    shop.ask("CREATE SEQUENCE numbers")
    if request.param == "seven columns":
        shop.ask(
            "CREATE TABLE migrations (id SERIAL PRIMARY KEY, version VARCHAR(50) UNIQUE NOT NULL, name VARCHAR(255)"
            " NOT NULL, description TEXT, dependencies TEXT, created_at TIMESTAMP, applied_at TIMESTAMP)"
        )
        shop.ask("INSERT INTO migrations (version, name) VALUES ('000', 'before')")
        shop.table("000_before")
    if request.param == "half applied":
        shop.table("000_before")
        shop.sql("0005_step", "SELECT 1;\nSELECT nothing;", options="transaction:false")
        shop.failure(shop.project().migrate())
    shop.sql("001_alter", "ALTER TABLE items ADD COLUMN size INTEGER;\nDROP SEQUENCE numbers;")
    shop.sql("002_index", "CREATE INDEX CONCURRENTLY i ON items (name);", options="transaction:false")
    for number, line in enumerate(
        (
            'await database.fetch_val("SELECT sneaky()")',
            "await database.fetch_val(\"SELECT nextval('numbers')\")",
            'await database.fetch_val("DELETE FROM items RETURNING id")',
            'await database.execute_count("DELETE FROM items")',
            'await database.fetch_all("SELECT * FROM items FOR UPDATE")',
            'await database.fetch_val("SELECT pg_advisory_lock(1)")',
            "await database.fetch_val(\"SELECT set_config('work_mem', '1MB', false)\")",
        )
    ):
        shop.python(f"1{number}_python", f'await database.execute("DROP TABLE items")\n{line}', "pass")
    return shop


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(lambda project: project.migrate(dry_run=True), id="migrate --dry-run"),
        pytest.param(lambda project: project.preview(Direction.UP), id="preview"),
        pytest.param(lambda project: project.status(), id="status"),
        pytest.param(lambda project: project.check(), id="check"),
        pytest.param(lambda project: project.log(), id="log"),
        pytest.param(lambda project: project.unlock(), id="unlock"),
        pytest.param(lambda project: project.mark("001", dry_run=True), id="mark --dry-run"),
    ],
)
def test_what_only_asks_changes_nothing(
    loaded: Workshop, verb: Callable[[Project], Awaitable[object]]
) -> None:
    before = everything(loaded)

    async def run() -> None:
        await verb(loaded.project())

    loaded.run(run())
    assert everything(loaded) == before
    assert held(loaded) == []


def test_a_rollback_that_is_only_planned(shop: Workshop) -> None:
    shop.sql(
        "001_items", "CREATE TABLE items (id INTEGER);\nINSERT INTO items VALUES (1);", "DROP TABLE items;"
    )
    shop.python("002_step", "pass", 'await database.execute("DELETE FROM items")')
    shop.migrate()
    before = everything(shop)
    report = shop.rollback(target="base", dry_run=True)
    assert [len(step.statements) for step in report.steps] == [1, 1]
    assert everything(shop) == before


@pytest.mark.parametrize("reading", [False, True], ids=["between statements", "while rows are read"])
def test_nothing_is_locked_while_it_runs(shop: Workshop, reading: bool) -> None:
    """A read is its own short transaction, which has ended when the migration sees the first row."""
    shop.ask("CREATE TABLE items (id INTEGER)")
    shop.ask("INSERT INTO items VALUES (1)")
    before = everything(shop)
    wait = f"""
    Path({str(shop.root / "begun")!r}).touch()
    while not Path({str(shop.root / "go")!r}).exists():
        await asyncio.sleep(0.01)
    """
    loop = "async for row in database.iterate('SELECT id FROM items'):" if reading else "if True:"
    shop.python(
        "001_step",
        f"await database.execute('DROP TABLE items')\n{loop}\n" + wait,
        head="import asyncio\n",
    )

    async def run() -> tuple[list[tuple[str, str]], list[str]]:
        task = asyncio.create_task(shop.project().migrate(dry_run=True))
        await until((shop.root / "begun").exists)
        found = held(shop), states(shop)
        assert everything(shop) == before
        shop.ask("UPDATE items SET id = id")  # nobody is kept from writing
        shop.let_go()
        await task
        return found

    locks, doing = shop.run(run())
    assert locks == []
    assert doing == ["idle"]
    assert held(shop) == []

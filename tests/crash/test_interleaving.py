"""Three runners at once, statement by statement in the order of a seed; some die, are cut off or cancelled.

`STEPWELL_TEST_SEEDS` is the number of seeds for each engine. A failure names its seed: `-k 'sqlite-17'` repeats it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.crash.interleaving import Grief, Schedule, gates
from tests.mariadb import ask, mariadb_own, mariadb_server, mariadb_url

from stepwell.core.errors import StepwellError
from stepwell.core.history import State
from stepwell.core.report import Outcome, RunReport
from stepwell.testing import Workshop

if TYPE_CHECKING:
    import random
    from collections.abc import Coroutine
    from pathlib import Path

__all__ = ["gates", "mariadb_own", "mariadb_server", "mariadb_url"]

SEEDS = range(int(os.environ.get("STEPWELL_TEST_SEEDS", "3")))
IN_DOUBT = 6
ENGINES = {
    "sqlite": (Grief.DIES, Grief.IS_CANCELLED),
    "sqlite_wal": (Grief.DIES, Grief.IS_CANCELLED),
    "postgresql": tuple(Grief),
    "mariadb": tuple(Grief),
}


@dataclass(frozen=True)
class Statement:
    """A statement of a migration, what undoes it, and a query that gives how often it stands."""

    sql: str
    undo: str
    times: str


@dataclass(frozen=True)
class Written:
    """A migration: its version, and its statements in their order."""

    version: str
    statements: tuple[Statement, ...]


@pytest.fixture
def mariadb_shop(mariadb_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database of MariaDB."""
    return Workshop(mariadb_url, tmp_path, lambda sql: ask(mariadb_url, sql))


def write_plan(shop: Workshop, engine: str, chance: random.Random) -> list[Written]:
    """Write batches mixed with steps that have no transaction; each statement leaves a mark that can be counted."""
    shop.ask("CREATE TABLE marks (version VARCHAR(9), statement INTEGER)")
    return [_write(shop, engine, f"{number:03}", chance) for number in range(1, chance.randrange(4, 7))]


def _write(shop: Workshop, engine: str, version: str, chance: random.Random) -> Written:
    apart = chance.random() < 0.4
    statements = [_table(engine, version), *(_mark(version, number) for number in (1, 2))]
    if apart and engine == "postgresql":
        statements.append(_concurrent_index(version))
    attributes = ["transactional = False"] if apart else []
    if chance.random() < 0.2:
        attributes.append("ends_segment = True")
    up = [each.sql for each in statements]
    down = [each.undo for each in reversed(statements)]
    if chance.random() < 0.5:
        reads = [] if apart else ['assert await database.fetch_val("SELECT count(*) FROM marks") >= 2']
        shop.python(
            f"{version}_step",
            "\n".join([*_awaited(up), *reads]),
            "\n".join(_awaited(down)),
            attributes="\n".join(attributes),
        )
    else:
        options = "transaction:false" if apart else ""
        shop.sql(f"{version}_step", ";\n".join(up) + ";", ";\n".join(down) + ";", options=options)
    return Written(version, tuple(statements))


def _awaited(statements: list[str]) -> list[str]:
    return [f'await database.execute("{each}")' for each in statements]


def _table(engine: str, version: str) -> Statement:
    catalog = "sqlite_master" if engine.startswith("sqlite") else "information_schema.tables"
    name = "name" if engine.startswith("sqlite") else "table_name"
    return Statement(
        f"CREATE TABLE t_{version} (id INTEGER PRIMARY KEY)",
        f"DROP TABLE t_{version}",
        f"SELECT count(*) FROM {catalog} WHERE {name} = 't_{version}'"
        + (" AND table_schema = database()" if engine == "mariadb" else ""),
    )


def _mark(version: str, number: int) -> Statement:
    where = f"version = '{version}' AND statement = {number}"
    return Statement(
        f"INSERT INTO marks VALUES ('{version}', {number})",
        f"DELETE FROM marks WHERE {where}",
        f"SELECT count(*) FROM marks WHERE {where}",
    )


def _concurrent_index(version: str) -> Statement:
    return Statement(
        f"CREATE INDEX CONCURRENTLY i_{version} ON marks (version)",
        f"DROP INDEX CONCURRENTLY i_{version}",
        f"SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('i_{version}') AND indisvalid",
    )


def set_right(shop: Workshop, plan: list[Written]) -> None:
    """What a person does for a step in doubt: look what is there, do the rest by hand, and say so."""
    for written in plan:
        entry = shop.entry(written.version)
        if entry.state is not State.IN_DOUBT:
            continue
        if entry.record is None:
            for statement in written.statements:
                if shop.column(statement.times) == [0]:
                    shop.ask(statement.sql)
            shop.run(shop.project().mark(written.version))
        else:
            for statement in reversed(written.statements):
                if shop.column(statement.times) == [1]:
                    shop.ask(statement.undo)
            shop.run(shop.project().unmark(written.version))


def times(shop: Workshop, plan: list[Written]) -> dict[str, set[int]]:
    """How often the statements of each migration stand."""
    return {each.version: {shop.column(one.times)[0] for one in each.statements} for each in plan}


def must_be_whole(shop: Workshop, plan: list[Written]) -> None:
    """Every statement stands once; records and log say the same; nobody holds the lock."""
    assert sorted(shop.applied()) == [written.version for written in plan]
    assert times(shop, plan) == {written.version: {1} for written in plan}
    standing: dict[str, int] = {}
    for entry in shop.told():
        change = {"applied": 1, "marked": 1, "reverted": -1, "unmarked": -1}.get(entry.event, 0)
        standing[str(entry.version)] = standing.get(str(entry.version), 0) + change
    assert standing == {written.version: 1 for written in plan}
    assert shop.run(shop.project().unlock()).holder is None


def told_by(schedule: Schedule, properties: list[tuple[str, object]]) -> list[RunReport]:
    """The reports of those who lived to tell; who came to no grief fails only where another one left a doubt.

    What happened is added to the properties of the test, which `--junitxml` writes.
    """
    properties.append(("exchanges", schedule.exchanges))
    found = []
    for runner in schedule.runners:
        told = runner.told()
        grief = runner.grief if runner.befallen else "lives"
        properties.append((runner.name, f"{grief}: {told!r}"[:120]))
        if isinstance(told, StepwellError):
            assert runner.befallen or told.exit_code == IN_DOUBT, told
        report = told.report if isinstance(told, StepwellError) else told
        if isinstance(report, RunReport):
            found.append(report)
    return found


@pytest.mark.usefixtures("gates")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_interleaved(request: pytest.FixtureRequest, engine: str, seed: int) -> None:
    shop: Workshop = request.getfixturevalue(f"{engine}_shop")
    schedule = Schedule(seed, ENGINES[engine])
    plan = write_plan(shop, engine, schedule.random)
    shop.run(schedule.run(lambda _: shop.project(lock_wait=3600.0).migrate()))
    reports = told_by(schedule, request.node.user_properties)
    applied = [version.text for report in reports for version in report.versions(Outcome.APPLIED)]
    assert len(applied) == len(set(applied))
    assert set(applied) <= set(shop.applied())
    set_right(shop, plan)
    shop.migrate()
    must_be_whole(shop, plan)


@pytest.mark.usefixtures("gates")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_interleaved_with_a_way_back(request: pytest.FixtureRequest, engine: str, seed: int) -> None:
    """Two apply while a third takes back the last batch, whichever that is by then."""
    shop: Workshop = request.getfixturevalue(f"{engine}_shop")
    schedule = Schedule(seed, ENGINES[engine])
    plan = write_plan(shop, engine, schedule.random)
    shop.migrate(target=plan[1].version)

    def verb(name: str) -> Coroutine[Any, Any, RunReport]:
        project = shop.project(lock_wait=3600.0)
        return project.rollback(batch="last") if name == "C" else project.migrate()

    shop.run(schedule.run(verb))
    told_by(schedule, request.node.user_properties)
    set_right(shop, plan)
    states = shop.states()
    for version, found in times(shop, plan).items():
        if states[version] != State.FAILED:
            assert found == ({1} if states[version] == State.APPLIED else {0})
    if any(shop.entry(each).record and states[each] == State.FAILED for each in states):
        shop.rollback(target="base")
    shop.migrate()
    must_be_whole(shop, plan)

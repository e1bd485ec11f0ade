"""Two nodes that both write: one runner at a time all the same, and nothing is kept of one that lost the lock."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.servers import ask

from stepwell.core.errors import LockTimeoutError, StepError
from stepwell.core.events import Warned
from stepwell.engines.mysql import lease
from stepwell.engines.mysql.heartbeat import Heartbeat
from stepwell.engines.mysql.session import see_other_nodes
from stepwell.testing import Workshop
from stepwell.testing.workshop import outcomes, until

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.events import Event

pytestmark = pytest.mark.mariadb
STEPS = range(1, 11)
HELD = (
    "UPDATE migrations_lock SET epoch = epoch + 1, owner = 'somebody', who = 'connection 7 of somebody',"
    " until = UTC_TIMESTAMP() + INTERVAL {seconds} SECOND WHERE name = 'lock'"
)
BROKEN = "UPDATE migrations_lock SET epoch = epoch + 1 WHERE name = 'lock'"


@pytest.fixture
def shops(cluster_urls: tuple[str, ...], tmp_path: Path) -> list[Workshop]:
    """The same migrations, for each node."""

    def asking(url: str) -> Workshop:
        # What one node has done, the other may not show yet.
        options = see_other_nodes(galera=url.startswith("mariadb"))
        return Workshop(url, tmp_path, lambda sql: ask(url, sql, options=options))

    return [asking(url) for url in cluster_urls]


@pytest.fixture
def shop(shops: list[Workshop]) -> Workshop:
    """That of the first node."""
    return shops[0]


def lock_row(shop: Workshop) -> tuple[int, str | None]:
    """Epoch and owner."""
    ((epoch, owner),) = shop.ask("SELECT epoch, owner FROM migrations_lock WHERE name = 'lock'")
    return epoch, owner


def test_eight_processes_on_two_nodes(shops: list[Workshop]) -> None:
    for number in STEPS:
        shops[0].sql(
            f"{number:03}_step",
            f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY);\nINSERT INTO t{number} VALUES (1);\n"
            f"ALTER TABLE t{number} ADD COLUMN more INTEGER;\nUPDATE t{number} SET id = id + 1;",
        )
    running = [shop.process() for shop in shops * 4]
    done = [json.loads(process.communicate(timeout=100)[0]) for process in running]
    assert [each["exit"] for each in done] == [0] * 8, done
    steps = [step for each in done for step in each["steps"]]
    assert sorted(steps) == [f"{number:03} applied" for number in STEPS]
    for shop in shops:
        assert len(shop.told()) == len(STEPS)
        assert [shop.column(f"SELECT id FROM t{number}") for number in STEPS] == [[2]] * len(STEPS)
    assert lock_row(shops[0])[1] is None


def test_a_run_with_one_node_is_as_on_any_server(shop: Workshop) -> None:
    shop.sql(
        "001_step", "CREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);", "DROP TABLE a;"
    )
    report = shop.migrate()
    assert outcomes(report) == ["001 applied"]
    assert outcomes(shop.migrate()) == []
    assert outcomes(shop.rollback()) == ["001 reverted"]
    assert not shop.exists("a")


def test_a_balancer_is_warned_of(shop: Workshop) -> None:
    shop.table("001_first")
    events: list[Event] = []
    shop.run(shop.project(events=events.append).migrate())
    told = [event.message for event in events if isinstance(event, Warned)]
    assert any("go to the same node" in message for message in told)


def test_status_makes_no_table(shop: Workshop) -> None:
    shop.table("001_first")
    shop.status()
    assert not shop.exists("migrations_lock")


# --- who has it ---


def test_whoever_holds_it_is_named_on_another_node_and_can_be_ended(shops: list[Workshop]) -> None:
    here, there = shops
    here.table("001_first")
    here.migrate()
    here.table("002_second")
    here.ask(HELD.format(seconds=60))
    error = there.failure(there.project(lock_wait=0.3).migrate())
    assert isinstance(error, LockTimeoutError)
    assert "connection 7 of somebody, by a lease that ends in" in error.message
    assert "connection 7 of somebody" in str(there.run(there.project().unlock()).holder)
    epoch, _ = lock_row(here)
    assert there.run(there.project().unlock(force=True)).ended
    assert lock_row(here) == (epoch + 1, None)
    assert there.run(there.project().unlock()).holder is None
    assert outcomes(there.migrate()) == ["002 applied"]


def test_a_runner_at_work_is_named_and_waited_for(shops: list[Workshop]) -> None:
    here, there = shops
    here.waiting("001_first", "await database.execute('CREATE TABLE a (id INTEGER PRIMARY KEY)')")
    process = here.process()
    asyncio.run(here.has_begun(process))
    error = there.failure(there.project(lock_wait=0.3).migrate())
    assert isinstance(error, LockTimeoutError)
    assert "of tester@" in error.message
    assert "on the node" in error.message
    waiting = there.process()
    here.let_go()
    assert json.loads(process.communicate(timeout=60)[0])["steps"] == ["001 applied"]
    assert json.loads(waiting.communicate(timeout=60)[0]) == {"exit": 0, "steps": []}


def test_a_lease_that_has_ended_keeps_nobody_out(shops: list[Workshop]) -> None:
    here, there = shops
    here.table("001_first")
    here.migrate()
    here.table("002_second")
    here.ask(HELD.format(seconds=-1))
    assert there.run(there.project().unlock()).holder is None
    assert outcomes(there.migrate()) == ["002 applied"]


def test_after_a_kill_the_other_node_goes_on_when_the_lease_has_ended(shops: list[Workshop]) -> None:
    here, there = shops
    here.waiting(
        "001_first",
        "await database.execute('CREATE TABLE a (id INTEGER PRIMARY KEY)')\n"
        "            await database.execute('INSERT INTO a VALUES (1)')",
    )
    process = here.process()
    asyncio.run(here.has_begun(process))
    process.kill()
    process.communicate()
    here.let_go()
    error = there.failure(there.project(lock_wait=0.3).migrate())
    assert isinstance(error, LockTimeoutError)
    here.ask("UPDATE migrations_lock SET until = UTC_TIMESTAMP() - INTERVAL 1 SECOND")
    assert outcomes(there.migrate()) == ["001 applied"]
    assert there.column("SELECT id FROM a") == [1]


def test_the_right_to_make_its_table_is_named_where_it_lacks(shop: Workshop) -> None:
    shop.table("001_first")
    shop.migrate()
    shop.ask("DROP TABLE migrations_lock")
    shop.table("002_second")
    server, _, database = shop.url.rpartition("/")
    user = f"u_{database[-20:]}"
    ask(server, f"CREATE USER {user} IDENTIFIED BY 'Secret-of-{user}!'")
    try:
        ask(server, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {user}")
        shop.url = shop.url.replace("tester:secret-of-tests", f"{user}:Secret-of-{user}!")
        error = shop.failure(shop.project().migrate())
    finally:
        ask(server, f"DROP USER {user}")
    assert "lacks CREATE" in error.message
    assert f"ON `{database}`.*" in str(error.hint)


# --- losing it ---


@pytest.mark.parametrize("statement", ["CREATE TABLE b (id INTEGER PRIMARY KEY)", "INSERT INTO a VALUES (2)"])
def test_a_run_that_lost_the_lock_writes_nothing_more(shops: list[Workshop], statement: str) -> None:
    here, there = shops
    here.python(
        "001_first",
        f"""
        await database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        await database.execute("INSERT INTO a VALUES (1)")
        if not Path({str(here.root / "lost")!r}).exists():
            Path({str(here.root / "lost")!r}).touch()
            ask({there.url!r}, {BROKEN!r})
        await database.execute({statement!r})
        """,
        head="from tests.servers import ask\n",
    )
    error = here.failure(here.project().migrate())
    assert "the lock was lost" in error.message
    assert not there.exists("b")
    assert there.column("SELECT id FROM a") == [1]
    assert there.applied() == []
    there.ask("UPDATE migrations_lock SET owner = NULL WHERE name = 'lock'")
    assert outcomes(there.migrate()) == ["001 applied"]
    assert there.column("SELECT id FROM a") == ([1, 2] if "INSERT" in statement else [1])
    assert there.exists("b") is ("CREATE" in statement)


def test_a_step_that_lost_the_lock_at_its_end_is_not_recorded(shops: list[Workshop]) -> None:
    here, there = shops
    here.python(
        "001_first",
        f"""
        await database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        ask({there.url!r}, {BROKEN!r})
        """,
        head="from tests.servers import ask\n",
    )
    error = here.failure(here.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "lock_lost"
    assert there.applied() == []


def test_a_lease_is_renewed_while_python_computes(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LEASE", 3)
    shop.python(
        "001_first",
        f"""
        await database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        Path({str(shop.root / "begun")!r}).touch()
        while not Path({str(shop.root / "go")!r}).exists():
            time.sleep(0.01)
        """,
        head="import time\n",
    )
    beat = "SELECT until, epoch FROM migrations_lock WHERE name = 'beat'"
    with ThreadPoolExecutor() as threads:
        run = threads.submit(shop.migrate)
        try:
            asyncio.run(until((shop.root / "begun").exists))
            for _ in range(3):
                before = shop.ask(beat)
                asyncio.run(until(lambda former=before: shop.ask(beat) != former))  # type: ignore[misc]
        finally:
            (shop.root / "go").touch()
        assert run.result().ok


def test_without_renewing_it_would_be_lost(shops: list[Workshop], monkeypatch: pytest.MonkeyPatch) -> None:
    """That the test above can fail: somebody else takes over, and the step is not recorded twice."""
    # The one that is first is held back until the other one has recorded it.
    here, there = shops
    monkeypatch.setattr(lease, "LEASE", 1)
    monkeypatch.setattr(Heartbeat, "start", lambda heartbeat: heartbeat._begun.set())
    monkeypatch.setattr(Heartbeat, "stop", lambda heartbeat: asyncio.sleep(0))
    here.python(
        "001_first",
        f"""
        await database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        if not Path({str(here.root / "begun")!r}).exists():
            Path({str(here.root / "begun")!r}).touch()
            while not ask({here.url!r}, "SELECT 1 FROM migrations"):
                await asyncio.sleep(0.01)
        """,
        head="import asyncio\nfrom tests.servers import ask\n",
    )

    async def both() -> BaseException | None:
        run = asyncio.create_task(here.project().migrate())
        await here.has_begun()
        assert outcomes(await there.project().migrate()) == ["001 applied"]
        await asyncio.wait({run})
        return run.exception()

    assert "lock was lost" in str(asyncio.run(both()))
    assert there.applied() == ["001"]

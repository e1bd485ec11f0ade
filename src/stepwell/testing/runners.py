# ruff: noqa: S101, PLR2004 - a suite of tests asserts, and an expected number is clearest where it is expected
"""Several runners at once: each migration is applied once, and waiting is bounded."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from stepwell.core.errors import LockTimeoutError
from stepwell.core.events import Waiting
from stepwell.core.migration import Direction
from stepwell.testing.suite import Suite, cases
from stepwell.testing.workshop import outcomes, report_of, until

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.events import Event
    from stepwell.core.report import RunReport
    from stepwell.testing.workshop import Workshop

WITHOUT = "transaction:false"
ALL = ["001 applied", "002 applied", "003 applied"]


class RunnersConformance(Suite):
    """Two tasks, two processes, and somebody who does not let go."""

    def three_with_a_wait(self, url: str, folder: Path, *, attributes: str = "") -> Workshop:
        """Three migrations; the second waits until it may go on."""
        shop = self.workshop(url, folder)
        shop.table("001_first")
        shop.waiting(
            "002_second", 'await database.execute("CREATE TABLE second (id INTEGER)")', attributes=attributes
        )
        shop.table("003_third")
        return shop

    def each_once(self, shop: Workshop, steps: list[list[str]]) -> None:
        """Each step is one runner's; all are the same one's where a batch is one transaction."""
        assert sorted(step for each in steps for step in each) == ALL
        if shop.abilities.transactional_ddl:
            assert sorted(steps) == [*([] for _ in steps[1:]), ALL]

    def test_two_tasks_of_one_process(self, url: str, tmp_path: Path) -> None:
        shop = self.three_with_a_wait(url, tmp_path)
        waited: list[Event] = []

        async def both() -> tuple[RunReport, RunReport]:
            first = asyncio.create_task(shop.project().migrate())
            await shop.has_begun()
            second = asyncio.create_task(shop.project(events=waited.append).migrate())
            await until(lambda: any(isinstance(event, Waiting) for event in waited))
            shop.let_go()
            return await first, await second

        first, second = shop.run(both())
        assert outcomes(first) == ALL
        assert outcomes(second) == []
        assert (second.ok, second.segments) == (True, ())
        assert [entry.event for entry in shop.told()] == ["applied"] * 3

    def test_many_tasks_at_the_same_moment(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second", "003_third"):
            shop.table(stem)

        async def many() -> list[RunReport]:
            return await asyncio.gather(*(shop.project().migrate() for _ in range(4)))

        self.each_once(shop, [outcomes(report) for report in shop.run(many())])
        assert shop.applied() == ["001", "002", "003"]

    def test_two_processes(self, url: str, tmp_path: Path) -> None:
        shop = self.workshop(url, tmp_path)
        for stem in ("001_first", "002_second", "003_third"):
            shop.table(stem)
        running = [shop.process(), shop.process()]
        done = [json.loads(process.communicate(timeout=30)[0]) for process in running]
        assert [each["exit"] for each in done] == [0, 0], done
        self.each_once(shop, [each["steps"] for each in done])
        assert [entry.event for entry in shop.told()] == ["applied"] * 3

    def test_eight_processes_at_once(self, url: str, tmp_path: Path) -> None:
        """As on every node of a deployment; a step without a transaction is among them."""
        shop = self.workshop(url, tmp_path)
        shop.table("001_first")
        shop.sql(
            "002_second", "INSERT INTO first VALUES (1);\nINSERT INTO first VALUES (2);", options=WITHOUT
        )
        shop.table("003_third")
        running = [shop.process() for _ in range(8)]
        done = [json.loads(process.communicate(timeout=60)[0]) for process in running]
        assert [each["exit"] for each in done] == [0] * 8, done
        assert sorted(step for each in done for step in each["steps"]) == ALL
        assert shop.column("SELECT id FROM first ORDER BY id") == [1, 2]
        assert [entry.event for entry in shop.told()] == ["applied"] * 3

    def test_what_the_other_did_not_do_is_done(self, url: str, tmp_path: Path) -> None:
        """The first stops at a target, so that the second finds the history changed, and something left to do."""
        shop = self.three_with_a_wait(url, tmp_path)

        async def both() -> tuple[RunReport, RunReport]:
            first = asyncio.create_task(shop.project().migrate(target="002"))
            await shop.has_begun()
            second = asyncio.create_task(shop.project().migrate())
            await asyncio.sleep(0.1)
            shop.let_go()
            return await first, await second

        first, second = shop.run(both())
        assert outcomes(first) == ["001 applied", "002 applied"]
        assert outcomes(second) == ["003 applied"]
        assert [[version.text for version in each.versions] for each in second.segments] == [["003"]]

    @cases("verb", {"migrate": "migrate", "mark": "mark"})
    def test_waiting_is_bounded_and_says_who_holds_the_lock(
        self, url: str, tmp_path: Path, verb: str
    ) -> None:
        shop = self.three_with_a_wait(url, tmp_path)

        async def both() -> LockTimeoutError:
            first = asyncio.create_task(shop.project().migrate())
            await shop.has_begun()
            project = shop.project(lock_wait=0.15)
            try:
                await (project.migrate() if verb == "migrate" else project.mark("003"))
            except LockTimeoutError as error:
                return error
            finally:
                shop.let_go()
                await first
            raise AssertionError("not raised")

        error = shop.run(both())
        assert error.exit_code == 5
        assert "holds the lock" in error.message
        if verb == "migrate":
            seen = ["002 not_run", "003 not_run"]
            if shop.abilities.transactional_ddl:
                seen.insert(0, "001 not_run")
            # A step without a transaction that may be running can't be planned around.
            assert outcomes(report_of(error)) in (seen, [])
        assert shop.applied() == ["001", "002", "003"]

    def test_asking_waits_for_nobody(self, url: str, tmp_path: Path) -> None:
        shop = self.three_with_a_wait(url, tmp_path)

        async def both() -> tuple[dict[str, str], list[str], str | None]:
            first = asyncio.create_task(shop.project().migrate())
            await shop.has_begun()
            status = await asyncio.wait_for(shop.project().status(), 5)
            plan = await asyncio.wait_for(shop.project().preview(Direction.UP), 5)
            holder = (await asyncio.wait_for(shop.project().unlock(), 5)).holder
            shop.let_go()
            await first
            return {str(each.version): each.state.value for each in status.entries}, outcomes(plan), holder

        states, planned, _ = shop.run(both())
        if shop.abilities.transactional_ddl:
            assert states == dict.fromkeys(("001", "002", "003"), "pending")
            assert planned == ["001 planned", "002 planned", "003 planned"]
        else:  # what is done can be seen at once
            assert states == {"001": "applied", "002": "failed", "003": "pending"}
            assert planned == ["002 planned", "003 planned"]

    def test_steps_without_transaction_are_run_once_too(self, url: str, tmp_path: Path) -> None:
        shop = self.three_with_a_wait(url, tmp_path, attributes="transactional = False")
        waited: list[Event] = []

        async def both() -> tuple[RunReport, RunReport]:
            first = asyncio.create_task(shop.project().migrate())
            await shop.has_begun()
            second = asyncio.create_task(shop.project(events=waited.append).migrate())
            await asyncio.sleep(0.1)
            shop.let_go()
            return await first, await second

        first, second = shop.run(both())
        # Between two segments the lock is free: then the second may be first.
        assert sorted(outcomes(first) + outcomes(second)) == ALL

    def test_several_databases_at_once_in_one_loop(self, url: str, tmp_path: Path) -> None:
        """The handle belongs to the task: two projects never see each other's database."""
        shop = self.workshop(url, tmp_path)
        shop.python(
            "001_slow",
            """
            await asyncio.sleep(0.01)
            await database.execute("CREATE TABLE slow (id INTEGER)")
            await asyncio.sleep(0.01)
            await database.execute("INSERT INTO slow VALUES (1)")
            """,
            head="import asyncio\n",
        )
        other = tmp_path / "other"
        other.mkdir()

        async def both() -> tuple[RunReport, RunReport]:
            elsewhere = shop.project(url=f"sqlite:///{other / 'other.db'}")
            return await asyncio.gather(shop.project().migrate(), elsewhere.migrate())

        assert [outcomes(report) for report in shop.run(both())] == [["001 applied"], ["001 applied"]]
        assert shop.column("SELECT count(*) FROM slow") == [1]

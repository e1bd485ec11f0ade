"""Worker processes that share a sweep out among them, each on a ground of its own."""

from __future__ import annotations

import math
import multiprocessing
import random
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

from torture.case import Result, count_points, run_case
from torture.faults import Fault, Kind
from torture.ground import Ground
from torture.preload import preload
from torture.runner import end_all
from torture.servers import NoServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torture.targets import Target

AT_ONCE = 6  # cases of one task
SEED = 1
FORK = multiprocessing.get_context("fork")


class Cell(NamedTuple):
    """A kind of fault on a plan of a target, at every `step`-th point, in turn at once and late."""

    target: str
    plan: str
    kind: Kind
    step: int = 1

    def faults(self, points: int) -> list[Fault]:
        """The faults of the cell, for a run with so many points."""
        return [Fault(self.kind, n, bool(i % 2)) for i, n in enumerate(range(1, points + 1, self.step))]


class Done(NamedTuple):
    """What came of a sweep: the results, how many points each plan of a target has, the versions of the servers."""

    results: tuple[Result, ...]
    points: dict[tuple[str, str], int]
    versions: tuple[str, ...]


class WorkerFailedError(Exception):
    """A worker could not do its work; the message is its traceback."""


def sweep(
    cells: Sequence[Cell], *, jobs: int, programs: Path | None = None, seconds: float = math.inf
) -> Iterator[Result | Done]:
    """Run all cells, in any order; gives each result as it comes, and in the end the whole.

    After so many seconds nothing new is begun: what is left out is spread over all cells. Raises `WorkerFailedError`.
    """
    tasks, answers = FORK.SimpleQueue(), FORK.SimpleQueue()
    workers = [FORK.Process(target=_work, args=(tasks, answers, programs)) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    try:
        yield from _shared_out(cells, tasks, answers, jobs, time.monotonic() + seconds)
        for worker in workers:
            worker.join()
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _shared_out(
    cells: Sequence[Cell], tasks: Any, answers: Any, jobs: int, deadline: float
) -> Iterator[Result | Done]:
    plans = sorted({(cell.target, cell.plan) for cell in cells})
    for each in plans:
        tasks.put(("count", *each))
    points = {(target, plan): number for target, plan, number in (_answer(answers) for _ in plans)}
    lots = [lot for cell in cells for lot in _lots(cell, points[cell.target, cell.plan])]
    random.Random(SEED).shuffle(lots)
    found: list[Result] = []
    at_work = 0
    while at_work or lots:
        while lots and at_work < 2 * jobs:  # the pipe of a queue holds only so much
            tasks.put(lots.pop())
            at_work += 1
        results: list[Result] = _answer(answers)
        at_work -= 1
        found += results
        yield from results
        if time.monotonic() > deadline:
            lots.clear()
    versions: set[str] = set()
    for _ in range(jobs):
        tasks.put(("end",))
    for _ in range(jobs):
        versions |= set(_answer(answers))
    yield Done(tuple(found), points, tuple(sorted(versions)))


def _lots(cell: Cell, points: int) -> list[tuple[Any, ...]]:
    faults = cell.faults(points)
    return [
        ("cases", cell.target, cell.plan, faults[start : start + AT_ONCE])
        for start in range(0, len(faults), AT_ONCE)
    ]


def _answer(answers: Any) -> Any:
    answer = answers.get()
    if isinstance(answer, str):
        raise WorkerFailedError(answer)
    return answer


def _work(tasks: Any, answers: Any, programs: Path | None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped
    try:
        preload()
        with Ground(programs) as ground:
            while (task := tasks.get())[0] != "end":
                answers.put(_perform(ground.target(task[1]), task))
            answers.put(list(ground.versions()))
    except NoServerError as error:
        answers.put(f"no server: {error}")
    except BaseException:  # noqa: BLE001 - whatever it is, the first process tells it
        answers.put(traceback.format_exc())
    finally:
        end_all()


def _perform(target: Target, task: tuple[Any, ...]) -> Any:
    plan = next(plan for plan in target.plans if plan.name == task[2])
    if task[0] == "count":
        return (target.name, plan.name, count_points(target, plan))
    return [run_case(target, plan, fault) for fault in task[3]]

"""How much is swept: everything that fits into a quarter of an hour or so, and the sample that every test run takes."""

from __future__ import annotations

from torture.crew import Cell
from torture.faults import Kind
from torture.targets import TARGETS

# Of the kinds that are not SIGKILL, each so-manieth point: a server that is killed has to start again, and a paused
# runner is waited for; they cost most.
STEPS = {Kind.SERVER: 8, Kind.STOP: 4}
OTHERS = 2
SAMPLE = 19  # the same in a sample
# MariaDB's driver waits for each packet twice, and commits after each statement; a guard talks much: they have more
# points by far.
MANY = {"mariadb": 3, "pgbouncer": 2, "sqlite-wal": 2}
ENGINES = {"postgresql", "mariadb", "sqlite"}  # the other targets are modes of them


def full() -> list[Cell]:
    """Every kind on every plan of every target; SIGKILL at every point."""
    return [
        Cell(name, plan.name, kind, _step(name, kind))
        for name, target in TARGETS.items()
        for plan in target.plans
        for kind in target.kinds
    ]


def _step(target: str, kind: Kind) -> int:
    return 1 if kind is Kind.KILL else STEPS.get(kind, OTHERS) * MANY.get(target, 1)


def sample() -> list[Cell]:
    """SIGKILL at every point of the mixed plan on each engine, and every kind at some points of everything."""
    return [
        Cell(name, plan.name, kind, _sample_step(name, plan.name, kind))
        for name, target in TARGETS.items()
        for plan in target.plans
        for kind in target.kinds
        if plan.name == "mixed" or kind is not Kind.SERVER
    ]


def _sample_step(target: str, plan: str, kind: Kind) -> int:
    if kind is Kind.KILL and plan == "mixed":
        return 1 if target in ENGINES else 2 * MANY[target]
    return SAMPLE * STEPS.get(kind, 1) * MANY.get(target, 1)

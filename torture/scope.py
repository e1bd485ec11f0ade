"""How much is swept: everything that fits into a quarter of an hour or so, and the sample that every test run takes."""

from __future__ import annotations

from torture.crew import Cell
from torture.faults import Kind
from torture.targets import TARGETS

# A server that is killed has to start again, and a paused runner is waited for: these cost most.
STEPS = {Kind.SERVER: 4, Kind.STOP: 2}
SAMPLE = 13  # of the kinds that are not SIGKILL, a sample takes each so-manieth point
# MariaDB's driver waits for each packet twice, and commits after each statement: it has most points by far.
MANY = {"mariadb": 3, "sqlite-wal": 2}


def full() -> list[Cell]:
    """Every kind on every plan of every target; SIGKILL at every point, both at once and late."""
    return [
        Cell(name, plan.name, kind, _step(name, kind), both=kind is Kind.KILL and name not in MANY)
        for name, target in TARGETS.items()
        for plan in target.plans
        for kind in target.kinds
    ]


def _step(target: str, kind: Kind) -> int:
    if kind is Kind.KILL:
        return 1
    return STEPS.get(kind, 1) * MANY.get(target, 1)


def sample() -> list[Cell]:
    """SIGKILL at every point of the mixed plan, and every kind at some points of every plan."""
    return [
        Cell(name, plan.name, kind, _sample_step(name, plan.name, kind))
        for name, target in TARGETS.items()
        for plan in target.plans
        for kind in target.kinds
        if plan.name == "mixed" or kind is not Kind.SERVER
    ]


def _sample_step(target: str, plan: str, kind: Kind) -> int:
    if kind is Kind.KILL and plan == "mixed":
        return MANY.get(target, 1) if target != "mariadb" else 1
    return SAMPLE * STEPS.get(kind, 1) * MANY.get(target, 1)

"""Which migrations `rollback` reverts, in which sequence, and what stands in its way."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, IrreversibleError, TargetError
from stepwell.core.history import State, command, of_another_project
from stepwell.core.migration import Direction
from stepwell.core.plan.batch import may_pass, refuse_needed, undone_first
from stepwell.core.plan.resumed import in_doubt
from stepwell.core.plan.target import find, is_base
from stepwell.core.plan.values import Step
from stepwell.core.plan.words import another_project, changed, half_applied, names, refuse_unfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.graph import Graph
    from stepwell.core.history import Record
    from stepwell.core.migration import Migration, Version
    from stepwell.core.plan.values import Situation
    from stepwell.core.wish import Wish


def plan_down(situation: Situation, wish: Wish) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Give the steps, and what people should know of them beforehand."""
    for entry in situation.ordered:
        refuse_unfit(entry)
        if entry.state is State.IN_DOUBT:
            raise in_doubt(entry, situation.attempts.get(entry.version))
        if entry.state is State.FAILED and not entry.applied and not may_pass(entry, situation, wish):
            raise half_applied(entry)
    records = {
        version: record
        for version in _after_target(situation, wish)
        if (record := situation.entries[version].record) is not None
    }
    sequence = _reverse(situation.graph, records)
    if wish.batch is not None:
        refuse_needed(situation, records)
    elif wish.target is None:
        sequence = sequence[: 1 if wish.steps is None else wish.steps]
    migrations = _with_files(situation, sequence, records)
    _refuse_irreversible(migrations)
    warnings = _changed(situation, sequence, wish)
    first = undone_first(situation, wish)
    steps = tuple(Step(each, Direction.DOWN) for each in first) + tuple(
        Step(each, Direction.DOWN, records[each.version], situation.attempts.get(each.version))
        for each in migrations
    )
    return steps, warnings


def _after_target(situation: Situation, wish: Wish) -> Sequence[Version]:
    order = situation.graph.order
    if wish.batch is not None:
        return [version for version in order if version in wish.members]
    if wish.target is None or is_base(wish.target):
        return order
    target = find(situation, wish.target)
    if not situation.entries[target].applied:
        raise TargetError(
            f"the target {wish.target} is not applied",
            hint="a rollback ends at a migration that is applied, or at 'base'",
        )
    return order[order.index(target) + 1 :]


def _reverse(graph: Graph, records: Mapping[Version, Record]) -> tuple[Version, ...]:
    """The reverse of application, except that whatever depends on a migration is always reverted before it.

    The walk goes over the whole graph, from its heads: a migration may depend on another by way of one that is not to
    be reverted, say because its record was deleted by hand. Those are passed as soon as they can be.
    """

    def rank(version: Version) -> tuple[bool, int]:
        record = records.get(version)
        return (record is not None, -record.id if record is not None else 0)

    blockers = {version: len(graph.dependents[version]) for version in graph.order}
    ready = [(rank(version), version.key, version) for version in graph.heads]
    heapq.heapify(ready)
    sequence = []
    while ready:
        *_, version = heapq.heappop(ready)
        if version in records:
            sequence.append(version)
        for dependency in set(graph.nodes[version].dependencies):
            blockers[dependency] -= 1
            if blockers[dependency] == 0:
                heapq.heappush(ready, (rank(dependency), dependency.key, dependency))
    return tuple(sequence)


def _with_files(
    situation: Situation, versions: Sequence[Version], records: Mapping[Version, Record]
) -> tuple[Migration, ...]:
    entries = [situation.entries[version] for version in versions]
    missing = [entry for entry in entries if entry.migration is None]
    if missing and of_another_project(situation.ordered):
        raise another_project(situation.ordered)
    if missing:
        raise ContradictionError(
            f"can't be reverted, since the file is missing: {names(missing)}",
            hint="restore the file; a record without anything behind it is removed by "
            + command("unmark", records[missing[0].version].version),
        )
    return tuple(entry.migration for entry in entries if entry.migration is not None)


def _refuse_irreversible(migrations: Sequence[Migration]) -> None:
    stuck = [each for each in migrations if not each.reversible]
    if not stuck:
        return
    first = stuck[0]
    why = "is declared irreversible" if first.traits.irreversible else "has no down()"
    others = f", and {len(stuck) - 1} more" if len(stuck) > 1 else ""
    raise IrreversibleError(
        f"irreversible: {first.version} {first.name} {why}{others}",
        place=first.place,
        hint=f"nothing was reverted; choose a target at or after {first.version}",
    )


def _changed(situation: Situation, versions: Sequence[Version], wish: Wish) -> tuple[str, ...]:
    entries = [situation.entries[version] for version in versions]
    different = [entry for entry in entries if entry.state is State.CHANGED]
    if not different:
        return ()
    if wish.strict and not wish.allow_changed:
        raise changed(different)
    return (f"changed after being applied: {names(different)}; down() is run as the file has it now",)

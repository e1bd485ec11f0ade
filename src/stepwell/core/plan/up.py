"""Which migrations `migrate` applies, in which order, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError, TargetError
from stepwell.core.history import State, command, of_another_project
from stepwell.core.migration import BASE, Direction
from stepwell.core.plan.resumed import in_doubt
from stepwell.core.plan.target import find, is_base
from stepwell.core.plan.values import Step
from stepwell.core.plan.words import another_project, changed, half_reverted, names, refuse_unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.history import Entry
    from stepwell.core.migration import Version
    from stepwell.core.plan.values import Situation
    from stepwell.core.wish import Wish


def plan_up(situation: Situation, wish: Wish) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Give the steps, and what people should know of them beforehand."""
    warnings = [*_contradictions(situation, wish)]
    wanted = _wanted(situation, wish)
    pending = [entry for entry in situation.ordered if not entry.applied and entry.version in wanted]
    warnings += _out_of_order(situation, pending, wish)
    steps = tuple(
        Step(entry.migration, Direction.UP, attempt=situation.attempts.get(entry.version))
        for entry in pending
        if entry.migration is not None  # what is not applied is there because of its file
    )
    return steps, tuple(warnings)


def _wanted(situation: Situation, wish: Wish) -> frozenset[Version]:
    order = situation.graph.order
    if wish.target is None:
        return frozenset(order)
    if is_base(wish.target):
        raise TargetError(
            f"{BASE!r} is no target of migrate: it stands before every migration",
            hint=f"to revert everything: stepwell rollback --target {BASE}",
        )
    target = find(situation, wish.target)
    if wish.only_needed:
        return situation.graph.ancestors(target) | {target}
    return frozenset(order[: order.index(target) + 1])


def _out_of_order(situation: Situation, pending: Sequence[Entry], wish: Wish) -> Iterable[str]:
    """A pending one below an applied one: its dependencies are met in plan order, so that it may be applied."""
    position = situation.graph.position()
    last = max((position[entry.version] for entry in situation.ordered if entry.applied), default=-1)
    late = [entry for entry in pending if position[entry.version] < last]
    if not late:
        return
    stand = "stands" if len(late) == 1 else "stand"
    message = f"out of order: {names(late)} {stand} before a migration that is applied already"
    if wish.strict:
        raise ContradictionError(
            message, hint="without --strict it is applied now, since its dependencies are met"
        )
    yield message


def _contradictions(situation: Situation, wish: Wish) -> Iterable[str]:
    """Refuse what contradicts itself; tell what is allowed all the same. Of another project, nothing is judged."""
    entries = situation.ordered
    if not wish.allow_missing and of_another_project(entries):
        raise another_project(entries, otherwise="; if it is the right one all the same: --allow-missing")
    for entry in entries:
        refuse_unfit(entry)
        if entry.state is State.IN_DOUBT:
            raise in_doubt(entry, situation.attempts.get(entry.version))
        if entry.state is State.FAILED and entry.applied:
            raise half_reverted(entry)
    different = [entry for entry in entries if entry.state is State.CHANGED]
    if different and not wish.allow_changed:
        raise changed(different)
    if different:
        yield f"changed after being applied: {names(different)} (allowed by --allow-changed)"
    yield from _missing(entries, wish)


def _missing(entries: Sequence[Entry], wish: Wish) -> Iterable[str]:
    """Missing ones newer than every file belong to a newer deployment; older ones are gone."""
    missing = [entry for entry in entries if entry.state is State.MISSING]
    newest = max((entry.version for entry in entries if entry.migration is not None), default=None)
    older = [entry for entry in missing if newest is not None and entry.version < newest]
    newer = [entry for entry in missing if newest is None or entry.version > newest]
    if older and not wish.allow_missing:
        raise ContradictionError(
            f"applied, but the file is missing: {names(older)}",
            hint=f"restore the file, or forget the record with {_to_forget(older)}, "
            "or go on without it: --allow-missing",
        )
    if older:
        yield f"applied, but the file is missing: {names(older)} (allowed by --allow-missing)"
    if newer:
        yield f"the database is newer than these files: {names(newer)} applied, no file here"


def _to_forget(missing: Sequence[Entry]) -> str:
    """How to remove the first of their records: what is missing has one."""
    return next(
        (command("unmark", entry.record.version) for entry in missing if entry.record is not None), ""
    )

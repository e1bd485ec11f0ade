"""One batch taken back: what it applied of what stands, by the log, and what is in the way of that.

On an engine that can't undo a batch this is the way back that is offered after a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import DependedOnError, TargetError
from stepwell.core.evidence import Verdict
from stepwell.core.history import command
from stepwell.core.plan.words import half_applied, names
from stepwell.core.tables import JOURNAL_EVENTS
from stepwell.core.wish import LAST_BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.answers import LogEntry
    from stepwell.core.history import Attempt, Entry, History, Record
    from stepwell.core.migration import Migration, Version
    from stepwell.core.plan.values import Situation
    from stepwell.core.wish import Wish

_TAKEN_BACK = frozenset({"reverted", "unmarked"})


class Named(NamedTuple):
    """A batch by its id, and what stands of it: applied by it, or begun by it and not finished."""

    id: str
    members: frozenset[Version]


def batch_named(asked: str, log: Iterable[LogEntry], history: History) -> Named:
    """What stands of a batch. Takes its id, or `last` for the last one of which anything stands, and the whole log.

    Raises `TargetError` for an id that the log does not have.
    """
    owners, known = _owners(log, history)
    if asked != LAST_BATCH and asked not in known:
        raise TargetError(
            f"the log has no batch {asked}", hint="see 'stepwell log' for the batches there were"
        )
    last = max(owners.values(), default=(0, asked))[1]
    batch = last if asked == LAST_BATCH else asked
    return Named(batch, frozenset(version for version, (_, owner) in owners.items() if owner == batch))


def _owners(
    log: Iterable[LogEntry], history: History
) -> tuple[Mapping[Version, tuple[int, str]], frozenset[str]]:
    """The batch that applied or began each version that stands, with the row of the log; and every batch there was."""
    begun = {attempt.version for attempt in history.attempts if is_begun(attempt)}
    recorded = {record.version for record in history.records}
    applied: dict[Version, tuple[int, str]] = {}
    tried: dict[Version, tuple[int, str]] = {}
    batches = set()
    for entry in log:
        batches.add(entry.batch)
        if entry.version is None:
            continue
        if entry.event == "applied":
            applied[entry.version] = (entry.id, entry.batch)
        elif entry.event in _TAKEN_BACK:
            applied.pop(entry.version, None)
        elif entry.event in JOURNAL_EVENTS and entry.direction == "up":
            tried[entry.version] = (entry.id, entry.batch)
    owners = {version: owner for version, owner in applied.items() if version in recorded}
    owners |= {
        version: owner for version, owner in tried.items() if version in begun and version not in recorded
    }
    return owners, frozenset(batches)


def is_begun(attempt: Attempt) -> bool:
    """Whether something of it is done, or may be; without entries, a way back has begun and did not finish."""
    judgement = attempt.judgement
    repeatable = judgement is not None and judgement.verdict is Verdict.REPEATABLE
    return not attempt.entries or bool(attempt.done) or (attempt.cut_off is not None and repeatable)


def may_pass(entry: Entry, situation: Situation, wish: Wish) -> bool:
    """Whether a step that began and did not finish is in nobody's way: nothing of it is done, or its way back is run.

    Raises `ContradictionError` with what to do where it is in the way of a batch.
    """
    if wish.batch is None:
        return False
    if not is_begun(situation.attempts[entry.version]) or _is_undone_first(entry, wish):
        return True
    error = half_applied(entry)
    error.hint = (
        f"{error.hint}; declared 'idempotent' and with a way back, it would be reverted first, "
        "if this batch began it"
    )
    raise error


def undone_first(situation: Situation, wish: Wish) -> tuple[Migration, ...]:
    """What the batch began and did not finish, the last one first: `down()` of what may be run on any part of it."""
    found = [
        entry.migration
        for entry in reversed(situation.ordered)
        if entry.migration is not None
        and not entry.applied
        and entry.version in situation.attempts
        and is_begun(situation.attempts[entry.version])
        and _is_undone_first(entry, wish)
    ]
    return tuple(found)


def _is_undone_first(entry: Entry, wish: Wish) -> bool:
    migration = entry.migration
    idempotent = migration is not None and migration.traits.idempotent and migration.reversible
    return idempotent and entry.version in wish.members


def refuse_needed(situation: Situation, records: Mapping[Version, Record]) -> None:
    """Raise `DependedOnError` where something that stays depends on what would go."""
    for entry in situation.ordered:
        if not entry.applied or entry.version in records:
            continue
        needed = situation.graph.ancestors(entry.version) & records.keys()
        if needed:
            first = min(needed)
            raise DependedOnError(
                f"{names([entry])} depends on {names([situation.entries[first]])}, "
                "and was not applied by this batch",
                place=entry.migration.place if entry.migration is not None else None,
                hint="nothing was reverted; revert that first, or give a target: "
                f"{command('rollback --target', first)} reverts all that stands after {first}",
            )

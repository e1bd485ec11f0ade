"""What would be done: target and policy, states and order, become a plan of segments and steps, as a value.

Decides; does nothing. Whether the plan still holds when the lock has been taken is the run machine's business.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from stepwell.core.errors import (
    ContradictionError,
    IrreversibleError,
    MigrationError,
    MigrationFileError,
    TargetError,
)
from stepwell.core.facts import StepFacts
from stepwell.core.graph import Graph
from stepwell.core.history import Attempt, Entry, HistoryMark, Record, State
from stepwell.core.migration import BASE, Direction, Language, Migration, Version
from stepwell.core.settings import Atomic

MANY = 5  # how many versions a sentence names before it says how many more there are


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for. `target` is as they typed it; `steps` is for a rollback only."""

    direction: Direction
    target: str | None = None
    steps: int | None = None
    only_needed: bool = False
    atomic: Atomic = Atomic.BATCH
    strict: bool = False
    allow_changed: bool = False
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One migration in one direction. `record` is what a rollback removes; `attempt` is what a former run began."""

    migration: Migration
    direction: Direction
    record: Record | None = None
    attempt: Attempt | None = None

    @property
    def version(self) -> Version:
        """The version of the migration."""
        return self.migration.version


@dataclass(frozen=True, slots=True)
class Segment:
    """The steps that commit as one transaction, or one step that has none; `ends_because` is None for the last one."""

    number: int
    steps: tuple[Step, ...]
    transactional: bool
    ends_because: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it, with the mark of the history that it was made for, and what people should know beforehand."""

    direction: Direction
    segments: tuple[Segment, ...]
    mark: HistoryMark = HistoryMark()
    warnings: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order."""
        return tuple(step for segment in self.segments for step in segment.steps)


Facts = Callable[[Migration, Direction], StepFacts]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made from: the entries (files and records together), their order, unfinished attempts, the mark."""

    entries: Mapping[Version, Entry]
    graph: Graph
    attempts: Mapping[Version, Attempt]
    mark: HistoryMark

    @property
    def ordered(self) -> tuple[Entry, ...]:
        """The entries in plan order."""
        return tuple(self.entries[version] for version in self.graph.order)


def plan(situation: Situation, wish: Wish, facts: Facts, *, transactional_ddl: bool = True) -> Plan:
    """Make the plan for a wish.

    Takes the situation, the wish, a function that gives what is known of a step's statements, and whether the engine
    can undo schema changes. Raises `TargetError` for a target that can't be, `ContradictionError` where history and
    files contradict each other, `IrreversibleError` and `MigrationFileError` where the migrations don't allow it.
    """
    up = wish.direction is Direction.UP
    steps, warnings = _up(situation, wish) if up else _down(situation, wish)
    _refuse_wrong_blocks(steps, facts, transactional_ddl=transactional_ddl)
    segments = _segments(steps, wish.atomic, facts, transactional_ddl=transactional_ddl)
    return Plan(
        wish.direction, segments, situation.mark, (*warnings, *_segment_warnings(segments, wish.atomic))
    )


# --- up ---------------------------------------------------------------------------------------------------------------


def _up(situation: Situation, wish: Wish) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    warnings = [*_contradictions(situation, wish)]
    wanted = _wanted(situation, wish)
    pending = [entry for entry in situation.ordered if not entry.applied and entry.version in wanted]
    if out_of_order := _out_of_order(situation, pending):
        message = f"out of order: {_names(out_of_order)} {_stands(out_of_order)} before a migration that is applied already"
        if wish.strict:
            raise ContradictionError(
                message, hint="without --strict it is applied now, since its dependencies are met"
            )
        warnings.append(message)
    steps = tuple(
        Step(_file(entry), Direction.UP, attempt=situation.attempts.get(entry.version)) for entry in pending
    )
    return steps, tuple(warnings)


def _wanted(situation: Situation, wish: Wish) -> frozenset[Version]:
    if wish.target is None:
        return frozenset(situation.graph.order)
    if wish.target == BASE:
        raise TargetError(
            f"{BASE!r} is no target of migrate: it stands before every migration",
            hint=f"to revert everything: stepwell rollback --target {BASE}",
        )
    target = _find(situation, wish.target)
    if wish.only_needed:
        return situation.graph.ancestors(target) | {target}
    order = situation.graph.order
    return frozenset(order[: order.index(target) + 1])


def _find(situation: Situation, text: str) -> Version:
    wanted = Version.parse(text)
    for version in situation.graph.order:
        if version == wanted:
            return version
    raise TargetError(
        f"the target {text} does not exist", hint="see 'stepwell status' for the versions there are"
    )


def _contradictions(situation: Situation, wish: Wish) -> Iterable[str]:
    entries = situation.ordered
    if doubtful := [entry for entry in entries if entry.state is State.IN_DOUBT]:
        raise _in_doubt(doubtful[0])
    if half := [entry for entry in entries if entry.state is State.FAILED and entry.applied]:
        raise _half_reverted(half[0])
    changed = [entry for entry in entries if entry.state is State.CHANGED]
    if changed and not wish.allow_changed:
        raise _changed(changed)
    if changed:
        yield f"changed after being applied: {_names(changed)} (allowed by --allow-changed)"
    yield from _missing(entries, wish)


def _missing(entries: Sequence[Entry], wish: Wish) -> Iterable[str]:
    missing = [entry for entry in entries if entry.state is State.MISSING]
    newest = max((entry.version for entry in entries if entry.migration is not None), default=None)
    older = [entry for entry in missing if newest is not None and entry.version < newest]
    if older and not wish.allow_missing:
        raise ContradictionError(
            f"applied, but the file is missing: {_names(older)}",
            hint=f"restore the file, or forget the record with 'stepwell unmark {older[0].version}', "
            "or go on without it: --allow-missing",
        )
    if older:
        yield f"applied, but the file is missing: {_names(older)} (allowed by --allow-missing)"
    if newer := [entry for entry in missing if entry not in older]:
        yield f"the database is newer than these files: {_names(newer)} applied, no file here"


def _out_of_order(situation: Situation, pending: Sequence[Entry]) -> list[Entry]:
    position = situation.graph.position()
    last = max((position[entry.version] for entry in situation.ordered if entry.applied), default=-1)
    return [entry for entry in pending if position[entry.version] < last]


def _changed(entries: Sequence[Entry]) -> ContradictionError:
    migration = entries[0].migration
    return ContradictionError(
        f"changed after being applied: {_names(entries)}",
        place=migration.place if migration else None,
        hint="restore the file and put the change into a new migration; "
        f"if the database has the change already, 'stepwell mark {entries[0].version}' accepts the file as it is; "
        "to go on regardless: --allow-changed",
    )


def _in_doubt(entry: Entry) -> ContradictionError:
    return ContradictionError(
        f"in doubt: nobody can tell whether the last statement of {entry.version} {entry.name} ran",
        place=entry.migration.place if entry.migration else None,
        hint=f"see 'stepwell log', look at the database, then say 'stepwell mark {entry.version}' (all of it is there) "
        f"or 'stepwell unmark {entry.version}' (none of it is there: run it again, whole)",
    )


def _half_reverted(entry: Entry) -> ContradictionError:
    return ContradictionError(
        f"half reverted: the rollback of {entry.version} {entry.name} began and did not finish",
        place=entry.migration.place if entry.migration else None,
        hint="run 'stepwell rollback' again: it resumes at the first statement that was not done",
    )


# --- down -------------------------------------------------------------------------------------------------------------


def _down(situation: Situation, wish: Wish) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    entries = situation.ordered
    for entry in entries:
        if entry.state is State.IN_DOUBT:
            raise _in_doubt(entry)
        if entry.state is State.FAILED and not entry.applied:
            raise _half_applied(entry)
    after = _after_target(situation, wish)
    sequence = _reverse(situation.graph, [entry for entry in after if entry.record is not None])
    chosen = sequence if wish.target is not None else sequence[: 1 if wish.steps is None else wish.steps]
    warnings = _refuse_rollback(chosen, wish)
    steps = tuple(
        Step(_file(entry), Direction.DOWN, entry.record, situation.attempts.get(entry.version))
        for entry in chosen
    )
    return steps, warnings


def _after_target(situation: Situation, wish: Wish) -> tuple[Entry, ...]:
    ordered = situation.ordered
    if wish.target is None or wish.target == BASE:
        return ordered
    target = _find(situation, wish.target)
    if not situation.entries[target].applied:
        raise TargetError(
            f"the target {wish.target} is not applied",
            hint="a rollback ends at a migration that is applied, or at 'base'",
        )
    return ordered[situation.graph.order.index(target) + 1 :]


def _reverse(graph: Graph, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The reverse of application, except that whatever depends on a migration is always reverted before it."""
    chosen = {entry.version: entry for entry in entries}
    blockers = {
        version: sum(dependent in chosen for dependent in graph.dependents[version]) for version in chosen
    }
    ready = [(-_id(chosen[version]), version.key, version) for version, n in blockers.items() if n == 0]
    heapq.heapify(ready)
    sequence = []
    while ready:
        *_, version = heapq.heappop(ready)
        sequence.append(chosen[version])
        for dependency in set(graph.nodes[version].dependencies) & chosen.keys():
            blockers[dependency] -= 1
            if blockers[dependency] == 0:
                heapq.heappush(ready, (-_id(chosen[dependency]), dependency.key, dependency))
    return tuple(sequence)


def _id(entry: Entry) -> int:
    return entry.record.id if entry.record is not None else 0


def _refuse_rollback(entries: Sequence[Entry], wish: Wish) -> tuple[str, ...]:
    if missing := [entry for entry in entries if entry.migration is None]:
        raise ContradictionError(
            f"can't be reverted, since the file is missing: {_names(missing)}",
            hint="restore the file; a record without anything behind it is removed by "
            f"'stepwell unmark {missing[0].version}'",
        )
    if stuck := [entry for entry in entries if entry.migration and not entry.migration.reversible]:
        raise IrreversibleError(
            f"irreversible: {_names(stuck)} {_have(stuck)} no down()",
            place=stuck[0].migration.place if stuck[0].migration else None,
            hint=f"nothing was reverted; choose a target at or after {stuck[0].version}",
        )
    changed = [entry for entry in entries if entry.state is State.CHANGED]
    if changed and wish.strict:
        raise _changed(changed)
    if changed:
        return (f"changed after being applied: {_names(changed)}; down() is run as the file has it now",)
    return ()


def _half_applied(entry: Entry) -> ContradictionError:
    return ContradictionError(
        f"half applied: {entry.version} {entry.name} began and did not finish",
        place=entry.migration.place if entry.migration else None,
        hint="run 'stepwell migrate' first: it resumes at the first statement that was not done; "
        f"if nothing of it is there, 'stepwell unmark {entry.version}' makes it pending, whole",
    )


# --- segments ---------------------------------------------------------------------------------------------------------


def _refuse_wrong_blocks(steps: Sequence[Step], facts: Facts, *, transactional_ddl: bool) -> None:
    problems = [
        _wrong_block(step, reason, line)
        for step in steps
        if transactional_ddl and step.migration.transactional(step.direction)
        for reason, line in facts(step.migration, step.direction).refuses_transaction
    ]
    if problems:
        first = problems[0]
        raise (
            first
            if len(problems) == 1
            else MigrationError(first.message, place=first.place, hint=first.hint, problems=tuple(problems))
        )


def _wrong_block(step: Step, reason: str, line: int) -> MigrationFileError:
    source = step.migration.source
    add = (
        f"write '-- migrate:{step.direction} transaction:false'"
        if source.language is Language.SQL
        else "add 'transactional = False' to the class"
    )
    return MigrationFileError(
        f"{reason}, but {step.version} {step.migration.name} runs in one",
        place=replace(step.migration.place, line=line),
        hint=f"{add}; a step without transaction is best alone in its file",
    )


def _segments(
    steps: Sequence[Step], atomic: Atomic, facts: Facts, *, transactional_ddl: bool
) -> tuple[Segment, ...]:
    groups: list[tuple[list[Step], bool, str | None]] = []
    is_open = False
    for step in steps:
        transactional = transactional_ddl and step.migration.transactional(step.direction)
        if not is_open or not transactional:
            groups.append(([], transactional, None))
        members, _, _ = groups[-1]
        members.append(step)
        why = _why_it_ends(step, atomic, facts(step.migration, step.direction), transactional=transactional)
        groups[-1] = (members, transactional, why)
        is_open = why is None
    numbers = count(1)
    return tuple(
        Segment(next(numbers), tuple(members), transactional, _last_word(groups, index))
        for index, (members, transactional, _) in enumerate(groups)
    )


def _last_word(groups: Sequence[tuple[list[Step], bool, str | None]], index: int) -> str | None:
    """Why a group ends: its own reason, or that the next one has no transaction; the last one just ends."""
    if index + 1 == len(groups):
        return None
    if own := groups[index][2]:
        return own
    following = groups[index + 1][0][0]
    return f"{following.version} runs without a transaction"


def _why_it_ends(step: Step, atomic: Atomic, facts: StepFacts, *, transactional: bool) -> str | None:
    if not transactional:
        return f"{step.version} runs without a transaction"
    if step.migration.traits.ends_segment:
        return f"{step.version} declares ends_segment"
    if facts.adds_enum_value:
        return f"{step.version} adds an enum value, which can be used only after a commit"
    if atomic is Atomic.MIGRATION:
        return "--atomic migration"
    return None


def _segment_warnings(segments: Sequence[Segment], atomic: Atomic) -> tuple[str, ...]:
    if len(segments) < 2 or atomic is Atomic.MIGRATION:  # noqa: PLR2004 - with one there is nothing to tell
        return ()
    ends = [
        f"after {segment.steps[-1].version} ({segment.ends_because})"
        for segment in segments
        if segment.ends_because
    ]
    return (f"not one transaction but {len(segments)} segments: it commits {'; '.join(ends)}",)


# --- words ------------------------------------------------------------------------------------------------------------


def _file(entry: Entry) -> Migration:
    if entry.migration is None:
        raise ContradictionError(f"the file of {entry.version} {entry.name} is missing")
    return entry.migration


def _names(entries: Sequence[Entry]) -> str:
    named = ", ".join(f"{entry.version} {entry.name}" for entry in entries[:MANY])
    more = len(entries) - MANY
    return f"{named} and {more} more" if more > 0 else named


def _stands(entries: Sequence[Entry]) -> str:
    return "stands" if len(entries) == 1 else "stand"


def _have(entries: Sequence[Entry]) -> str:
    return "has" if len(entries) == 1 else "have"

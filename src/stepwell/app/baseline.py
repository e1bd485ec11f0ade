"""`baseline`: record migrations as applied without running them, for a database that they, or somebody, built before.

Up to a version that is given; or else as far as the database has everything that they give on a scratch database.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from stepwell.app.correcting import Correction, Decided
from stepwell.app.gather import in_order
from stepwell.app.replay import scratch_of, states
from stepwell.app.snapshot import taken
from stepwell.core.actions import LogEvent, LogLine
from stepwell.core.answers import BaselineReport
from stepwell.core.errors import ContradictionError, TargetError, UsageError
from stepwell.core.history import State
from stepwell.core.migration import Direction, Version
from stepwell.core.schema.adoption import reach, traces
from stepwell.core.schema.words import shown
from stepwell.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History
    from stepwell.core.migration import Migration
    from stepwell.core.plan import Situation
    from stepwell.core.schema.adoption import Trace
    from stepwell.core.schema.snapshot import Key, Snapshot
    from stepwell.ports import Connection

BY_HAND = "stepwell baseline --to V"
MANY = 5  # objects that a sentence names


async def baseline(context: Context, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
    """Record every migration up to `to` in plan order, or those of which everything is there.

    Raises `TargetError` for a version that no file has, `ContradictionError` where nothing is there, or something is
    and something before it is not, or nobody can tell.
    """
    made = _Baseline(context, dry_run=dry_run)
    if to is None:
        found, evidence, missing = await _found(context, made)
        return await made.record(found, evidence, missing)
    return await made.record(Version.parse(to), (), ())


class _Baseline(Correction):
    async def record(
        self, to: Version, evidence: tuple[str, ...], missing: tuple[str, ...]
    ) -> BaselineReport:
        def decide(connection: Connection, situation: Situation, _: History) -> Decided[BaselineReport]:
            entries = _up_to(situation, to)
            recorded = tuple((entry.version, entry.name) for entry in entries)
            report = BaselineReport(self.dry_run, recorded, evidence, missing)
            return Decided(report, (lambda: self._write(connection, entries)) if entries else None)

        return await self.corrected(decide)

    async def _write(self, connection: Connection, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.migration is not None:
                kept = Kept(entry.migration, self.shelf.checksum(entry.migration))
                line = LogLine(LogEvent.MARKED, entry.version, Direction.UP)
                await connection.record(kept, line, self.batch)


def _up_to(situation: Situation, to: Version) -> list[Entry]:
    """Those that are to be recorded: up to a version in plan order, without those that are."""
    order = situation.graph.order
    if to not in situation.entries or situation.entries[to].migration is None:
        raise TargetError(f"no migration file has the version {to}", hint="see 'stepwell status'")
    entries = [situation.entries[version] for version in order[: order.index(to) + 1]]
    if unfit := [each for each in entries if each.state not in {State.PENDING, State.APPLIED}]:
        raise ContradictionError(
            f"{unfit[0].title} is {unfit[0].state.value.replace('_', ' ')}: that has to be settled first",
            hint="see 'stepwell status'",
        )
    return [entry for entry in entries if not entry.applied]


async def _found(context: Context, made: _Baseline) -> tuple[Version, tuple[str, ...], tuple[str, ...]]:
    """The last migration up to which everything is there, what speaks for it, and what lacks for the next one."""
    if not context.dialect.abilities.snapshots:
        raise ContradictionError(
            f"what is there can't be found out on {context.dialect.name} yet",
            hint=f"say up to which version it was built: {BY_HAND}",
        )
    live = _keys(await taken(context))
    order = in_order(made.shelf.parse_all())
    found = traces(await _replayed(context, order), live)
    count, torn = reach(found)
    if torn is not None:
        raise ContradictionError(
            f"what the migrations give is there in part: {_lacking(order[torn], found[torn])}",
            place=order[torn].place,
            hint="nothing was recorded; give the database what it lacks, or record all up to V, whatever is there:"
            f" {BY_HAND}",
        )
    if not count:
        raise ContradictionError(
            "nothing that these migrations give is there: there is nothing to record",
            hint=f"stepwell migrate applies them; {BY_HAND} records them all the same",
        )
    steps = list(zip(order, found, strict=True))
    evidence = tuple(_speaking(*step) for step in steps[:count] if step[1].there or step[1].gone)
    return order[count - 1].version, evidence, tuple(_lacking(*step) for step in steps if step[1].lacks)[:1]


async def _replayed(context: Context, order: Sequence[Migration]) -> list[frozenset[Key]]:
    """What a scratch database has, before the first of these migrations and after each."""
    async with AsyncExitStack() as stack:
        try:
            place = await stack.enter_async_context(scratch_of(context))
        except UsageError as error:
            raise ContradictionError(
                f"what is there can't be found out: {error.message}",
                hint=f"{error.hint or 'see --scratch-url'}; or say up to which version it was built: {BY_HAND}",
            ) from error
        return [_keys(state) async for state in states(place, order)]


def _speaking(migration: Migration, trace: Trace) -> str:
    return _told(migration, ("there", trace.there), ("gone", trace.gone))


def _lacking(migration: Migration, trace: Trace) -> str:
    return _told(migration, ("not there", trace.not_there), ("still there", trace.not_gone))


def _told(migration: Migration, *parts: tuple[str, Sequence[Key]]) -> str:
    told = [f"{_named([shown(key) for key in keys])} {what}" for what, keys in parts if keys]
    return f"{migration.version} {migration.name}: {', '.join(told)}"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return f"{', '.join(names[:MANY])}{more} {'is' if len(names) == 1 else 'are'}"


def _keys(state: Snapshot) -> frozenset[Key]:
    return frozenset(fact.key for fact in state.facts)

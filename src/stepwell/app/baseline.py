"""`baseline`: record migrations as applied without running them, for a database that they, or somebody, built before.

Up to a version that is given; or else as far as the database has everything that they give on a scratch database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.correcting import Correction, Decided
from stepwell.app.runs import run_wish
from stepwell.app.verify import scratch_of
from stepwell.core.actions import LogEvent, LogLine
from stepwell.core.answers import BaselineReport
from stepwell.core.errors import ContradictionError, TargetError, UsageError
from stepwell.core.history import State
from stepwell.core.migration import Direction, Version
from stepwell.core.schema.diff import Added, diff
from stepwell.core.schema.words import shown
from stepwell.core.wish import Wish
from stepwell.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History
    from stepwell.core.migration import Migration
    from stepwell.core.plan import Situation
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.ports import Connection

MANY = 5  # objects that a sentence names


async def baseline(context: Context, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
    """Record every migration up to `to` in plan order, or those of which everything is there.

    Raises `TargetError` for a version that no file has, `ContradictionError` where nothing of the first one is there,
    and `UsageError` where that can't be found out.
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
        raise UsageError(
            f"what is there can't be found out on {context.dialect.name} yet",
            hint="say up to which version it was built: stepwell baseline --to V",
        )
    live = await _snapshot(context)
    order = _order(made)
    last: Version | None = None
    evidence: list[str] = []
    missing: tuple[str, ...] = ()
    async with scratch_of(context) as place:
        before = await _snapshot(place)
        for migration in order:
            await run_wish(place, Wish(Direction.UP, target=migration.version.text))
            after = await _snapshot(place)
            gives, lacking = _effects(before, after, live)
            if lacking:
                missing = (f"{migration.version} {migration.name}: {_named(lacking)} not there",)
                break
            if gives:
                last = migration.version
                evidence.append(f"{migration.version} {migration.name}: {_named(gives)} there")
            before = after
    if last is None:
        raise ContradictionError(
            "nothing that these migrations give is there: there is nothing to record",
            hint="stepwell migrate applies them; stepwell baseline --to V records them all the same",
        )
    return last, tuple(evidence), missing


def _order(made: _Baseline) -> list[Migration]:
    from stepwell.app.gather import graph_of

    migrations = {each.version: each for each in made.shelf.parse_all()}
    return [migrations[each] for each in graph_of(tuple(migrations.values())).order if each in migrations]


def _effects(before: Snapshot, after: Snapshot, live: Snapshot) -> tuple[list[str], list[str]]:
    """What a migration makes, and what of it the live database has not."""
    there = {fact.key for fact in live.facts}
    made = [change.fact.key for change in diff(before, after).changes if isinstance(change, Added)]
    return [shown(key) for key in made], [shown(key) for key in made if key not in there]


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return f"{', '.join(names[:MANY])}{more} {'is' if len(names) == 1 else 'are'}"


async def _snapshot(context: Context) -> Snapshot:
    connection = await context.connect(True)
    try:
        return await connection.snapshot()
    finally:
        await connection.close()

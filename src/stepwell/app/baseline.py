"""`baseline`: record migrations as applied without running them, for a database that they, or somebody, built before.

Up to a version that is given; or else as far as the database has everything that they give on a scratch database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.adopt import BY_HAND, surveyed
from stepwell.app.correcting import Correction, Decided, mark_applied
from stepwell.app.gather import in_order
from stepwell.core.adoption import Adoption
from stepwell.core.answers import BaselineReport
from stepwell.core.errors import ContradictionError, TargetError
from stepwell.core.history import State
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History
    from stepwell.core.plan import Situation
    from stepwell.ports import Connection

    Choose = Callable[[Situation], Sequence[Version]]


async def baseline(context: Context, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
    """Record every migration up to `to` in plan order, or those of which everything is there.

    Raises `TargetError` for a version that no file has, `ContradictionError` where nothing is there, or something is
    and something before it is not, or nobody can tell; and what `is_applied()` raises.
    """
    made = _Baseline(context, dry_run=dry_run)
    if to is not None:
        target = Version.parse(to)
        return await made.record(lambda situation: _up_to(situation, target), Adoption(()))
    found = await _found(context, made)
    return await made.record(lambda _: [each.version for each in found.adopted], found)


async def _found(context: Context, made: _Baseline) -> Adoption:
    """What is there. Raises `ContradictionError` where nothing is."""
    order = in_order(made.shelf.parse_all())
    connection = await context.connect(True)
    try:
        found = await surveyed(context, connection, order)
    finally:
        await connection.close()
    if not found.adopted:
        raise ContradictionError(
            "nothing that these migrations give is there: there is nothing to record",
            hint=f"stepwell migrate applies them; {BY_HAND} records them all the same",
        )
    return found


class _Baseline(Correction):
    async def record(self, choose: Choose, found: Adoption) -> BaselineReport:
        """Record those that are chosen and have no record yet, and tell what was found to be there."""

        def decide(connection: Connection, situation: Situation, _: History) -> Decided[BaselineReport]:
            entries = _to_record([situation.entries[version] for version in choose(situation)])
            report = BaselineReport(
                self.dry_run,
                tuple((entry.version, entry.name) for entry in entries),
                evidence=tuple(map(str, found.adopted)),
                missing=() if found.missing is None else (found.missing,),
                warnings=tuple(
                    note.text for note in found.notes if not situation.entries[note.version].applied
                ),
            )
            migrations = [entry.migration for entry in entries if entry.migration is not None]
            return Decided(
                report,
                (lambda: mark_applied(connection, self.shelf, migrations, self.batch)) if entries else None,
            )

        return await self.corrected(decide)


def _up_to(situation: Situation, to: Version) -> Sequence[Version]:
    """All up to a version in plan order."""
    order = situation.graph.order
    if to not in situation.entries or situation.entries[to].migration is None:
        raise TargetError(f"no migration file has the version {to}", hint="see 'stepwell status'")
    return order[: order.index(to) + 1]


def _to_record(entries: Sequence[Entry]) -> list[Entry]:
    """Those that have no record. Raises `ContradictionError` for what has to be settled before."""
    if unfit := [each for each in entries if each.state not in {State.PENDING, State.APPLIED}]:
        raise ContradictionError(
            f"{unfit[0].title} is {unfit[0].state.value.replace('_', ' ')}: that has to be settled first",
            hint="see 'stepwell status'",
        )
    return [entry for entry in entries if not entry.applied]

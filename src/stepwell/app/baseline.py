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
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.history import Entry, History
    from stepwell.core.plan import Situation
    from stepwell.ports import Connection


async def baseline(context: Context, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
    """Record every migration up to `to` in plan order, or those of which everything is there.

    Raises `TargetError` for a version that no file has, `ContradictionError` where nothing is there, or something is
    and something before it is not, or nobody can tell; and what `is_applied()` raises.
    """
    made = _Baseline(context, dry_run=dry_run)
    return await made.found() if to is None else await made.up_to(Version.parse(to))


class _Baseline(Correction):
    def __init__(self, context: Context, *, dry_run: bool) -> None:
        super().__init__(context, dry_run=dry_run)
        self._found: Adoption | None = None

    async def up_to(self, to: Version) -> BaselineReport:
        """Record all up to a version."""

        def decide(connection: Connection, situation: Situation, _: History) -> Decided[BaselineReport]:
            return self._record(connection, situation, _up_to(situation, to), Adoption(()))

        return await self.corrected(decide)

    async def found(self) -> BaselineReport:
        """Record what is found to be there."""
        if self.context.absent:  # to look into it would make it
            raise _nothing_there()

        def decide(connection: Connection, situation: Situation, _: History) -> Decided[BaselineReport]:
            found = self._found or Adoption(())
            return self._record(connection, situation, [each.version for each in found.adopted], found)

        return await self.corrected(decide, self._read)

    async def _read(self, connection: Connection) -> History:
        """The history; before the first time it is found out what is there. Raises `ContradictionError`."""
        if self._found is None:
            self._found = await surveyed(self.context, connection, in_order(self.shelf.parse_all()))
        if not self._found.adopted:
            raise _nothing_there()
        return await connection.read()

    def _record(
        self, connection: Connection, situation: Situation, versions: Sequence[Version], found: Adoption
    ) -> Decided[BaselineReport]:
        entries = _to_record([situation.entries[version] for version in versions])
        report = BaselineReport(
            self.dry_run,
            tuple((entry.version, entry.name) for entry in entries),
            evidence=tuple(map(str, found.adopted)),
            missing=() if found.missing is None else (found.missing,),
            warnings=tuple(note.text for note in found.notes if not situation.entries[note.version].applied),
        )
        migrations = [entry.migration for entry in entries if entry.migration is not None]
        if not migrations:
            return Decided(report)
        return Decided(report, lambda: mark_applied(connection, self.shelf, migrations, self.batch))


def _nothing_there() -> ContradictionError:
    return ContradictionError(
        "nothing that these migrations give is there: there is nothing to record",
        hint=f"stepwell migrate applies them; {BY_HAND} records them all the same",
    )


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

"""`verify`: every migration goes up, down and up again on a scratch database; snapshots between tell what it does."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.app.correct import unmark
from stepwell.app.gather import in_order
from stepwell.app.rehearsal import attempt, rehearse
from stepwell.app.replay import scratch_of
from stepwell.app.runs import run_wish
from stepwell.app.shelf import Shelf
from stepwell.app.snapshot import taken
from stepwell.core.errors import TargetError, UsageError
from stepwell.core.events import Verified
from stepwell.core.migration import Direction, Version
from stepwell.core.proof import Proof, Trial, Verdict, VerifyReport, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.core.migration import Migration
    from stepwell.core.rows.filled import Filled
    from stepwell.core.schema.snapshot import Snapshot


async def verify(
    context: Context,
    versions: Sequence[str] = (),
    *,
    strict: bool = False,
    rows: bool = True,
    data: str | None = None,
) -> VerifyReport:
    """Try every migration, or those of the versions given, on scratch databases.

    With `rows`, once more on tables that have some; `data` is a script of the user's own, which is run before the first
    that is tried.

    Raises `TargetError` for a version that no file has, `UsageError` where no scratch database can be made or a
    statement must not run on it, `MigrationError` for files that are wrong.
    """
    began = context.clock()
    shelf = Shelf(context)
    by_version = {migration.version: migration for migration in shelf.parse_all()}
    order = in_order(by_version.values())
    wanted = frozenset(map(Version, versions)) or frozenset(by_version)
    if unknown := wanted - by_version.keys():
        raise TargetError(f"no migration file has the version {min(unknown)}", hint="see 'stepwell status'")
    if not context.dialect.abilities.snapshots:
        raise UsageError(
            f"there are no snapshots of {context.dialect.name} yet, so that nothing can be proved"
        )
    proofs = await _Trials(context, order, wanted, _Rows(context, data) if rows else None).run()
    where = context.dialect.name
    return VerifyReport(where, tuple(proofs), (context.clock() - began) * 1000, strict)


class _Trials:
    """The trials of migrations, one after the other; on a new database behind one that left it other than it was."""

    def __init__(
        self, context: Context, order: tuple[Migration, ...], wanted: frozenset[Version], rows: _Rows | None
    ) -> None:
        self._context, self._order, self._wanted, self._rows = context, order, wanted, rows
        self._proofs: list[Proof] = []
        self._index = 0

    async def run(self) -> list[Proof]:
        last = max(
            (index for index, each in enumerate(self._order) if each.version in self._wanted), default=-1
        )
        self._order = self._order[: last + 1]
        try:
            while self._index < len(self._order):
                async with scratch_of(self._context) as place:
                    await self._on(place)
        finally:
            if self._rows is not None:
                await self._rows.close()
        return self._proofs

    async def _on(self, place: Context) -> None:
        """Go on, on a new database, until it is spoilt or all have been tried."""
        self._refuse_forbidden(place)
        if self._index:
            failure = await attempt(run_wish, place, "up", Direction.UP, self._order[self._index - 1])
            if failure is not None:
                self._give_up(self._order[self._index - 1])
                return
        snapshot: Snapshot | None = None
        while self._index < len(self._order):
            migration = self._order[self._index]
            self._index += 1
            began = self._context.clock()
            if migration.version not in self._wanted:
                if await attempt(run_wish, place, "up", Direction.UP, migration) is not None:
                    self._give_up(migration)
                    return
                snapshot = None
                continue
            trial = await _tried(place, migration, snapshot)
            if self._rows is not None and trial.failure is None:
                trial = await self._rows.tried(trial, self._order[: self._index])
            proof = judged(trial, (self._context.clock() - began) * 1000)
            self._proofs.append(proof)
            self._context.emit(Verified(proof.version, proof.name, proof.verdict, proof.elapsed_ms or 0.0))
            if proof.verdict is Verdict.BROKEN:
                return
            snapshot = trial.again or trial.up

    def _refuse_forbidden(self, place: Context) -> None:
        for migration in self._order:
            for direction in Direction:
                for statement in migration.statements(direction):
                    if why := place.forbid(statement.text):
                        raise UsageError(
                            f"{migration.version} {migration.name}: {why}",
                            place=migration.place._replace(line=statement.line),
                            hint="give scratch_url, a server of its own for such things",
                        )

    def _give_up(self, failed: Migration) -> None:
        """Without one that fails, nothing can be said of those behind it."""
        for migration in self._order[self._index :]:
            if migration.version in self._wanted:
                reason = f"not tried: {failed.version} {failed.name}, which stands before it, fails"
                self._proofs.append(
                    Proof(migration.version, migration.name, migration.path, Verdict.BROKEN, (reason,))
                )
        self._index = len(self._order)


class _Rows:
    """A second database, whose tables have rows. It goes up with the trials; one that is spoilt is made anew."""

    def __init__(self, context: Context, data: str | None) -> None:
        self._context, self._data = context, data
        self._stack = AsyncExitStack()
        self._place: Context | None = None
        self._at: Version | None = None
        self._filled: Filled | None = None

    async def close(self) -> None:
        await self._stack.aclose()
        self._place = self._filled = self._at = None

    async def tried(self, trial: Trial, order: tuple[Migration, ...]) -> Trial:
        """The trial of the last of these, with what was seen on tables with rows."""
        *before, migration = order
        place = await self._before(before)
        if place is None:
            return trial
        seen = await rehearse(run_wish, place, migration, self._filled, self._data)
        self._data = None  # they fit the tables as they were then
        self._filled, self._at = seen.filled, migration.version
        if not seen.usable:
            await self.close()
        return replace(trial, rows_failure=seen.failure, losses=seen.losses, unfilled=seen.unfilled)

    async def _before(self, migrations: Sequence[Migration]) -> Context | None:
        """The database with all of these applied; None where they can't be."""
        if self._place is None:
            self._place = await self._stack.enter_async_context(scratch_of(self._context))
            self._at = None
        last = migrations[-1] if migrations else None
        if last is None or last.version == self._at:
            return self._place
        if await attempt(run_wish, self._place, "up", Direction.UP, last) is not None:
            await self.close()
            return None
        return self._place


async def _tried(place: Context, migration: Migration, before: Snapshot | None) -> Trial:
    """Up, perhaps twice, down, up again; as far as it goes."""
    trial = Trial(migration, before=before or await taken(place))
    failure = await attempt(run_wish, place, "up", Direction.UP, migration)
    if failure is not None:
        return replace(trial, failure=failure)
    trial = replace(trial, up=await taken(place))
    if migration.traits.idempotent:
        await unmark(place, migration.version.text)
        failure = await attempt(run_wish, place, "up twice", Direction.UP, migration)
        if failure is not None:
            return replace(trial, failure=failure)
        trial = replace(trial, twice=await taken(place))
    if not migration.reversible:
        return trial
    failure = await attempt(run_wish, place, "down", Direction.DOWN, migration)
    if failure is not None:
        return replace(trial, failure=failure)
    trial = replace(trial, down=await taken(place))
    failure = await attempt(run_wish, place, "up again", Direction.UP, migration)
    if failure is not None:
        return replace(trial, failure=failure)
    return replace(trial, again=await taken(place))

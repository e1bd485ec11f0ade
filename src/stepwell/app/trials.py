"""Trials of migrations, one after the other in plan order: up, perhaps twice, down and up again; and their proofs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.correct import unmark
from stepwell.app.ground import Ground
from stepwell.app.rehearsal import RowTrials
from stepwell.core.events import Verified
from stepwell.core.proof import Proof, Trial, Verdict, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.app.rehearsal import Data
    from stepwell.core.migration import Migration


class Chain(NamedTuple):
    """What is tried, and how: the migrations in plan order; with rows or without, perhaps with some of the user's own.

    `apart`: something in it reaches beyond its database, so that there may only be one such database at a time.
    """

    order: tuple[Migration, ...]
    rows: bool = True
    data: Data | None = None
    apart: bool = False


class Trials:
    """The trials of those migrations of a chain that stand at these places of its order.

    Takes the ground for the structure, which may have been used; the one for rows is made where it is needed.
    """

    def __init__(
        self,
        context: Context,
        chain: Chain,
        places: Sequence[int],
        ground: Ground,
        proofs: dict[int, Proof],
    ) -> None:
        self._context, self._chain, self._places, self._ground = context, chain, places, ground
        self._row_ground = Ground(context, chain.order, clean=chain.apart)
        self._rows = RowTrials(self._row_ground, chain.data)
        self._proofs = proofs

    async def run(self) -> None:
        """Try all of them, and put what they prove into `proofs`."""
        try:
            if self._chain.apart:
                await self._run_apart()
            else:
                await self._run_together()
        finally:
            await self._row_ground.close()
            await self._ground.close()

    async def _run_together(self) -> None:
        for index in self._places:
            trial = await self._tried(index)
            if trial is None:
                return
            self._judge(index, await self._on_rows(index, trial))
            if self._proofs[index].verdict is Verdict.BROKEN:
                await self._ground.close()

    async def _run_apart(self) -> None:
        tried: dict[int, Trial] = {}
        for index in self._places:
            trial = await self._tried(index)
            if trial is None:
                break
            tried[index] = trial
            if judged(trial).verdict is Verdict.BROKEN:
                await self._ground.close()
        await self._ground.close()
        for index, trial in tried.items():
            self._judge(index, await self._on_rows(index, trial))

    async def _tried(self, index: int) -> Trial | None:
        """The trial of the structure; None, and a proof for all that are left, where it can't be reached."""
        began = self._context.clock()
        if failed := await self._ground.rise(index):
            self._give_up(index, failed)
            return None
        trial = await _up_down_up(self._ground, index)
        if trial.failure is not None:
            await self._ground.close()
        return replace(trial, elapsed_ms=(self._context.clock() - began) * 1000)

    async def _on_rows(self, index: int, trial: Trial) -> Trial:
        if not self._chain.rows or trial.failure is not None:
            return trial
        began = self._context.clock()
        found = await self._rows.tried(trial, index)
        return replace(found, elapsed_ms=trial.elapsed_ms + (self._context.clock() - began) * 1000)

    def _judge(self, index: int, trial: Trial) -> None:
        proof = judged(trial)
        self._proofs[index] = proof
        self._context.emit(Verified(proof.version, proof.name, proof.verdict, proof.elapsed_ms or 0.0))

    def _give_up(self, index: int, failed: Migration) -> None:
        """Without one that fails, nothing can be said of those behind it."""
        reason = f"not tried: {failed.version} {failed.name}, which stands before it, fails"
        for place in self._places:
            if place >= index:
                each = self._chain.order[place]
                self._proofs[place] = Proof(each.version, each.name, each.path, Verdict.BROKEN, (reason,))


async def _up_down_up(ground: Ground, index: int) -> Trial:
    """Up, perhaps twice, down, up again; as far as it goes."""
    migration = ground.order[index]
    trial = Trial(migration, before=await ground.snapshot())
    if failure := await ground.up("up", index):
        return replace(trial, failure=failure, halfway=await ground.halfway())
    ground.height = index + 1
    trial = replace(trial, up=await ground.snapshot())
    if migration.traits.idempotent:
        await unmark(await ground.place(), migration.version.text)
        if failure := await ground.up("up twice", index):
            return replace(trial, failure=failure)
        trial = replace(trial, twice=await ground.snapshot())
    if not migration.reversible:
        return trial
    if failure := await ground.down("down", index):
        return replace(trial, failure=failure)
    trial = replace(trial, down=await ground.snapshot())
    if failure := await ground.up("up again", index):
        return replace(trial, failure=failure)
    return replace(trial, again=await ground.snapshot())

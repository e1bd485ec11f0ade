"""Trials shared out among workers, each with databases of its own; what they find is the same as that of one alone."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from typing import TYPE_CHECKING

from stepwell.app.ground import Ground
from stepwell.app.trials import Trials
from stepwell.core.settings import SAME_SERVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.app.trials import Chain
    from stepwell.core.abilities import Abilities
    from stepwell.core.proof import Proof
    from stepwell.core.settings import Settings

MOST = 4  # workers that nobody asked for: each has up to six sessions on the server
WORTH = 12  # trials that pay for databases of their own, and for the way up to where they begin


def number_of(abilities: Abilities, settings: Settings, chain: Chain, trials: int, wanted: int | None) -> int:
    """How many workers there are for that many trials; at most as many as `wanted`, or by default as pay.

    A server that people work with is not made to work more than it has to.
    """
    if chain.apart:
        return 1
    if wanted is not None:
        return max(1, min(wanted, trials))
    if not abilities.parallel or settings.scratch == SAME_SERVER:
        return 1
    return max(1, min(processors(), MOST, trials // WORTH))


async def try_all(
    context: Context, chain: Chain, shared: Sequence[Sequence[int]], ground: Ground, found: dict[int, Proof]
) -> None:
    """Put the proofs of the migrations at these places, a share for each worker, into `found`.

    The ground may have been used for the first of them. Raises what went wrong first, by the plan.
    """
    workers = [
        Trials(context, chain, share, Ground(context, chain.order) if number else ground, found)
        for number, share in enumerate(shared)
    ]
    await _together(workers)


def shares(places: Sequence[int], jobs: int) -> list[Sequence[int]]:
    """As many parts, one behind the other and of much the same length."""
    ends = [len(places) * number // jobs for number in range(jobs + 1)]
    return [places[start:end] for start, end in pairwise(ends)]


async def _together(workers: Sequence[Trials]) -> None:
    if len(workers) == 1:
        await workers[0].run()
        return
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def processors() -> int:
    """How many there are that we may use, which are fewer than the machine has in most containers."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

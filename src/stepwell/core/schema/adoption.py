"""What in a database speaks for migrations that have no record there. Pure: only names of things are compared."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet

    from stepwell.core.schema.snapshot import Key


class Trace(NamedTuple):
    """One migration: what of it is there, what it removes and is gone, and what of either is not so."""

    there: tuple[Key, ...]
    gone: tuple[Key, ...] = ()
    not_there: tuple[Key, ...] = ()
    not_gone: tuple[Key, ...] = ()

    @property
    def lacks(self) -> bool:
        """Whether something says that it has not run."""
        return bool(self.not_there or self.not_gone)


class Reach(NamedTuple):
    """How many migrations of a chain a database has, and which of them contradicts the others, if one does."""

    steps: int
    torn: int | None = None


def traces(replayed: Sequence[AbstractSet[Key]], live: Collection[Key]) -> list[Trace]:
    """Compare what each migration makes and removes with what there is.

    `replayed` is what a replay had before the first one and after each. What a later one removes or makes again says
    nothing of an earlier one; and that something is gone speaks for a migration only where it has been there: where
    there is something else of the one that made it.
    """
    last = replayed[-1]
    been: set[Key] = set()
    found: list[Trace] = []
    for before, after in pairwise(replayed):
        made = sorted((after - before) & last)
        removed = sorted((before - after) - last)
        there = tuple(key for key in made if key in live)
        if there:
            been |= after - before
        found.append(
            Trace(
                there,
                tuple(key for key in removed if key not in live and key in been),
                tuple(key for key in made if key not in live),
                tuple(key for key in removed if key in live),
            )
        )
    return found


def reach(found: Sequence[Trace]) -> Reach:
    """The longest run from the first one on of which everything is there.

    What leaves no trace, such as one that only changes rows, counts where something behind it is there.
    """
    complete = next((index for index, trace in enumerate(found) if trace.lacks), len(found))
    if any(trace.there for trace in found[complete:]):
        return Reach(0, complete)
    if not any(trace.there for trace in found[:complete]):
        return Reach(0)
    return Reach(max(index for index in range(complete) if found[index].there or found[index].gone) + 1)

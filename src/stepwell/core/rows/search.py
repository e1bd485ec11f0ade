"""Looks for a row that a database takes: the best choices first, and what was refused is never tried again."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from stepwell.core.rows.slots import Own, Special

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stepwell.core.rows.nested import Value
    from stepwell.core.rows.slots import Choice, Slot

TRIES = 300
_BLIND_TRIES = 40  # after refusals of which nobody knows the cause: the last of them is as good as any other
_STEPS = 60_000


class Search:
    """One row: ask `row` for what to try, tell `refused` of what was not taken, and so on in turn.

    Only slots of columns that had a part in a refusal are varied, all others keep their best choice.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._left = [list(range(len(slot.options))) for slot in slots]  # options that no refusal is known of
        self._place = {name: i for i, slot in enumerate(slots) for name in slot.columns}
        self._refused: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
        self._active: tuple[int, ...] = ()
        self._heap: list[tuple[int, tuple[int, ...]]] = [(0, ())]
        self._seen: set[tuple[int, ...]] = {()}
        self._last: tuple[int, ...] = ()
        self._steps = 0
        self._blind = 0
        self.tries = 0

    @property
    def without_options(self) -> tuple[str, ...]:
        """The columns that can have no value at all."""
        return tuple(name for slot in self._slots if not slot.options for name in slot.columns)

    def row(self) -> dict[str, Value] | None:
        """The next row to try, without the columns that are to be left out. None: there is nothing left to try."""
        if self.without_options or self._blind >= _BLIND_TRIES:
            return None
        while self._heap and self.tries < TRIES and self._steps < _STEPS:
            self._steps += 1
            _, chosen = heappop(self._heap)
            self._push_neighbours(chosen)
            vector = self._vector(chosen)
            if self._is_refused(vector):
                continue
            self._last = vector
            row = self._chosen(vector)
            if (own := _unknown(row)) is not None:
                # The row refers to a value of its own that the database would make: that one has to be given.
                self.refused([*(name for name, choice in row.items() if choice == own), own.column])
                continue
            self.tries += 1
            return _resolved(row)
        return None

    def refused(self, columns: Iterable[str] | None = None) -> None:
        """The last row was not taken, because of these columns; None: nobody knows because of which."""
        named = {self._place[name] for name in columns or () if name in self._place}
        parts = tuple(sorted(named)) or tuple(range(len(self._slots)))
        self._blind += not named
        active = tuple(sorted({*self._active, *parts}))
        if len(parts) == 1:  # it is this option that is wrong, whatever the others are
            self._left[parts[0]].remove(self._last[parts[0]])
            self._restart(active)
            return
        self._refused.setdefault(parts, set()).add(tuple(self._last[i] for i in parts))
        if active != self._active:
            self._restart(active)

    def _restart(self, active: tuple[int, ...]) -> None:
        """Begin anew with the best of what is left; what was refused stays known."""
        self._active = active
        start = (0,) * len(active)
        self._heap, self._seen = [(0, start)], {start}
        if not all(self._left):
            self._heap = []

    def _vector(self, chosen: tuple[int, ...]) -> tuple[int, ...]:
        vector = [left[0] for left in self._left]
        for slot, place in zip(self._active, chosen, strict=True):
            vector[slot] = self._left[slot][place]
        return tuple(vector)

    def _push_neighbours(self, chosen: tuple[int, ...]) -> None:
        for place, slot in enumerate(self._active):
            if chosen[place] + 1 < len(self._left[slot]):
                following = (*chosen[:place], chosen[place] + 1, *chosen[place + 1 :])
                if following not in self._seen:
                    self._seen.add(following)
                    heappush(self._heap, (sum(following), following))

    def _is_refused(self, vector: tuple[int, ...]) -> bool:
        return any(tuple(vector[i] for i in parts) in found for parts, found in self._refused.items())

    def _chosen(self, vector: tuple[int, ...]) -> dict[str, Choice]:
        row: dict[str, Choice] = {}
        for slot, option in zip(self._slots, vector, strict=True):
            row.update(zip(slot.columns, slot.options[option], strict=True))
        return row


def _unknown(row: Mapping[str, Choice]) -> Own | None:
    """A reference to a column of the same row that has no value of its own."""
    owns = (choice for choice in row.values() if isinstance(choice, Own))
    return next((own for own in owns if isinstance(row.get(own.column), Special | Own)), None)


def _resolved(row: Mapping[str, Choice]) -> dict[str, Value]:
    resolved: dict[str, Value] = {}
    for name, choice in row.items():
        value = row.get(choice.column) if isinstance(choice, Own) else choice
        if not isinstance(value, Special | Own):
            resolved[name] = value
    return resolved

"""How far a database without a history is along a chain of migrations. Pure: structures are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.schema.snapshot import Fact, Key
from stepwell.core.schema.versions import NOT_NULL, same_version
from stepwell.core.schema.words import are_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stepwell.core.schema.snapshot import Snapshot

State = Mapping[Key, Fact]

# What is often there before the first migration, or made for a later one: alone it speaks for none.
PROVIDED = frozenset({"extension", "schema"})
# What whoever runs a database sets on things that are there, so that it speaks neither for a migration nor against one.
_ADMINISTERED = frozenset(
    {
        "clustered",
        "comment",
        "compression",
        "definer",
        "grants",
        "options",
        "owner",
        "position",
        "replica_identity",
        "statistics_target",
        "statistics_targets",
        "storage",
        "tablespace",
        "toast_options",
        "version",
    }
)


# What every version of a server writes in the same words.
PLAIN = frozenset({"identity", "not_null", "type", "unique"})


class Trace(NamedTuple):
    """One migration: what of it is there, what it removes and is gone, what of either is not so, what is another.

    What belongs to one of them is not named besides. `seen`: it makes, changes or removes something, so that there is
    anything to look for.
    """

    there: tuple[Key, ...] = ()
    gone: tuple[Key, ...] = ()
    not_there: tuple[Key, ...] = ()
    not_gone: tuple[Key, ...] = ()
    other: tuple[tuple[Fact, Fact], ...] = ()
    seen: bool = True

    @property
    def lacks(self) -> bool:
        """Whether something says that it has not run."""
        return bool(self.not_there or self.not_gone or self.other)


class Remarks(NamedTuple):
    """On which things it is so what a migration sets on them, of what speaks for none by itself, and on which not."""

    there: tuple[Key, ...] = ()
    not_there: tuple[Key, ...] = ()


class Reach(NamedTuple):
    """How many migrations of a chain a database has, and which of them it has in part only, if it has one so.

    The migrations from `steps` to `end` change nothing that could be seen: they may have run, or not. Where one is
    there in part, `end` is the place to which the database is nearest.
    """

    steps: int
    torn: int | None = None
    end: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """What a replay had before the first migration and after each, against what there is in a database.

    `changes` says of each thing that a migration makes, changes or removes which of them do: nothing else is looked at.
    Where `one_version` is false, the two servers may write the same thing in different words.
    """

    states: Sequence[State]
    live: State
    changes: Mapping[Key, Sequence[int]]
    one_version: bool

    def reach(self) -> Reach:
        """The place in the chain where everything is as the replay had it there."""
        misfits = self._misfits()
        exact = [at for at, count in enumerate(misfits) if count == 0]
        if not exact:
            nearest = min(range(1, len(self.states)), key=lambda at: (misfits[at], -at), default=0)
            return Reach(0, self._torn(nearest), nearest)
        steps = self._farthest(exact)
        end = steps
        while end + 1 in exact:
            end += 1
        return Reach(steps, end=end)

    def trace(self, index: int, at: int) -> Trace:
        """What speaks for the migration of this index and against it, in a database that has `at` of the chain.

        What a later one of those makes anew or removes says nothing of it.
        """
        touched = [key for key, indices in self.changes.items() if index in indices]
        own = [key for key in touched if max(each for each in self.changes[key] if each < at) == index]
        before, expected, live = self.states[index], self.states[at], self.live
        there = [key for key in own if key in expected]
        gone = [key for key in own if key not in expected]
        return Trace(
            there=_tops(expected, (key for key in there if key in live and self._fits(key, at))),
            gone=_tops(before, (key for key in gone if key not in live)),
            not_there=_tops(expected, (key for key in there if key not in live)),
            not_gone=_tops(before, (key for key in gone if not self._fits(key, at))),
            other=tuple(
                (expected[key], live[key]) for key in there if key in live and not self._fits(key, at)
            ),
            seen=bool(touched),
        )

    def remarks(self, index: int, at: int) -> Remarks:
        """What the migration of this index only sets on things, as grants, in a database that has `at` of the chain.

        What a later one of those sets anew says nothing of it; nor does anything where servers may tell it otherwise.
        """
        before, after, expected = self.states[index], self.states[index + 1], self.states[at]
        there: list[Key] = []
        not_there: list[Key] = []
        for key in [each for each in after if self.one_version and each in before]:
            fact, live = after[key], self.live.get(key)
            told = [
                part
                for part in _remarked(before[key], fact)
                if key in expected and _part(expected[key], part) == _part(fact, part)
            ]
            if told and live is not None:
                is_so = all(_part(live, part) == _part(fact, part) for part in told)
                (there if is_so else not_there).append(key)
        return Remarks(tuple(there), tuple(not_there))

    def _misfits(self) -> list[int]:
        """At each place, of how many things the database has something else. Between two changes nothing is another."""
        counts = [0] * len(self.states)
        for key, indices in self.changes.items():
            for start, stop in pairwise((0, *(index + 1 for index in indices), len(counts))):
                if not self._fits(key, start):
                    for at in range(start, stop):
                        counts[at] += 1
        return counts

    def _fits(self, key: Key, at: int) -> bool:
        expected, live = self.states[at].get(key), self.live.get(key)
        if expected is None or live is None:
            return expected is live or (expected is None and key.kind in PROVIDED)
        if _same(expected, live) or self.one_version:
            return _same(expected, live)
        known = any(_same(state.get(key), live) for state in self.states)
        return not known and _plain(expected) == _plain(live)

    def _farthest(self, exact: Sequence[int]) -> int:
        """Of several places that fit, the first, unless the way from it to a later one removes what is there.

        What is made and removed on the way may never have been there; what is removed and made again holds rows.
        """
        place = exact[0]
        for later in exact[1:]:
            kept = self.states[place]
            way = self.states[place + 1 : later]
            if any(
                key in kept and not _same(kept[key], each.get(key)) for key in self.changes for each in way
            ):
                place = later
        return place

    def _torn(self, at: int) -> int:
        """The first migration of which something is missing, where the database is nearest to this place."""
        for index in range(at):
            if self.trace(index, at).lacks:
                return index
        for index in range(at, len(self.states) - 1):
            if self.trace(index, index + 1).lacks:
                return index
        return max(at - 1, 0)


def chain(replayed: Sequence[Snapshot], live: Snapshot) -> Chain:
    """Put a replay, which has at least the state before the first migration, beside a database."""
    states = [_state(each) for each in replayed]
    changes: dict[Key, list[int]] = {}
    for index, (before, after) in enumerate(pairwise(states)):
        for key in (*before, *(key for key in after if key not in before)):
            if not _same(before.get(key), after.get(key)):
                changes.setdefault(key, []).append(index)
    return Chain(states, _state(live), changes, same_version(replayed[0], live))


def without_administered(fact: Fact) -> Fact:
    """A thing without what whoever runs its database sets. The options of a view stay: they say what it lets by."""
    kept = {
        name: value
        for name, value in fact.attributes.items()
        if name not in _ADMINISTERED or (fact.kind, name) == ("view", "options")
    }
    return replace(fact, attributes=kept)


def _state(snapshot: Snapshot) -> State:
    """What is looked at, the tables first: they are to be named first."""
    facts = sorted(snapshot.facts, key=lambda fact: (fact.kind != "table", fact.key))
    return {fact.key: fact for fact in facts if fact.attributes.get("type") != NOT_NULL}


def _tops(state: State, keys: Iterable[Key]) -> tuple[Key, ...]:
    """Without what belongs to another one of them: a column of a table that is one of them too."""
    found = dict.fromkeys(keys)
    return tuple(key for key in found if key not in state or state[key].parent not in found)


def _same(one: Fact | None, other: Fact | None) -> bool:
    """Whether both are there and alike, or neither is. Who runs the database may have set some of it otherwise."""
    if one is None or other is None:
        return one is other
    if one == other:
        return True
    bare, others = without_administered(one), without_administered(other)
    return one.parent == other.parent and bare.attributes == others.attributes


def _remarked(before: Fact, after: Fact) -> Iterator[tuple[str, str | None]]:
    """Which of what whoever runs a database may set is not as it was: an attribute, or one part of it."""
    if before == after:
        return
    for name in sorted(_ADMINISTERED):
        one, other = before.attributes.get(name), after.attributes.get(name)
        if are_named(one, other):
            parts = sorted({*(one or {}), *(other or {})})
            yield from ((name, part) for part in parts if (one or {}).get(part) != (other or {}).get(part))
        elif one != other:
            yield name, None


def _part(fact: Fact, which: tuple[str, str | None]) -> object:
    name, part = which
    value = fact.attributes.get(name)
    return value if part is None else (value or {}).get(part)


def _plain(fact: Fact) -> Mapping[str, object]:
    return {name: value for name, value in fact.attributes.items() if name in PLAIN}

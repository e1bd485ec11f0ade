"""What is different between two snapshots, as a value. Knows no kind by its name but those that it can tell renamed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import UsageError
from stepwell.core.schema.versions import only_not_null, same_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stepwell.core.schema.snapshot import Fact, Key, Snapshot

POSITION = "position"  # the attribute of what has a place among its siblings
ORDER = "order"  # the attribute under which it is told that they have changed places

# What holds no rows and is used by nobody through its name: the same under another name is the same thing renamed.
RENAMABLE = frozenset({"index", "constraint", "trigger", "policy", "rule", "statistics"})


class AttributeChange(NamedTuple):
    """One attribute before and after; None where it is not there, which is its usual value."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Added:
    """It is there after, and was not before."""

    fact: Fact

    @property
    def key(self) -> Key:
        """Which thing it is."""
        return self.fact.key


@dataclass(frozen=True, slots=True)
class Removed:
    """It was there before, and is not after."""

    fact: Fact

    @property
    def key(self) -> Key:
        """Which thing it was."""
        return self.fact.key


@dataclass(frozen=True, slots=True)
class Renamed:
    """The same thing under another name, certainly: only one could have become only one other."""

    before: Fact
    after: Fact

    @property
    def key(self) -> Key:
        """Which thing it was."""
        return self.before.key


@dataclass(frozen=True, slots=True)
class Changed:
    """It is there before and after, and is not the same."""

    before: Fact
    after: Fact
    attributes: tuple[AttributeChange, ...]

    @property
    def key(self) -> Key:
        """Which thing it is."""
        return self.before.key


Change = Added | Removed | Renamed | Changed


@dataclass(frozen=True, slots=True)
class Diff:
    """What is different, sorted by kind and name. `notes` say what could not be compared, or not well."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing is different."""
        return not self.changes


def only_order(change: Change) -> bool:
    """Whether nothing but the order of columns is different."""
    return isinstance(change, Changed) and {each.name for each in change.attributes} == {ORDER}


def without_order(found: Diff) -> Diff:
    """The same without what is different by the order of columns only."""
    return Diff(tuple(change for change in found.changes if not only_order(change)), found.notes)


def diff(before: Snapshot, after: Snapshot) -> Diff:
    """What has to be told to make `after` out of `before`.

    What only one of two versions of a server keeps besides is left out.
    Raises `UsageError` for snapshots of two kinds of database, of which nothing could be said.
    """
    if before.engine != after.engine:
        raise UsageError(f"a snapshot of {before.engine} can't be compared with one of {after.engine}")
    alike = same_version(before, after)
    old, new = (
        {fact.key: fact for fact in each.facts if alike or not only_not_null(fact)}
        for each in (before, after)
    )
    removed = [fact for key, fact in old.items() if key not in new]
    added = [fact for key, fact in new.items() if key not in old]
    renamed = _renamed(removed, added)
    gone = {change.before.key for change in renamed}
    come = {change.after.key for change in renamed}
    changes: list[Change] = [*renamed, *_changed(old, new)]
    changes += [Removed(fact) for fact in removed if fact.key not in gone]
    changes += [Added(fact) for fact in added if fact.key not in come]
    changes.sort(key=lambda change: (change.key, type(change).__name__))
    return Diff(tuple(changes), tuple(_notes(before, after)))


def _renamed(removed: Iterable[Fact], added: Iterable[Fact]) -> list[Renamed]:
    """Pairs that are the same but for the name, where there is one such on each side."""
    gone, come = _by_nature(removed), _by_nature(added)
    return [
        Renamed(facts[0], come[nature][0])
        for nature, facts in gone.items()
        if len(facts) == len(come.get(nature, ())) == 1
    ]


def _by_nature(facts: Iterable[Fact]) -> dict[tuple[object, ...], list[Fact]]:
    grouped: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind in RENAMABLE:
            grouped[fact.kind, fact.parent, _frozen(fact.attributes)].append(fact)
    return grouped


def _frozen(value: Any) -> object:
    """A value that can be a key."""
    if isinstance(value, dict):
        return frozenset((key, _frozen(each)) for key, each in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else (type(value), value)


def _changed(old: Mapping[Key, Fact], new: Mapping[Key, Fact]) -> Iterator[Changed]:
    common = [key for key in old if key in new]
    orders = _orders(common, old, new)
    for key in common:
        before, after = old[key], new[key]
        differences = list(_differences(before, after))
        if key in orders:
            differences.append(AttributeChange(ORDER, *orders[key]))
        if differences:
            yield Changed(before, after, tuple(differences))


def _differences(before: Fact, after: Fact) -> Iterator[AttributeChange]:
    if before.parent != after.parent:
        yield AttributeChange("parent", _named(before.parent), _named(after.parent))
    yield from _between(before.attributes, after.attributes)
    if before.guarded is not None and after.guarded is not None:
        yield from _between(before.guarded, after.guarded)


def _named(key: Key | None) -> str | None:
    return None if key is None else str(key)


def _between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[AttributeChange]:
    for name in sorted({*before, *after} - {POSITION}):
        one, other = before.get(name), after.get(name)
        if one != other or _frozen(one) != _frozen(other):  # to Python, a true is a one
            yield AttributeChange(name, one, other)


def _orders(
    common: Iterable[Key], old: Mapping[Key, Fact], new: Mapping[Key, Fact]
) -> Mapping[Key, tuple[list[str], list[str]]]:
    """Of every parent whose children have changed places: those that were there before and after, in both orders.

    What comes or goes moves the numbers of all that stand behind it, and is told already.
    """
    children = defaultdict(list)
    for key in common:
        parent = old[key].parent
        if parent is not None and parent == new[key].parent and POSITION in old[key].attributes:
            children[parent].append(key)
    orders = {}
    for parent, keys in children.items():
        one = sorted(keys, key=lambda key: old[key].attributes[POSITION])
        other = sorted(keys, key=lambda key: new[key].attributes.get(POSITION, 0))
        if one != other and parent in old and parent in new:
            names = {key: _last_part(key.identity, parent.identity) for key in keys}
            orders[parent] = ([names[key] for key in one], [names[key] for key in other])
    return orders


def _last_part(identity: str, parent: str) -> str:
    return identity.removeprefix(f"{parent}.")


def _notes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    if not same_version(before, after):
        yield (
            f"the snapshots are from version {before.server} and {after.server} of the server, which may write "
            "the same thing in different words"
        )
    for key in sorted({fact.key for snapshot in (before, after) for fact in snapshot.unreadable}):
        yield f"the {key} was not compared in full: a role may not read all of it"
    kinds = Counter(fact.identity for snapshot in (before, after) for fact in snapshot.unknown)
    for identity in sorted(kinds):
        yield f"of a kind that stepwell does not know, and can't compare: {identity}"

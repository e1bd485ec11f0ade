"""Which of the differences between two snapshots are to be ignored, and a snapshot without what is. Pure.

A pattern is written as differences are told: `index public.tmp_*`, or `index tmp_*`, since the usual schema needs no
name. `*` stands for any characters, `?` for one. What fits is ignored with everything below it: columns, indexes and
sequences of a table, all that is in a schema. With `: comment` behind it, only that attribute of the thing itself is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.schema.diff import (
    ORDER,
    POSITION,
    Added,
    AttributeChange,
    Changed,
    Diff,
    Removed,
    Renamed,
)
from stepwell.core.schema.snapshot import Key, Snapshot
from stepwell.core.schema.words import are_named, constraint_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stepwell.core.ignore import Ignore
    from stepwell.core.schema.diff import Change
    from stepwell.core.schema.snapshot import Fact

_BEHIND = ": "  # stands between a thing and its attribute
_OF_IDENTITY = " (identity)"  # behind the column that a sequence belongs to


class Ignored(NamedTuple):
    """What one entry of the list has hidden."""

    ignore: Ignore
    changes: tuple[Change, ...]


class Sieved(NamedTuple):
    """What is left of a diff, what was hidden by which entry, and the entries that had nothing to hide."""

    rest: Diff
    ignored: tuple[Ignored, ...]
    unused: tuple[Ignore, ...]


class _Pattern:
    """One entry of the list, ready to be compared."""

    def __init__(self, ignore: Ignore) -> None:
        self.ignore = ignore
        thing, behind, attribute = ignore.pattern.rpartition(_BEHIND)
        self._thing = _compiled(thing if behind else ignore.pattern)
        self._attribute = _compiled(_as_words(attribute)) if behind else None

    @property
    def whole(self) -> bool:
        """Whether it is about things, and not about attributes of them."""
        return self._attribute is None

    def fits(self, key: Key) -> bool:
        """Whether this is such a thing."""
        return any(self._thing.fullmatch(text) for text in (str(key), shown(key)))

    def fits_attribute(self, name: str, part: str | None = None) -> bool:
        """Whether it is about this attribute, or about this part of it: the grants to a role."""
        texts = [_as_words(name)] if part is None else [f"{_as_words(name)} {_as_words(part)}"]
        if name == ORDER:
            texts.append("order of columns")
        return self._attribute is not None and any(self._attribute.fullmatch(text) for text in texts)


def _as_words(name: str) -> str:
    return name.replace("_", " ")


def _compiled(glob: str) -> re.Pattern[str]:
    """The pattern as an expression. What stands between two stars is looked for once: no name makes it slow."""
    first, *others = (re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", glob))
    if not others:
        return re.compile(first, re.DOTALL)
    *between, last = others
    return re.compile(first + "".join(f"(?>.*?{part})" for part in between) + f".*{last}", re.DOTALL)


class _Sieve:
    """The list, and the facts in which what is above a thing is looked up."""

    def __init__(self, ignores: Iterable[Ignore], facts: Iterable[Fact]) -> None:
        self._patterns = [_Pattern(ignore) for ignore in ignores]
        self._facts = {fact.key: fact for fact in facts}
        self._known: dict[Key, int | None] = {}

    def of_whole(self, key: Key) -> Ignore | None:
        """The entry that hides a thing, or what it belongs to; the first one of the list that fits."""
        number = self._number(key)
        return None if number is None else self._patterns[number].ignore

    def _number(self, key: Key) -> int | None:
        if key not in self._known:
            self._known[key] = None  # whatever a snapshot says, nothing is above itself
            own = [number for number, each in enumerate(self._patterns) if each.whole and each.fits(key)]
            fact = self._facts.get(key)
            above = [self._number(each) for each in _above(fact)] if fact is not None else []
            self._known[key] = min((each for each in (*own, *above) if each is not None), default=None)
        return self._known[key]

    def about(self, key: Key) -> list[_Pattern]:
        """The entries about attributes of such a thing."""
        return [each for each in self._patterns if not each.whole and each.fits(key)]


def _above(fact: Fact) -> Iterator[Key]:
    """What a thing belongs to: what it would come and go with."""
    if fact.parent is not None:
        yield fact.parent
    constraint = constraint_of(fact)
    if constraint is not None:
        yield constraint
    if column := str(fact.attributes.get("owned_by") or ""):
        yield Key("column", column.removesuffix(_OF_IDENTITY))


# --- differences ---


def sieve(before: Snapshot, after: Snapshot, diff: Diff, ignores: Sequence[Ignore]) -> Sieved:
    """Take out of the diff of these two snapshots what is to be ignored."""
    finder = _Sieve(ignores, (*after.facts, *before.facts))
    rest: list[Change] = []
    hidden: dict[Ignore, list[Change]] = defaultdict(list)
    for change in diff.changes:
        for ignore, part in _parted(change, finder):
            (rest if ignore is None else hidden[ignore]).append(part)
    return Sieved(
        replace(diff, changes=tuple(rest)),
        tuple(Ignored(each, tuple(hidden[each])) for each in dict.fromkeys(ignores) if each in hidden),
        tuple(each for each in dict.fromkeys(ignores) if each not in hidden),
    )


def _parted(change: Change, finder: _Sieve) -> Iterator[tuple[Ignore | None, Change]]:
    match change:
        case Added() | Removed():
            yield finder.of_whole(change.key), change
        case Renamed(before, after):
            # What is known becomes nothing to be ignored by getting such a name.
            both = finder.of_whole(before.key) is not None
            yield finder.of_whole(after.key) if both else None, change
        case Changed():
            ignore = finder.of_whole(change.key)
            yield from [(ignore, change)] if ignore is not None else _attributes(change, finder)


def _attributes(change: Changed, finder: _Sieve) -> Iterator[tuple[Ignore | None, Changed]]:
    """The change in parts: what of it no entry hides, and what each hides."""
    patterns = finder.about(change.key)
    parts: dict[Ignore | None, list[AttributeChange]] = defaultdict(list)
    for attribute in change.attributes:
        for ignore, part in _split(attribute, patterns):
            parts[ignore].append(part)
    for ignore, attributes in parts.items():
        yield ignore, replace(change, attributes=tuple(attributes))


def _split(
    attribute: AttributeChange, patterns: Sequence[_Pattern]
) -> Iterator[tuple[Ignore | None, AttributeChange]]:
    name, before, after = attribute
    whole = next((each.ignore for each in patterns if each.fits_attribute(name)), None)
    owners = {} if whole is not None or not are_named(before, after) else _owners(attribute, patterns)
    if set(owners) <= {None}:
        yield whole, attribute
        return
    for owner, names in owners.items():
        yield owner, AttributeChange(name, _only(before or {}, names), _only(after or {}, names))


def _owners(
    attribute: AttributeChange, patterns: Sequence[_Pattern]
) -> Mapping[Ignore | None, Sequence[str]]:
    """The parts of an attribute that are different, by the entry that hides them."""
    name, before, after = attribute
    one, other = before or {}, after or {}
    owners: dict[Ignore | None, list[str]] = defaultdict(list)
    for part in sorted({*one, *other}):
        if one.get(part) != other.get(part):
            owner = next((each.ignore for each in patterns if each.fits_attribute(name, part)), None)
            owners[owner].append(part)
    return owners


def _only(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any] | None:
    return {name: values[name] for name in names if name in values} or None


# --- snapshots ---


def stripped(snapshot: Snapshot, ignores: Sequence[Ignore]) -> Snapshot:
    """The snapshot without what is to be ignored: two that differ in nothing else have the same fingerprint then."""
    if not ignores:
        return snapshot
    finder = _Sieve(ignores, snapshot.facts)
    kept = [fact for fact in snapshot.facts if finder.of_whole(fact.key) is None]
    unordered = {
        fact.key for fact in kept if any(each.fits_attribute(ORDER) for each in finder.about(fact.key))
    }
    places = _places(kept)
    facts = [_bare(fact, finder.about(fact.key), places.get(fact.key), unordered) for fact in kept]
    return Snapshot(snapshot.engine, snapshot.server, facts)


def _places(facts: Iterable[Fact]) -> Mapping[Key, int]:
    """The place of each thing among those of its siblings that are left."""
    siblings: dict[Key | None, list[Fact]] = defaultdict(list)
    for fact in facts:
        if POSITION in fact.attributes:
            siblings[fact.parent].append(fact)
    return {
        fact.key: place
        for each in siblings.values()
        for place, fact in enumerate(sorted(each, key=lambda one: one.attributes[POSITION]), 1)
    }


def _bare(fact: Fact, patterns: Sequence[_Pattern], place: int | None, unordered: set[Key]) -> Fact:
    attributes: dict[str, Any] = {}
    for name, value in fact.attributes.items():
        if name == POSITION:
            if fact.parent not in unordered:
                attributes[name] = place
        elif not any(each.fits_attribute(name) for each in patterns):
            bare = _without(name, value, patterns)
            if bare is not None:
                attributes[name] = bare
    return replace(fact, attributes=attributes)


def _without(name: str, value: Any, patterns: Sequence[_Pattern]) -> Any:
    """The value of an attribute without those parts of it that are to be ignored; None where nothing is left."""
    if not isinstance(value, dict) or not patterns:
        return value
    left = {
        part: each
        for part, each in value.items()
        if not any(one.fits_attribute(name, part) for one in patterns)
    }
    return left or None

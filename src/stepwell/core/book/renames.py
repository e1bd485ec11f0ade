"""What was renamed, by evidence: a statement that renames it, and a structure in which the new name is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.schema.diff import Diff, Removed, Renamed, diff
from stepwell.core.schema.snapshot import Key, Snapshot
from stepwell.core.sql.objects import object_words
from stepwell.core.sql.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stepwell.core.schema.diff import Change
    from stepwell.core.schema.snapshot import Fact
    from stepwell.core.sql.rules import LexRules

Path = tuple[str, ...]
# What hangs on something and is renamed by a clause of the statement about that.
_WITH_NAMES = frozenset({"column", "attribute"})
SCHEMA = "schema"  # the kind of what is not changed by what comes and goes in it


class Rename(NamedTuple):
    """What a statement renames: the path of a table or the like, perhaps a column of it, and the path after it."""

    before: Path
    after: Path
    column: bool = False


def path_of(identity: str, rules: LexRules) -> Path:
    """The parts of the name of a thing, without their quotes."""
    path, end = Reader(identity, rules).path(0)
    return path if path and Reader(identity, rules).token(end) is None else (identity,)


def renames(statement: str, rules: LexRules) -> Iterator[Rename]:
    """What a statement renames, as far as its text tells."""
    reader = Reader(statement, rules)
    if reader.words(0, "RENAME", "TABLE"):
        yield from _tables(reader)
    elif reader.word(0) == "ALTER" and (words := object_words(reader)) is not None:
        index = words.end
        for word in ("IF", "EXISTS", "ONLY"):
            index += reader.word(index) == word
        path, index = reader.path(index)
        if path:
            yield from _clauses(reader, path, index + (reader.sign(index) == "*"))


def _tables(reader: Reader) -> Iterator[Rename]:
    """RENAME TABLE a TO b, c TO d."""
    index = 2
    while reader.token(index) is not None:
        before, index = reader.path(index)
        if not before or reader.word(index) != "TO":
            return
        after, index = reader.path(index + 1)
        if after:
            yield Rename(before, (*before[: -len(after)], *after))
        index += 1


def _clauses(reader: Reader, path: Path, index: int) -> Iterator[Rename]:
    """What the clauses of an ALTER rename; they stand side by side, with commas between."""
    depth, begins = 0, True
    while (token := reader.token(index)) is not None:
        if begins and (found := _clause(reader, path, index)) is not None:
            yield found
            if not found.column:
                path = found.after
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        begins = depth == 0 and token.text == ","
        index += 1


def _clause(reader: Reader, path: Path, index: int) -> Rename | None:
    if reader.words(index, "SET", "SCHEMA") and (schema := reader.name(index + 2)) is not None:
        return Rename(path, (schema, path[-1]))
    if reader.word(index) == "CHANGE":  # MySQL's, with the whole definition behind the name
        index += 1 + (reader.word(index + 1) == "COLUMN")
        return _column(path, reader.name(index), reader.name(index + 1))
    if reader.word(index) != "RENAME" or reader.word(index + 1) in ("CONSTRAINT", "INDEX", "KEY", "VALUE"):
        return None
    if reader.word(index + 1) in ("TO", "AS"):
        after, _ = reader.path(index + 2)
        return Rename(path, (*path[: -len(after)], *after)) if after else None
    index += 1 + (reader.word(index + 1) in ("COLUMN", "ATTRIBUTE") and reader.word(index + 2) != "TO")
    return (
        _column(path, reader.name(index), reader.name(index + 2)) if reader.word(index + 1) == "TO" else None
    )


def _column(path: Path, before: str | None, after: str | None) -> Rename | None:
    return None if before is None or after is None else Rename((*path, before), (*path, after), column=True)


def moved(before: Snapshot, after: Snapshot, statements: Iterable[str], rules: LexRules) -> Mapping[Key, Key]:
    """Which things of `before` have another name in `after`, where statements say so and the thing is there."""
    found = [rename for statement in statements for rename in renames(statement, rules)]
    if not found:
        return {}
    there = {(fact.kind, path_of(fact.identity, rules)): fact.key for fact in after.facts}
    keys = frozenset(there.values())
    above = dict(_inheritance(before, rules))
    ways: dict[Key, Key] = {}
    for fact in sorted(before.facts, key=hangs):
        if not hangs(fact):
            path = path_of(fact.identity, rules)
            key = there.get((fact.kind, _led(path, found)))
        elif fact.kind in _WITH_NAMES:
            path = path_of(fact.identity, rules)
            key = there.get((fact.kind, _column_led(path, found, above)))
        else:
            key = _beside(fact, ways)
        if key is not None and key != fact.key and key in keys:
            ways[fact.key] = key
    taken = Counter(ways.values())
    return {one: other for one, other in ways.items() if taken[other] == 1}  # of two, nobody could say which


def hangs(fact: Fact) -> bool:
    """Whether its name is one within the name of what it belongs to, as that of a column is."""
    return fact.parent is not None and fact.parent.kind != SCHEMA and last_part(fact) != fact.identity


def _beside(fact: Fact, ways: Mapping[Key, Key]) -> Key | None:
    """What hangs on a table goes where its table goes."""
    parent = None if fact.parent is None else ways.get(fact.parent)
    return None if parent is None else Key(fact.kind, f"{parent.identity}.{last_part(fact)}")


def _led(path: Path, found: Iterable[Rename]) -> Path:
    """Where these lead the path of a table or the like, one after the other."""
    for rename in found:
        if not rename.column and _fits(path, rename.before):
            path = _renamed(path, rename)
    return path


def _inheritance(snapshot: Snapshot, rules: LexRules) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Tables with those that they have columns of: a column is renamed in heirs and partitions at once."""
    for fact in snapshot.facts:
        if tables := fact.attributes.get("inherits"):
            yield path_of(fact.identity, rules), tuple(path_of(table, rules) for table in tables)


def _column_led(path: Path, found: Iterable[Rename], above: Mapping[Path, tuple[Path, ...]]) -> Path:
    """The same of a column, which goes with its table, and has a name of its own."""
    tables, name = [path[:-1]], path[-1]
    for table in tables:
        tables += above.get(table, ())  # and those above these, in their turn
    for rename in found:
        if not rename.column:
            tables = [_led(table, [rename]) for table in tables]
        elif any(_fits((*table, name), rename.before) for table in tables):
            name = rename.after[-1]
    return (*tables[0], name)


def _fits(path: Path, named: Path) -> bool:
    """Whether a path is that which a statement names, perhaps without its schema."""
    return path[-len(named) :] == named


def _renamed(path: Path, rename: Rename) -> Path:
    kept = path[: len(path) - len(rename.before)]
    return (*(kept if len(rename.after) == len(rename.before) else ()), *rename.after)


def followed(before: Snapshot, after: Snapshot, ways: Mapping[Key, Key]) -> Diff:
    """The diff of two snapshots, with what came and went by these ways told as renamed.

    What only goes with its table is not told.
    """
    if not ways:
        return diff(before, after)
    targets = frozenset(ways.values())
    replaced = [fact for fact in before.facts if fact.key in targets and fact.key not in ways]
    gone = {fact.key for fact in replaced}
    carried = [_carried(fact, ways) for fact in before.facts if fact.key not in gone]
    found = diff(Snapshot(before.engine, before.server, carried), after)
    new = {fact.key: fact for fact in after.facts}
    changes: list[Change] = [*found.changes, *map(Removed, replaced)]
    changes += [
        Renamed(fact, new[ways[fact.key]])
        for fact in before.facts
        if fact.key in ways and last_part(fact) != last_part(new[ways[fact.key]])
    ]
    changes.sort(key=lambda change: (change.key, type(change).__name__))
    return Diff(tuple(changes), found.notes)


def _carried(fact: Fact, ways: Mapping[Key, Key]) -> Fact:
    """A thing as it would be if only the names had changed."""
    parent = None if fact.parent is None else ways.get(fact.parent, fact.parent)
    return replace(fact, identity=ways.get(fact.key, fact.key).identity, parent=parent)


def last_part(fact: Fact) -> str:
    """The name of a thing within what it belongs to."""
    return fact.identity if fact.parent is None else fact.identity.removeprefix(f"{fact.parent.identity}.")

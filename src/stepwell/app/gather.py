"""From files and history to the situation that a plan is made from. Reads the source; asks no database itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.contradictions import twins
from stepwell.core.errors import GraphError, Place
from stepwell.core.graph import Node, build
from stepwell.core.history import History, compare
from stepwell.core.migration import Finding
from stepwell.core.plan import Situation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from stepwell.app.shelf import Shelf
    from stepwell.core.files.listing import SourceListing
    from stepwell.core.graph import Graph
    from stepwell.core.history import Entry, Record
    from stepwell.core.migration import Migration, Version


class Gathered(NamedTuple):
    """The files, what was noticed about them, and the situation that they make with the history."""

    situation: Situation
    migrations: tuple[Migration, ...]
    listing: SourceListing


def gather(shelf: Shelf, history: History, *, whole: bool = False) -> Gathered:
    """Put files and history together.

    A file that is byte for byte what was applied is not parsed, unless `whole` asks for it. Raises `MigrationError`
    with all that is wrong with files and graph.
    """
    known = {} if whole else {record.version: record for record in history.records}
    migrations = shelf.migrations(known)
    graph = graph_of(migrations, history)
    entries = {entry.version: entry for entry in compare(migrations, history, shelf.checksum)}
    attempts = {attempt.version: attempt for attempt in history.attempts}
    return Gathered(Situation(entries, graph, attempts, history.mark), migrations, shelf.listing)


def in_order(migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """The migrations of all files in the order in which they would run. Raises `GraphError`."""
    given = tuple(migrations)  # one version may be there twice, of which the graph tells
    by_version = {migration.version: migration for migration in given}
    return tuple(by_version[version] for version in graph_of(given).order)


def graph_of(migrations: Iterable[Migration], history: History | None = None) -> Graph:
    """The graph of files, and of records and unfinished steps whose file is gone.

    Raises `GraphError` for what is wrong with the files.
    """
    history = history or History()
    nodes = [Node(each.version, each.dependencies, each.place) for each in migrations]
    have = {node.version for node in nodes}
    gone = {record.version: record for record in history.records if record.version not in have}
    begun = {attempt.version for attempt in history.attempts} - have - gone.keys()
    nodes += [Node(version, (), Place("the log")) for version in begun]
    alone = [Node(version, (), Place("the history")) for version in gone]
    known = have | gone.keys() | begun
    try:
        return build([*nodes, *(_recorded(record, known) for record in gone.values())])
    except GraphError:
        if not gone:
            raise
    return build([*nodes, *alone])  # what records say of dependencies is no reason to fail


def _recorded(record: Record, known: Collection[Version]) -> Node:
    dependencies = tuple(each for each in record.dependencies if each in known and each != record.version)
    return Node(record.version, dependencies, Place("the history"))


def recorded_twice(situation: Situation) -> Iterator[Finding]:
    """Records that differ from another one in leading zeros only: `6` and `006`."""
    for entry in situation.ordered:
        for found in twins(entry):
            yield Finding(found.code, found.message, Place("the history"), found.hint)


def with_bodies(situation: Situation, shelf: Shelf) -> Situation:
    """The same situation with every applied file parsed, for a rollback, which needs to know what has a `down`."""

    def whole(entry: Entry) -> Entry:
        return entry if entry.migration is None else replace(entry, migration=shelf.parsed(entry.migration))

    return replace(situation, entries={version: whole(entry) for version, entry in situation.entries.items()})

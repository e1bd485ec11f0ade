"""From files and history to the situation that a plan is made from. Reads the source; asks no database itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import MigrationError, Place
from stepwell.core.files.listing import together
from stepwell.core.files.parse import from_record, parse
from stepwell.core.graph import Node, build
from stepwell.core.history import compare, unchanged
from stepwell.core.migration import Direction, PythonBody, SqlBody
from stepwell.core.plan import Situation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.app.context import Context
    from stepwell.core.facts import StepFacts
    from stepwell.core.files.listing import SourceListing
    from stepwell.core.graph import Graph
    from stepwell.core.history import Entry, History, Record
    from stepwell.core.migration import Migration, SourceFile, Version


class Gathered(NamedTuple):
    """The files, what was noticed about them, and the situation that they make with the history."""

    situation: Situation
    migrations: tuple[Migration, ...]
    listing: SourceListing


class Shelf:
    """The migrations of one run: every file is parsed and hashed at most once, and only if somebody needs it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules = context.dialect.rules
        self._listing: SourceListing | None = None
        self._parsed: dict[str, Migration] = {}
        self._sums: dict[str, str] = {}
        self._told: dict[tuple[str, Direction], StepFacts] = {}

    @property
    def listing(self) -> SourceListing:
        """The files, read once."""
        if self._listing is None:
            self._listing = self._context.source.read()
        return self._listing

    def parse_all(self) -> tuple[Migration, ...]:
        """Parse every file. Raises `MigrationError` with all that is wrong."""
        return self._migrations({})

    def gather(self, history: History, *, whole: bool = False) -> Gathered:
        """Put files and history together.

        A file that is byte for byte what was applied is not parsed, unless `whole` asks for it. Raises `MigrationError`
        with all that is wrong with files and graph.
        """
        known = {} if whole else {record.version: record for record in history.records}
        migrations = self._migrations(known)
        graph = graph_of(migrations, history.records)
        entries = {entry.version: entry for entry in compare(migrations, history, self.checksum)}
        attempts = {attempt.version: attempt for attempt in history.attempts}
        return Gathered(Situation(entries, graph, attempts, history.mark), migrations, self.listing)

    def parsed(self, migration: Migration) -> Migration:
        """The same migration with its body, which was left out where the record told enough."""
        return migration if migration.body is not None else self._parse(migration.source)

    def replace(self, migration: Migration) -> None:
        """From here on this is the migration of its file: its class told more than its text."""
        self._parsed[migration.path] = migration
        self._told.pop((migration.path, Direction.UP), None)
        self._told.pop((migration.path, Direction.DOWN), None)

    def checksum(self, migration: Migration) -> str:
        """The checksum of a file."""
        source = migration.source
        if source.path not in self._sums:
            from stepwell.core.files.checksum import checksum

            body = migration.body if isinstance(migration.body, SqlBody) else None
            self._sums[source.path] = checksum(source, self._rules, body)
        return self._sums[source.path]

    def facts(self, migration: Migration, direction: Direction) -> StepFacts:
        """What is known of the statements of one direction."""
        key = (migration.path, direction)
        if key not in self._told:
            from stepwell.core.facts import facts_of

            self._told[key] = facts_of(self.parsed(migration), direction, self._rules)
        return self._told[key]

    def _migrations(self, known: Mapping[Version, Record]) -> tuple[Migration, ...]:
        found: list[Migration] = []
        problems: list[MigrationError] = []
        for source in self.listing.files:
            try:
                found.append(self._migration(source, known.get(source.version)))
            except MigrationError as problem:
                problems.extend(problem.problems or [problem])
        if problems:
            raise together(problems)
        return tuple(found)

    def _migration(self, source: SourceFile, record: Record | None) -> Migration:
        if record is not None and unchanged(source, record):
            return from_record(source, record.name, record.description or "", record.dependencies)
        return self._parse(source)

    def _parse(self, source: SourceFile) -> Migration:
        if source.path not in self._parsed:
            migration = parse(source, self._rules)
            if isinstance(migration.body, PythonBody) and migration.body.needs_import:
                migration, _ = self._context.loader.load(migration)
            self._parsed[source.path] = migration
        return self._parsed[source.path]


def graph_of(migrations: Iterable[Migration], records: Iterable[Record] = ()) -> Graph:
    """The graph of files, and of records whose file is gone; raises `GraphError`."""
    nodes = [Node(each.version, each.dependencies, each.place) for each in migrations]
    have = {node.version for node in nodes}
    gone = {record.version: record for record in records if record.version not in have}
    known = have | gone.keys()
    nodes += [
        Node(
            record.version,
            tuple(each for each in record.dependencies if each in known and each != record.version),
            Place("the history"),
        )
        for record in gone.values()
    ]
    return build(nodes)


def with_bodies(situation: Situation, shelf: Shelf) -> Situation:
    """The same situation with every applied file parsed, for a rollback, which needs to know what has a `down`."""

    def whole(entry: Entry) -> Entry:
        return entry if entry.migration is None else replace(entry, migration=shelf.parsed(entry.migration))

    return replace(situation, entries={version: whole(entry) for version, entry in situation.entries.items()})

"""The files of a run: read once, parsed and hashed at most once, and only if somebody needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationError
from stepwell.core.files.listing import together
from stepwell.core.files.parse import from_record, parse
from stepwell.core.history import unchanged
from stepwell.core.migration import Direction, PythonBody, SqlBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.app.context import Context
    from stepwell.core.facts import StepFacts
    from stepwell.core.files.listing import SourceListing
    from stepwell.core.history import History, Record
    from stepwell.core.migration import Migration, SourceFile, Version


class Shelf:
    """The migrations of one run: every file is parsed and hashed at most once, and only if somebody needs it."""

    def __init__(self, context: Context) -> None:
        self._context = context
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
        return self.migrations({})

    def all_applied(self, history: History) -> bool:
        """Whether the files are byte for byte what was applied, and nothing else was: then nothing is to be done.

        The answer to the most frequent question, without parsing, ordering or planning anything.
        """
        records = {record.version: record for record in history.records}
        files = self.listing.files
        if not history.ready or history.attempts:
            return False
        versions = {source.version for source in files}
        if len({len(files), len(versions), len(records), len(history.records)}) > 1:
            return False  # also where one version is there twice
        if not all(versions.issuperset(record.dependencies) for record in history.records):
            return False
        return all(
            (record := records.get(source.version)) is not None and unchanged(source, record)
            for source in files
        )

    def migrations(self, known: Mapping[Version, Record]) -> tuple[Migration, ...]:
        """Every file as a migration; one that is byte for byte what was applied is told by its record in `known`."""
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
            self._sums[source.path] = checksum(source, self._context.dialect.rules, body)
        return self._sums[source.path]

    def facts(self, migration: Migration, direction: Direction) -> StepFacts:
        """What is known of the statements of one direction."""
        key = (migration.path, direction)
        if key not in self._told:
            from stepwell.core.facts import facts_of

            self._told[key] = facts_of(self.parsed(migration), direction, self._context.dialect.rules)
        return self._told[key]

    def _migration(self, source: SourceFile, record: Record | None) -> Migration:
        if record is not None and unchanged(source, record):
            return from_record(source, record.name, record.description or "", record.dependencies)
        return self._parse(source)

    def _parse(self, source: SourceFile) -> Migration:
        if source.path not in self._parsed:
            migration = parse(source, self._context.dialect.rules)
            if isinstance(migration.body, PythonBody) and migration.body.needs_import:
                migration, _ = self._context.loader.load(migration)
            self._parsed[source.path] = migration
        return self._parsed[source.path]

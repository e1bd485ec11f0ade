"""From a source file to a migration, whatever it is written in; and the short way for one that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import Language, Migration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.migration import SourceFile, Version
    from stepwell.core.sql.rules import LexRules


def parse(source: SourceFile, rules: LexRules) -> Migration:
    """Make a migration out of a file. `rules` are the engine's. Raises `MigrationFileError` with the line."""
    # A project that is all Python does not load what reads SQL files, and the other way round.
    if source.language is Language.PYTHON:
        from stepwell.core.files.pyfile import read_python

        return read_python(source, rules)
    from stepwell.core.files.sqlfile import read_sql

    return read_sql(source, rules)


def from_record(
    source: SourceFile,
    name: str,
    description: str,
    dependencies: Sequence[Version],
    *,
    version: Version | None = None,
) -> Migration:
    """Make a migration out of its record, for a file that is byte for byte what was applied: no parsing."""
    return Migration(
        version=version or source.version,
        name=name,
        description=description,
        dependencies=tuple(dependencies),
        source=source,
        body=None,
    )

"""The loader of a project: it imports each Python migration once, and says what it really is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import PythonBody

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.author import Migration as Author
    from stepwell.core.migration import Migration


class PythonLoader:
    """Imports migrations from the bytes that were hashed.

    `root` is the folder of the configuration, on `sys.path` while a file is imported; None for migrations
    that need nothing of a project.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = None if root is None else root.resolve()
        self._classes: dict[tuple[str, str], type[Author]] = {}

    def load(self, migration: Migration) -> tuple[Migration, type[Author] | None]:
        """Give the migration as its class really is, and the class; None for an SQL file.

        Takes a migration that was parsed. Raises `MigrationFileError` where its import fails, and for a value
        that is wrong.
        """
        if not isinstance(migration.body, PythonBody):
            return migration, None
        from stepwell.sources.effective import effective
        from stepwell.sources.loading import load_class

        key = (migration.path, migration.source.file_hash)
        if key not in self._classes:
            self._classes[key] = load_class(migration.source, migration.body, self._root)
        return effective(migration, self._classes[key]), self._classes[key]

    def file_of(self, migration: Migration) -> str:
        """The name of its file as code objects and tracebacks have it."""
        from stepwell.sources.loading import file_of

        return file_of(migration.source, self._root)

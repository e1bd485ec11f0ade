"""The loader of a project: it imports each Python migration once, and says what it really is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stepwell.core.migration import PythonBody

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.author import Migration as Author
    from stepwell.core.migration import Migration
    from stepwell.sources.closure import Closure


class PythonLoader:
    """Imports migrations from the bytes that were hashed.

    `root` is the folder of the configuration, on `sys.path` while a file is imported; None for migrations
    that need nothing of a project.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = None if root is None else root.resolve()
        self._classes: dict[tuple[str, str], type[Author]] = {}
        self._loaded = frozenset(getattr(module, "__file__", None) for module in list(sys.modules.values()))

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

    def modules_of(self, migration: Migration) -> Closure | None:
        """The modules of the project that it brings in, with their bytes; none for an SQL file.

        None where that can't be told, also where one is loaded already, and may be older than its file is by now.
        """
        from stepwell.core.files.text import decode
        from stepwell.sources.closure import closure

        if not isinstance(migration.body, PythonBody):
            return {}
        if self._root is None:
            return None
        return closure(self._root, migration.path, decode(migration.source), self._loaded)

    def file_of(self, migration: Migration) -> str:
        """The name of its file as code objects and tracebacks have it."""
        from stepwell.sources.loading import file_of

        return file_of(migration.source, self._root)

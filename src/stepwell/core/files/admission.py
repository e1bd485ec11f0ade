"""Whether a file is a migration, by its name and, where that leaves it open, by what stands in it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.names import Evidence, IgnoredBecause
from stepwell.core.migration import Finding, Language, SourceFile, Version, version_problem

if TYPE_CHECKING:
    from stepwell.core.files.names import FileName, Ignored

_UP_MARKER = re.compile(rb"^--\s*migrate:up\b", re.MULTILINE)
_NAME_IT = "name it like `006_add_column.py`: a version, `_`, and what it does"


def admit(name: FileName, path: str, content: bytes) -> SourceFile | None:
    """Make a source file out of the parts of its name, its path as people are to see it, and its bytes.

    Gives None where it turns out to be no migration.
    Raises `MigrationFileError` for a name that can't be a migration's.
    """
    source = SourceFile(
        path=path,
        language=name.language,
        version=Version(name.version),
        name=name.name,
        content=content,
        file_hash=sha256(content, usedforsecurity=False).hexdigest(),
    )
    if name.evidence is Evidence.CONTENT and not _shows_migration(source):
        return None
    if problem := version_problem(name.version) or _name_problem(name.name):
        raise MigrationFileError(problem, place=Place(path), hint=_NAME_IT)
    return source


def finding_about(ignored: Ignored, path: str) -> Finding | None:
    """What is to be said of a file that is passed over, where its author may have meant a migration."""
    if ignored.because is IgnoredBecause.RESERVED:
        message = "it is passed over: names that begin with 'R__' are reserved for repeatable migrations"
        return Finding("reserved-name", message, Place(path), "begin the name with a version")
    if ignored.because is IgnoredBecause.SUFFIX_CASE:
        message = "it is passed over: its suffix is not in lower case"
        return Finding("suffix-case", message, Place(path), "write the suffix in lower case")
    return None


def _name_problem(name: str) -> str | None:
    return None if name.isprintable() else f"the name {name!r} holds a character that can't be shown"


def _shows_migration(source: SourceFile) -> bool:
    if source.language is Language.SQL:
        return _UP_MARKER.search(source.content) is not None
    if b"Migration" not in source.content:
        return False
    from stepwell.core.files.pytree import methods, migration_classes, parse_tree
    from stepwell.core.files.text import decode

    try:
        tree = parse_tree(decode(source), source.path)
    except MigrationFileError:
        return False
    return any("up" in methods(node) for node in migration_classes(tree))

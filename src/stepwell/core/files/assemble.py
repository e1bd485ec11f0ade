"""From what a Python class declares to a migration: values checked, and held against the name of the file.

It does not know whether they were read from the syntax tree or from the imported class: both come here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError
from stepwell.core.files.declared import (
    DEPENDENCIES,
    read_text,
    read_traits,
    read_version,
    read_versions,
)
from stepwell.core.files.names import stem_of
from stepwell.core.files.noticed import noticed_about_down
from stepwell.core.migration import Migration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.files.declared import (
        Declared,
    )
    from stepwell.core.migration import Finding, PythonBody, SourceFile, Traits, Version

GETTERS = ("get_version", "get_name", "get_description", "get_dependencies")

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_RENAME = "rename the file, or correct the getter"


@dataclass(frozen=True, slots=True)
class Declarations:
    """What a class declares: the values of its getters, by getter; its attributes, by name; its docstring."""

    getters: Mapping[str, Declared]
    attributes: Mapping[str, Declared]
    docstring: str | None


def assemble(
    source: SourceFile, body: PythonBody, declarations: Declarations, findings: Iterable[Finding] = ()
) -> Migration:
    """Make the migration. Raises `MigrationFileError` for a wrong value or a contradiction, with the line."""
    traits = read_traits(declarations.attributes)
    version = _version(source, declarations.getters.get("get_version"))
    stated = _dependencies(declarations)
    migration = Migration(
        version=version,
        name=_name(source, version, declarations.getters.get("get_name")),
        description=_description(declarations),
        dependencies=stated or (),
        source=source,
        body=body,
        traits=traits,
        dependencies_stated=stated is not None,
    )
    return with_findings(migration, (*findings, *_noticed(migration, body, traits)))


def with_findings(migration: Migration, findings: Iterable[Finding]) -> Migration:
    """The same migration with these findings in the order of their lines."""
    return replace(migration, findings=tuple(sorted(findings, key=lambda finding: finding.place.line or 0)))


def _noticed(migration: Migration, body: PythonBody, traits: Traits) -> Iterable[Finding]:
    if body.needs_import:  # then a base class may bring what is not seen here
        return ()
    return noticed_about_down(traits, migration.place, has_down=body.has_down)


def _version(source: SourceFile, declared: Declared | None) -> Version:
    if declared is None:
        return source.version
    stated = read_version(declared)
    if stated == source.version:
        return source.version
    if f"{stem_of(source.path)}_".startswith(f"{stated}_"):  # `2026_01_add.py`: the version itself has a `_`
        return stated
    message = f"get_version() says {stated.text!r}, the name of the file says {source.version.text!r}"
    raise MigrationFileError(message, place=declared.place, hint=_RENAME)


def _name(source: SourceFile, version: Version, declared: Declared | None) -> str:
    from_file = source.name
    if version.text != source.version.text:
        from_file = stem_of(source.path).removeprefix(version.text).strip("_") or version.text
    if declared is None:
        return from_file
    stated = read_text(declared)
    if _folded(stated) != _folded(from_file):
        message = f"get_name() says {stated!r}, the name of the file says {from_file!r}"
        raise MigrationFileError(message, place=declared.place, hint=_RENAME)
    return stated


def _folded(name: str) -> str:
    """A name without what is a matter of taste: case, and what stands between words."""
    return _NOT_ALPHANUMERIC.sub("_", unicodedata.normalize("NFC", name).casefold()).strip("_")


def _description(declarations: Declarations) -> str:
    declared = declarations.getters.get("get_description")
    if declared is not None:
        return read_text(declared)
    return " ".join(_BLANK_LINE.split((declarations.docstring or "").strip(), maxsplit=1)[0].split())


def _dependencies(declarations: Declarations) -> tuple[Version, ...] | None:
    """What is stated, by getter or attribute; None where nothing is."""
    getter = declarations.getters.get("get_dependencies")
    attribute = declarations.attributes.get(DEPENDENCIES)
    if getter is None:
        return None if attribute is None else read_versions(attribute)
    stated = read_versions(getter)
    if attribute is not None and set(read_versions(attribute)) != set(stated):
        message = f"get_dependencies() contradicts the attribute `dependencies` ({attribute.place})"
        raise MigrationFileError(message, place=getter.place, hint="keep one of the two")
    return stated

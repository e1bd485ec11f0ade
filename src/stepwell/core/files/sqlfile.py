"""From the text of an SQL file to a migration: its header lines, its sections, what is noticed about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.assemble import with_findings
from stepwell.core.files.declared import (
    ATTRIBUTES,
    DEPENDENCIES,
    FLAGS,
    LISTS,
    Declared,
    read_text,
    read_traits,
    read_versions,
)
from stepwell.core.files.mixed import mixed_findings
from stepwell.core.files.noticed import noticed_about_down
from stepwell.core.files.sections import find_sections
from stepwell.core.files.text import decode
from stepwell.core.migration import Finding, Migration
from stepwell.core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.migration import SourceFile
    from stepwell.core.sql.rules import LexRules

_DIRECTIVE = re.compile(r"^--[ \t]*([A-Za-z][\w \t-]*?)[ \t]*(?::(.*))?$", re.MULTILINE)
_ALIASES = {"depends": DEPENDENCIES}
_DIRECTIVES = ("description", "depends", *ATTRIBUTES)
_WORDS = {"true": True, "false": False}


def read_sql(source: SourceFile, rules: LexRules) -> Migration:
    """Make a migration out of an SQL file. Raises `MigrationFileError` with the line."""
    text = decode(source)
    sections = find_sections(text, source.path, rules)
    declared, findings = _read_header(sections.header, source.path)
    traits = read_traits(declared)
    migration = Migration(
        version=source.version,
        name=source.name,
        description=read_text(declared["description"]) if "description" in declared else "",
        dependencies=read_versions(declared[DEPENDENCIES]) if DEPENDENCIES in declared else (),
        source=source,
        body=sections.body,
        traits=traits,
        dependencies_stated=DEPENDENCIES in declared,
        findings=(
            *findings,
            *noticed_about_down(traits, Place(source.path), has_down=sections.body.down is not None),
        ),
    )
    mixed = mixed_findings(migration, rules)
    return with_findings(migration, (*migration.findings, *mixed)) if mixed else migration


def is_header_line(line: str) -> bool:
    """Whether a line of a header declares something; else it is a comment."""
    match = _DIRECTIVE.match(line)
    return (
        match is not None
        and _named(match) in _DIRECTIVES
        and (match[2] is not None or _named(match) in FLAGS)
    )


def _named(match: re.Match[str]) -> str:
    return re.sub(r"[\s-]+", "_", match[1]).lower()


def _read_header(header: str, path: str) -> tuple[dict[str, Declared], Sequence[Finding]]:
    declared: dict[str, Declared] = {}
    findings: list[Finding] = []
    for match in _DIRECTIVE.finditer(header):
        place = Place(path, header.count("\n", 0, match.start()) + 1)
        word = _named(match)
        name = _ALIASES.get(word, word)
        if name not in _DIRECTIVES or (match[2] is None and name not in FLAGS):
            findings.extend(_misspelt(match, word, place))
        elif name in declared:
            first = declared[name].place
            raise MigrationFileError(f"`-- {match[1]}` is said twice, first in {first}", place=place)
        else:
            declared[name] = Declared(f"-- {match[1]}", _value(name, match[2]), place)
    return declared, findings


def _value(name: str, text: str | None) -> object:
    """What a header line says, as the Python value that the rules are made for."""
    if text is None:
        return True
    if name in LISTS:
        return [item for item in re.split(r"[\s,]+", text) if item]
    text = text.strip()
    return _WORDS.get(text.lower(), text) if name in FLAGS else text


def _misspelt(match: re.Match[str], word: str, place: Place) -> Sequence[Finding]:
    """A comment is just a comment, unless it is like a header line of ours that was misspelt."""
    meant = word if word in _DIRECTIVES else None
    if meant is None and match[2] is not None:
        meant = nearest(word, _DIRECTIVES)
    if meant is None or not (meant[0] == word[0] or word in meant):
        return ()
    message = f"`-- {match[1]}` is not known, and has no effect"
    return (Finding("unknown-attribute", message, place, f"did you mean `-- {meant}: ...`?"),)

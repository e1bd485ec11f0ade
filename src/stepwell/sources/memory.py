"""Migrations that a program holds in memory: generated ones, and those of tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationError
from stepwell.core.files.admission import admit, finding_about
from stepwell.core.files.listing import SourceListing, together
from stepwell.core.files.names import FileName, read_name

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Files by name, such as `{"001_add_users.sql": "-- migrate:up ..."}`; the name is shown as the path."""

    files: Mapping[str, bytes | str]

    def read(self) -> SourceListing:
        """Take every file; see `Source.read`."""
        return admit_all(sorted((name, name, _as_bytes(content)) for name, content in self.files.items()))


def admit_all(files: list[tuple[str, str, bytes]]) -> SourceListing:
    """Make a listing out of files (name, path as people are to see it, bytes), in this order."""
    admitted, findings = [], []
    problems: list[MigrationError] = []
    for name, path, content in files:
        parts = read_name(name)
        if not isinstance(parts, FileName):
            findings.append(finding_about(parts, path))
            continue
        try:
            admitted.append(admit(parts, path, content))
        except MigrationError as problem:
            problems.append(problem)
    if problems:
        raise together(problems)
    return SourceListing(tuple(filter(None, admitted)), tuple(filter(None, findings)))


def _as_bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content

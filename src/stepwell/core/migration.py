"""What a migration is, as values: its version, what its author declared, its body. Nothing here reads a file.

`core/files` makes these values out of bytes; `sources` finds the bytes; `plan` orders the values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import total_ordering
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import Place, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.sql.statement import Statement

BASE = "base"  # the reserved version that stands before every migration
MAX_VERSION_LENGTH = 50  # the width of the column `version`

_VERSION = re.compile(r"[A-Za-z0-9_.\-]+")
_CHUNK = re.compile(r"(\d+)|(\D+)")

VersionKey = tuple[tuple[int, int, str], ...]


def version_problem(text: str) -> str | None:
    """Say what is wrong with a version, or None: letters, digits, `_`, `.`, `-`, at most 50, not `base`."""
    if not text:
        return "a version can't be empty"
    if text.lower() == BASE:
        return f"the version {text!r} is reserved: it stands for the state before every migration"
    if len(text) > MAX_VERSION_LENGTH:
        return f"the version {text[:20]!r}... has {len(text)} characters, at most {MAX_VERSION_LENGTH} fit"
    if not _VERSION.fullmatch(text):
        return f"the version {text!r} may hold only letters, digits, '_', '.' and '-'"
    return None


@total_ordering
class Version:
    """A version in natural order: `9` before `10`, `1.9` before `1.10`, and `6` is the same as `006`.

    Takes the text as the author wrote it and keeps it; compares by value. Raises nothing: whoever takes a version
    from a person asks `version_problem` first (or calls `Version.parse`).
    """

    __slots__ = ("key", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.key: VersionKey = tuple(
            (0, int(digits), "") if digits else (1, 0, other) for digits, other in _CHUNK.findall(text)
        )

    @classmethod
    def parse(cls, text: str) -> Version:
        """Make a version out of what a person typed. Raises `UsageError` for what can't be one."""
        if problem := version_problem(text):
            raise UsageError(problem)
        return cls(text)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


class Direction(StrEnum):
    """Which way a migration goes."""

    UP = "up"
    DOWN = "down"


class Language(StrEnum):
    """What a migration is written in; the value is the file's suffix without its dot."""

    PYTHON = "py"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the author declared beside the code. Times are in seconds; None means: as the run is configured."""

    transactional: bool = True
    irreversible: bool = False
    idempotent: bool = False
    ends_segment: bool = False
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    idle_timeout: float | None = None
    tags: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class SqlSection:
    """One direction of an SQL file: its text, the line of the file on which the text begins, its transaction option.

    `statements` are those of the text, with lines of the file.
    """

    text: str
    first_line: int
    transactional: bool = True
    statements: tuple[Statement, ...] = field(default=(), repr=False, compare=False)


class SqlBody(NamedTuple):
    """What an SQL file holds. A missing or empty down section is None."""

    up: SqlSection
    down: SqlSection | None


@dataclass(frozen=True, slots=True)
class PythonBody:
    """What the syntax tree of a Python file told: the class and which methods it defines.

    `needs_import` is true where a getter or an attribute is no literal: then the values beside it are provisional until
    the file has been imported. `up_sql` and `down_sql` are the literal statements that these methods give to
    `database`, as far as the text tells.
    """

    class_name: str
    class_line: int
    has_up: bool
    has_down: bool
    has_is_applied: bool
    needs_import: bool = False
    up_sql: tuple[Statement, ...] = field(default=(), repr=False, compare=False)
    down_sql: tuple[Statement, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of one file, read once: what is hashed is what will be compiled and run.

    `path` is as people are to see it (relative to the root where it can be); `version` and `name` come from the name of
    the file; `file_hash` is the SHA-256 of the bytes in hex.
    """

    path: str
    language: Language
    version: Version
    name: str
    content: bytes = field(repr=False)
    file_hash: str


class Finding(NamedTuple):
    """One result of `check` or of a lint rule: a stable code, what it says, where, and what to do."""

    code: str
    message: str
    place: Place
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """One versioned change: one file.

    `body` is None where the file was not parsed, because it is byte for byte what was applied: the other values then
    come from its record. `checksum` is None until somebody needs it (`core.files.checksum`).
    """

    version: Version
    name: str
    description: str
    dependencies: tuple[Version, ...]
    source: SourceFile
    body: PythonBody | SqlBody | None
    traits: Traits = Traits()
    dependencies_stated: bool = True
    findings: tuple[Finding, ...] = ()

    @property
    def path(self) -> str:
        """Where the file is, as people are to see it."""
        return self.source.path

    @property
    def place(self) -> Place:
        """The file and, for a Python class, the line on which it begins."""
        line = self.body.class_line if isinstance(self.body, PythonBody) else None
        return Place(self.source.path, line)

    def statements(self, direction: Direction) -> tuple[Statement, ...]:
        """The statements of one direction, as far as the text of the file tells; lines are lines of the file."""
        up = direction is Direction.UP
        if isinstance(self.body, PythonBody):
            return self.body.up_sql if up else self.body.down_sql
        section = None if self.body is None else self.body.up if up else self.body.down
        return section.statements if section is not None else ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that may say what it does: its statements; of Python, whose SQL may be put together, all of it."""
        whole = self.source.content.decode(errors="replace")
        python = (whole,) if isinstance(self.body, PythonBody) else ()
        statements = (each.text for direction in Direction for each in self.statements(direction))
        return (*statements, *python)

    @property
    def reversible(self) -> bool:
        """Whether there is a `down` that may be run."""
        if self.traits.irreversible or self.body is None:
            return False
        return self.body.has_down if isinstance(self.body, PythonBody) else self.body.down is not None

    def transactional(self, direction: Direction) -> bool:
        """Whether this direction runs inside a transaction, as declared."""
        if isinstance(self.body, SqlBody):
            section = self.body.up if direction is Direction.UP else self.body.down
            return self.traits.transactional and (section is None or section.transactional)
        return self.traits.transactional


def version_texts(versions: Sequence[Version]) -> list[str]:
    """The texts of versions, in their order."""
    return [version.text for version in versions]

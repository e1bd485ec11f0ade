"""What the model is made of: migration files, what they run, and what that makes of a database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

UP, DOWN = "up", "down"


class Statement(NamedTuple):
    """One statement: `create`, `leave` (a row), `take` (the rows of a version), `drop`, `drop_if_there`, or `fail`."""

    does: str
    version: str
    edition: int = 0


@dataclass(frozen=True)
class File:
    """One migration file. Its `edition` is a number that no other text ever had; `note` stands in a comment."""

    version: str
    name: str
    edition: int
    python: bool = False
    depends: tuple[str, ...] = ()
    note: int = 0
    broken: bool = False
    apart: bool = False
    reversible: bool = True
    idempotent: bool = False

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return f"{self.version}_{self.name}"

    @property
    def seal(self) -> tuple[int, bool]:
        """What tells whether it is still what was applied: no comment, and not its name."""
        return self.edition, self.broken

    def statements(self, direction: str) -> tuple[Statement, ...]:
        """What it runs."""
        if direction == DOWN:
            drop = "drop_if_there" if self.idempotent else "drop"
            return Statement("take", self.version), Statement(drop, self.version)
        made = Statement("create", self.version), Statement("leave", self.version, self.edition)
        return (*made, Statement("fail", self.version)) if self.broken else made


@dataclass(frozen=True)
class Row:
    """What the history says of one migration, in the order of application."""

    version: str
    depends: tuple[str, ...]
    seal: tuple[int, bool]


@dataclass(frozen=True)
class Contents:
    """What the migrations made of the database."""

    tables: frozenset[str] = frozenset()
    rows: tuple[tuple[str, int], ...] = ()

    def after(self, statement: Statement) -> Contents | None:
        """With this statement done; None where the database refuses it."""
        version, there = statement.version, statement.version in self.tables
        match statement.does:
            case "create" if not there:
                return replace(self, tables=self.tables | {version})
            case "drop_if_there":
                return replace(self, tables=self.tables - {version})
            case "drop" if there:
                return replace(self, tables=self.tables - {version})
            case "leave":
                return replace(self, rows=(*self.rows, (version, statement.edition)))
            case "take":
                return replace(self, rows=tuple(row for row in self.rows if row[0] != version))
        return None

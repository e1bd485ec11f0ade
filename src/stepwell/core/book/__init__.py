"""The documentation of migrations and of the structure that they give, as values. How it is drawn is another layer."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stepwell.core.migration import Language, Traits, Version
    from stepwell.core.proof import Verdict
    from stepwell.core.schema.snapshot import Key
    from stepwell.core.schema.words import Line


class Touched(NamedTuple):
    """Which migration made a thing, and which one was the last to change it: the same where none was."""

    made: Version
    changed: Version


class Sent(NamedTuple):
    """A statement, and how often it was sent in a row."""

    sql: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """One direction of a migration.

    `text` is the section of an SQL file as it is written; `statements` are those that a Python file sends.
    `left_out` counts the lines of the one, or the statements of the other, that are too many to be shown.
    """

    text: str | None = None
    statements: tuple[Sent, ...] = ()
    left_out: int = 0
    transactional: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `verify` found of a migration."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """One migration.

    `remarks` is what its author wrote beside the description. `changes` tells what it does to the structure; None where
    nobody looked, and so are `down` of one that is irreversible, `judgement` of one that was not tried, and `source` of
    one whose statements say it all.
    """

    version: Version
    name: str
    description: str
    remarks: str
    path: str
    language: Language
    dependencies: tuple[Version, ...]
    dependents: tuple[Version, ...]
    traits: Traits
    up: Script
    down: Script | None
    changes: tuple[Line, ...] | None = None
    judgement: Judgement | None = None
    source: str | None = None

    @property
    def title(self) -> str:
        """Its version and name."""
        return f"{self.version} {self.name}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `attributes` are those that are not told by the other fields."""

    name: str
    type: str
    nullable: bool
    default: str | None
    comment: str | None
    attributes: Mapping[str, Any]
    touched: Touched | None


@dataclass(frozen=True, slots=True)
class Item:
    """Anything else: what hangs on a table, or stands for itself. `definition` is SQL, or a part of it.

    `on` is the identity of what it hangs on, which its own need not tell: that of an index does not.
    """

    key: Key
    name: str
    on: str | None
    definition: str | None
    comment: str | None
    attributes: Mapping[str, Any]
    touched: Touched | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: which table refers to which, and by which columns. `optional`: one of them may be NULL."""

    name: str
    table: Key
    columns: tuple[str, ...]
    to: Key
    to_columns: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table, with everything that hangs on it. References lead from it and to it."""

    key: Key
    schema: str
    comment: str | None
    attributes: Mapping[str, Any]
    columns: tuple[Column, ...]
    items: tuple[Item, ...]
    references: tuple[Reference, ...]
    referenced: tuple[Reference, ...]
    touched: Touched | None


@dataclass(frozen=True, slots=True)
class Book:
    """All of it: the migrations in plan order, the tables, and what else they have made, sorted.

    `structure` is false where no snapshots could be taken, `verified` where nothing was tried. `notes` say what is
    not in it, and why.
    """

    engine: str
    chapters: tuple[Chapter, ...]
    sheets: tuple[Sheet, ...] = ()
    items: tuple[Item, ...] = ()
    structure: bool = True
    verified: bool = True
    notes: tuple[str, ...] = ()


def cleaned(book: Book, clean: Callable[[str], str]) -> Book:
    """The same book with every text in it as `clean` gives it."""
    return cast("Book", _cleaned(book, clean))


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if type(value) is str:
        return clean(value)
    if isinstance(value, tuple):
        parts = [_cleaned(each, clean) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [_cleaned(each, clean) for each in value]
    if isinstance(value, dict):
        return {name: _cleaned(each, clean) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _cleaned(getattr(value, each.name), clean) for each in fields(value)}
        )
    return value

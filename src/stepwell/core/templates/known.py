"""What the migrations that are there create, as far as their text tells: tables with their columns, and types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.migration import Direction
from stepwell.core.sql.kinds import classify
from stepwell.core.sql.objects import ObjectKind
from stepwell.core.sql.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stepwell.core.migration import Migration
    from stepwell.core.sql.rules import LexRules

_OTHER_PARTS = "CONSTRAINT PRIMARY UNIQUE CHECK FOREIGN EXCLUDE LIKE INDEX KEY FULLTEXT SPATIAL PERIOD"
_NO_COLUMN = frozenset(_OTHER_PARTS.split())


# What ends the type of a column, and begins what else its definition says.
_BEHIND_TYPE = """
    NOT NULL DEFAULT CONSTRAINT PRIMARY UNIQUE CHECK REFERENCES COLLATE GENERATED AS AUTO_INCREMENT COMMENT ON
"""
_NO_TYPE = frozenset(_BEHIND_TYPE.split())


class Column(NamedTuple):
    """A column as its definition has it; `type` is empty where the definition says none.

    Of one that counts by itself (`serial`), it is the type of what it counts: what a column that refers to it is of.
    """

    type: str = ""
    not_null: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """The tables in the order in which they were created, each with its columns, and the enum types likewise."""

    tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    enums: dict[str, None] = field(default_factory=dict)


def known_from(migrations: Iterable[Migration], rules: LexRules) -> Known:
    """Read what migrations create, in their order. What only code knows is not known."""
    known = Known()
    for migration in migrations:
        for statement in migration.statements(Direction.UP):
            _follow(statement.text, rules, known)
    return known


def _follow(sql: str, rules: LexRules, known: Known) -> None:
    facts = classify(sql, rules)
    reader = Reader(sql, rules)
    for made in facts.creates:
        if made.kind is ObjectKind.TABLE and not made.temporary:
            known.tables.pop(made.name, None)
            known.tables[made.name] = dict(_defined(sql, reader))
        elif made.kind is ObjectKind.TYPE and "ENUM" in map(reader.word, range(8)):
            known.enums[made.name] = None
    if facts.verb not in ("DROP TABLE", "ALTER TABLE"):
        return
    at = 2
    while reader.word(at) in ("IF", "EXISTS", "ONLY"):
        at += 1
    path, at = reader.path(at)
    name = path[-1] if path else ""
    if facts.verb == "DROP TABLE":
        known.tables.pop(name, None)
    elif name in known.tables:
        _alter(sql, reader, at, known.tables[name])


def _alter(sql: str, reader: Reader, at: int, columns: dict[str, Column]) -> None:
    """Follow the actions of ALTER TABLE, which begin at an index."""
    for first, end in _parts(reader, at, 0):
        action, at = reader.word(first), first + 1
        at += reader.word(at) == "COLUMN"
        at += 3 if reader.words(at, "IF", "NOT", "EXISTS") else 2 if reader.words(at, "IF", "EXISTS") else 0
        if reader.word(at) in _NO_COLUMN or (name := reader.name(at)) is None:
            continue
        if action == "ADD":
            columns[name] = _column(sql, reader, at + 1, end)
        elif action == "DROP":
            columns.pop(name, None)
        elif action == "RENAME" and reader.word(at + 1) == "TO" and (new := reader.name(at + 2)):
            columns[new] = columns.pop(name, Column())


def _defined(sql: str, reader: Reader) -> Iterator[tuple[str, Column]]:
    """The columns of CREATE TABLE: what stands in the parentheses right behind its name."""
    at = next((index for index, _ in enumerate(reader) if reader.word(index) == "TABLE"), 0) + 1
    at += 3 if reader.words(at, "IF", "NOT", "EXISTS") else 0
    _, at = reader.path(at)
    if reader.sign(at) != "(":
        return
    for first, end in _parts(reader, at + 1, 0):
        if reader.word(first) not in _NO_COLUMN and (name := reader.name(first)):
            yield name, _column(sql, reader, first + 1, end)


def _parts(reader: Reader, at: int, depth: int) -> Iterator[tuple[int, int]]:
    """The stretches between commas, from an index to the end or to a parenthesis that closes more than was opened."""
    first = at
    while (token := reader.token(at)) is not None:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0:
            break
        if token.text == "," and depth == 0:
            yield first, at
            first = at + 1
        at += 1
    yield first, at


def _column(sql: str, reader: Reader, first: int, end: int) -> Column:
    last = next((at for at in range(first, end) if reader.word(at) in _NO_TYPE), end)
    not_null = any(reader.words(at, "NOT", "NULL") or reader.words(at, "PRIMARY") for at in range(last, end))
    if first >= last:
        return Column("", not_null)
    begin, final = reader.token(first), reader.token(last - 1)
    assert begin is not None  # noqa: S101 - they stand before the end
    assert final is not None  # noqa: S101
    text = sql[begin.start : final.start + len(final.text)]
    counted = reader.rules.commands.counting_types.get(text.lower())
    return Column(counted or text, not_null or counted is not None)

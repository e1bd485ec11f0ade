"""From a snapshot to the tables of the book, and to what else there is. Knows what has columns, and few other kinds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stepwell.core.book import Column, Item, Reference, Sheet
from stepwell.core.book.renames import SCHEMA, last_part, path_of
from stepwell.core.schema.diff import POSITION
from stepwell.core.schema.snapshot import OWNERS, Key, Snapshot
from stepwell.core.schema.versions import only_not_null
from stepwell.core.schema.words import written
from stepwell.core.sql.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stepwell.core.book import Touched
    from stepwell.core.schema.snapshot import Fact
    from stepwell.core.sql.rules import LexRules

COLUMN, CONSTRAINT = "column", "constraint"
_FOREIGN_KEY = "foreign key"
_DEFAULT_PRIVILEGES = "default privileges"  # what is called by the role that they are for
_DEFINITIONS = ("definition", "body", "sql")


def settled(snapshot: Snapshot, owner: str | None) -> Snapshot:
    """Without what is not the migrations' doing, but the server's.

    That is whom things belong to that were made by whoever ran the migrations, and the constraints that newer servers
    have besides for columns that are not null.
    """
    facts = [_of_whoever_ran(fact, owner) for fact in snapshot.facts if not only_not_null(fact)]
    return Snapshot(snapshot.engine, snapshot.server, facts)


def _of_whoever_ran(fact: Fact, owner: str | None) -> Fact:
    """Without the name of whoever ran the migrations, who is another one elsewhere."""
    if owner is None:
        return fact
    if fact.kind == _DEFAULT_PRIVILEGES and fact.identity.startswith(f"{owner} "):
        return replace(fact, identity=f"<owner>{fact.identity.removeprefix(owner)}")
    theirs = [name for name in OWNERS if fact.attributes.get(name) == owner]
    if not theirs:
        return fact
    return replace(
        fact, attributes={name: each for name, each in fact.attributes.items() if name not in theirs}
    )


def is_table(key: Key) -> bool:
    """Whether it has rows of its own: a table of any sort."""
    return key.kind.split()[-1] == "table"


def laid_out(
    snapshot: Snapshot, touched: Mapping[Key, Touched], rules: LexRules
) -> tuple[tuple[Sheet, ...], tuple[Item, ...]]:
    """The tables, and what else migrations have made; neither what was there before them, nor columns of views."""
    children: dict[Key, list[Fact]] = defaultdict(list)
    for fact in snapshot.facts:
        if fact.parent is not None:
            children[fact.parent].append(fact)
    tables = [fact for fact in snapshot.facts if is_table(fact.key) and fact.key in touched]
    references = list(_references(tables, children, rules))
    sheets = tuple(_sheet(fact, children[fact.key], references, touched) for fact in tables)
    shown = {sheet.key for sheet in sheets}
    items = tuple(
        _item(fact, touched)
        for fact in snapshot.facts
        if fact.key in touched and fact.key not in shown and not _is_told(fact, shown)
    )
    return sheets, items


def notes(snapshot: Snapshot, touched: Mapping[Key, Touched]) -> tuple[str, ...]:
    """What can't be told of this structure, or not in full."""
    unknown = (f"of a kind that stepwell does not know: {fact.identity}" for fact in snapshot.unknown)
    told = (f"the {fact.key} may not be read in full" for fact in snapshot.unreadable if fact.key in touched)
    return (*unknown, *told)


def _is_told(fact: Fact, shown: set[Key]) -> bool:
    """Whether it is told with its table, or by the definition of its view."""
    return fact.kind == COLUMN or fact.parent in shown


def _sheet(
    fact: Fact, facts: Sequence[Fact], references: Sequence[Reference], touched: Mapping[Key, Touched]
) -> Sheet:
    columns = [each for each in facts if each.kind == COLUMN]
    columns.sort(key=lambda each: each.attributes.get(POSITION, 0))
    attributes = dict(fact.attributes)
    return Sheet(
        key=fact.key,
        schema=fact.parent.identity if fact.parent is not None else "",
        comment=_text(attributes.pop("comment", None)),
        attributes=attributes,
        columns=tuple(_column(each, touched) for each in columns),
        items=tuple(_item(each, touched) for each in facts if each.kind != COLUMN),
        references=tuple(each for each in references if each.table == fact.key),
        referenced=tuple(each for each in references if each.to == fact.key),
        touched=touched.get(fact.key),
    )


def _column(fact: Fact, touched: Mapping[Key, Touched]) -> Column:
    has = {name: each for name, each in fact.attributes.items() if name != POSITION}
    return Column(
        name=last_part(fact),
        type=written("type", has.pop("type", "")),
        nullable=not has.pop("not_null", False),
        default=_text(has.pop("default", None)),
        comment=_text(has.pop("comment", None)),
        attributes=has,
        touched=touched.get(fact.key),
    )


def _item(fact: Fact, touched: Mapping[Key, Touched]) -> Item:
    has: dict[str, Any] = {name: each for name, each in fact.attributes.items() if name != POSITION}
    definition = next((has.pop(name) for name in _DEFINITIONS if isinstance(has.get(name), str)), None)
    comment = _text(has.pop("comment", None))
    on = None if fact.parent is None or fact.parent.kind == SCHEMA else fact.parent.identity
    return Item(fact.key, last_part(fact), on, definition, comment, has, touched.get(fact.key))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _references(
    tables: Iterable[Fact], children: Mapping[Key, Sequence[Fact]], rules: LexRules
) -> Iterator[Reference]:
    """The foreign keys of these tables that lead to one of them."""
    by_path = {path_of(fact.identity, rules): fact.key for fact in tables}
    for table in tables:
        nullable = {
            path_of(last_part(fact), rules)[-1]
            for fact in children[table.key]
            if fact.kind == COLUMN and not fact.attributes.get("not_null")
        }
        for fact in children[table.key]:
            if fact.kind == CONSTRAINT and fact.attributes.get("type") == _FOREIGN_KEY:
                columns, to, to_columns = _referring(str(fact.attributes.get("definition", "")), rules)
                key = by_path.get(to) or by_path.get((*path_of(table.identity, rules)[:-1], *to))
                if key is not None:
                    optional = bool(nullable & set(columns))
                    yield Reference(last_part(fact), table.key, columns, key, to_columns, optional)


def _referring(definition: str, rules: LexRules) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """FOREIGN KEY (a, b) REFERENCES s.t (c, d): the columns, the path of the table, its columns."""
    reader = Reader(definition, rules)
    columns: tuple[str, ...] = ()
    index = 0
    while (token := reader.token(index)) is not None and reader.word(index) != "REFERENCES":
        if token.text == "(" and not columns:
            columns, index = _names(reader, index)
        else:
            index += 1
    to, index = reader.path(index + 1)
    return columns, to, _names(reader, index)[0] if reader.sign(index) == "(" else ()


def _names(reader: Reader, index: int) -> tuple[tuple[str, ...], int]:
    """The names in a list in parentheses, and the index behind it."""
    names: list[str] = []
    while (token := reader.token(index)) is not None and token.text != ")":
        if token.text not in "(," and (name := reader.name(index)) is not None:
            names.append(name)
        index += 1
    return tuple(names), index + 1

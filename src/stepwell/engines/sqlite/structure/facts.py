"""What was read of a file becomes facts. Pure.

A fact has its name as it is written; in definitions names have no case. What has no name of its own is called by
what it is: `users.unique (email)`, as SQLite itself calls it where a row does not fit.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.schema.snapshot import UNKNOWN, Fact, Key
from stepwell.engines.sqlite.structure.create import indexed, normal_default, read_table
from stepwell.engines.sqlite.structure.cursor import Cursor, StrangeError
from stepwell.engines.sqlite.structure.text import folded, name_of, shown, tokens_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from stepwell.core.sql.tokens import Token
    from stepwell.engines.sqlite.structure.create import Column, TableText

LONGEST = 60  # characters of a condition that stands for the name of its check
_HIDDEN, _VIRTUAL = 1, 2
_NUMBER = re.compile(r":\d+\Z")  # behind the name of a column that has that of another one
_USUAL: tuple[Any, ...] = (None, False, "", {})  # values of attributes that are left out


class Item(NamedTuple):
    """A row of the schema table."""

    type: str
    name: str
    table: str
    sql: str | None


class ColumnRow(NamedTuple):
    """A row of `table_xinfo`, as far as it is told."""

    name: str
    type: str
    not_null: int
    default: str | None
    hidden: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `columns` are by the name of their table; `invalid` says of which none could be read, and why.

    `settings` are those of the database that are not as they are in an empty one.
    """

    items: Sequence[Item]
    columns: Mapping[str, Sequence[ColumnRow]]
    invalid: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, int] = field(default_factory=dict)


def facts_of(read: Read) -> Iterator[Fact]:
    """Every fact."""
    yield Fact("database", "", None, dict(read.settings))
    names = {folded(item.name) for item in read.items}
    names |= {folded(row.name) for item in read.items for row in read.columns.get(item.name, ())}
    telling = _Telling(read, frozenset(names))
    for item in read.items:
        yield from telling.facts(item)


def is_virtual(item: Item) -> bool:
    """Whether it is a virtual table. SQLite itself writes the first words of what it keeps."""
    return item.type == "table" and (item.sql or "").startswith("CREATE VIRTUAL ")


def kind_of(item: Item) -> str:
    """The kind of its fact."""
    return "virtual table" if is_virtual(item) else item.type


class _Telling:
    """Tells one item after the other; `names` (folded) are all that there are."""

    def __init__(self, read: Read, names: frozenset[str]) -> None:
        self._read = read
        self._names = names
        self._own_names = {
            folded(table): frozenset(map(folded, (table, *(row.name for row in rows))))
            for table, rows in read.columns.items()
        }
        self._parents = {
            folded(item.name): Key(kind_of(item), shown(item.name))
            for item in read.items
            if item.type in ("table", "view")
        }

    def facts(self, item: Item) -> Iterator[Fact]:
        match kind_of(item):
            case "table":
                yield from self._table(item)
            case "virtual table":
                yield from self._with_columns(item, self._read_of(item, _module))
            case "view":
                yield from self._with_columns(item, self._read_of(item, _view))
            case "index" if item.sql is not None:
                yield self._hanger(item, self._read_of(item, _index))
            case "trigger":
                yield self._hanger(item, self._read_of(item, _trigger))
            case _:
                yield Fact(UNKNOWN, f"{item.type} {shown(item.name)}", None, {"definition": item.sql})

    def _names_of(self, table: str) -> frozenset[str]:
        """What an expression of a table may speak of."""
        return self._own_names.get(folded(table), frozenset())

    def _read_of(
        self, item: Item, reader: Callable[[Cursor, Collection[str]], dict[str, Any]]
    ) -> dict[str, Any]:
        """The attributes that the text of an item gives; of one that is not understood, the text."""
        tokens = tokens_of(item.sql or "")
        names = self._names_of(item.table) if item.type == "index" else self._names
        try:
            return reader(Cursor(tokens), names)
        except StrangeError:
            return {"definition": written(tokens, names)}

    def _hanger(self, item: Item, told: dict[str, Any]) -> Fact:
        return Fact(item.type, shown(item.name), self._parents.get(folded(item.table)), told)

    def _table(self, item: Item) -> Iterator[Fact]:
        key = Key("table", shown(item.name))
        rows = self._read.columns.get(item.name, ())
        text = read_table(item.sql or "", self._names_of(item.name))
        if text is None or [each.name for each in text.columns] != [row.name for row in rows]:
            # Nothing gets lost: what can't be taken apart is told as a whole.
            yield Fact(*key, None, {"definition": written(tokens_of(item.sql or ""), self._names)})
            yield from _columns(key, rows, {})
            return
        told = {"without_rowid": text.without_rowid, "strict": text.strict}
        yield Fact(*key, None, {name: True for name, said in told.items() if said})
        yield from _columns(key, rows, {each.name: each for each in text.columns})
        yield from _constraints(key, text)

    def _with_columns(self, item: Item, told: dict[str, Any]) -> Iterator[Fact]:
        key = self._parents[folded(item.name)]
        if (why := self._read.invalid.get(item.name)) is not None:
            told["invalid"] = why
        yield Fact(*key, None, told)
        rows = self._read.columns.get(item.name, ())
        yield from self._of_view(key, rows) if key.kind == "view" else _columns(key, rows, {})

    def _of_view(self, view: Key, rows: Sequence[ColumnRow]) -> Iterator[Fact]:
        """Their names and places: which type SQLite tells of an expression depends on its version."""
        for position, name in enumerate(_distinct(self._name_in_view(row.name) for row in rows), 1):
            yield Fact("column", f"{view.identity}.{name}", view, {"position": position})

    def _name_in_view(self, name: str) -> str:
        """SQLite takes the text of an expression that has no name, as it is written, and numbers what comes again."""
        if shown(name) == name or name in self._names_as_written:
            return shown(name)
        bare = _NUMBER.sub("", name)
        known = shown(bare) if bare in self._names_as_written else written(tokens_of(bare))
        return known + name.removeprefix(bare)

    @cached_property
    def _names_as_written(self) -> frozenset[str]:
        tokens = (token for item in self._read.items for token in tokens_of(item.sql or ""))
        return frozenset(name for token in tokens if (name := name_of(token)) is not None)


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """The same names, with a number where one comes again."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} #{seen[name]}"


def _columns(table: Key, rows: Sequence[ColumnRow], texts: Mapping[str, Column]) -> Iterator[Fact]:
    names = _distinct(shown(row.name) for row in rows)
    for position, (name, row) in enumerate(zip(names, rows, strict=True), 1):
        told = {"position": position, **_attributes(row), **_said(texts.get(row.name))}
        told = {name: value for name, value in told.items() if value not in _USUAL}
        yield Fact("column", f"{table.identity}.{name}", table, told)


def _attributes(row: ColumnRow) -> dict[str, Any]:
    return {
        "type": written(tokens_of(row.type)),
        "not_null": bool(row.not_null),
        "default": None if row.default is None else normal_default(row.default),
        "hidden": row.hidden == _HIDDEN,
        "virtual": row.hidden == _VIRTUAL,
    }


def _said(text: Column | None) -> dict[str, Any]:
    """What the text of the table says of a column, and no pragma, or none so well."""
    if text is None:
        return {}
    return {
        "type": text.type,  # the pragma leaves pieces of what stands behind it, where comments are between them
        "collation": text.collation,
        "generated": text.generated,
        "on_conflict": text.on_conflict,
        "constraint_names": text.names,
    }


def _constraints(table: Key, text: TableText) -> Iterator[Fact]:
    by_name = defaultdict(list)
    for each in text.constraints:
        by_name[_called(each.sort, each.name, each.about)].append(each)
    for name, several in by_name.items():
        several.sort(key=lambda each: each.definition)  # in whatever order they are written
        for number, each in enumerate(several, 1):
            identity = f"{table.identity}.{name}" + (f" #{number}" if number > 1 else "")
            yield Fact("constraint", identity, table, {"type": each.sort, "definition": each.definition})


def _called(sort: str, name: str | None, about: str) -> str:
    if name is not None:
        return shown(name)
    if sort == "primary key":
        return sort
    return f"{sort} ({about if len(about) <= LONGEST else about[:LONGEST] + '...'})"


# --- definitions ---


def _module(cursor: Cursor, _: Collection[str]) -> dict[str, Any]:
    """What stands behind USING. What its arguments mean, and whether in any case, only the module knows."""
    _behind_name(cursor, "VIRTUAL", "TABLE")
    cursor.takes("USING")
    return {"definition": folded(cursor.name()) + "".join(_spaced(cursor.rest()))}


def _spaced(tokens: Sequence[Token]) -> Iterator[str]:
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.text not in ("(", ".") and token.text not in (")", ",", "."):
            yield " "
        yield token.text


def _view(cursor: Cursor, names: Collection[str]) -> dict[str, Any]:
    _behind_name(cursor, "VIEW")
    cursor.takes("AS")
    return {"definition": written(cursor.rest(), names)}


def _index(cursor: Cursor, names: Collection[str]) -> dict[str, Any]:
    """Without the table, which is its parent."""
    unique = cursor.takes("CREATE", "UNIQUE", "INDEX")
    _behind_name(cursor, "INDEX")
    cursor.takes("ON")
    cursor.name()
    columns = ", ".join(indexed(cursor.group(), names))
    told: dict[str, Any] = {"definition": f"{columns} {written(cursor.rest(), names)}".rstrip()}
    return {**told, "unique": True} if unique else told


def _trigger(cursor: Cursor, names: Collection[str]) -> dict[str, Any]:
    """Without the table, which is its parent. BEFORE is usual, and always said; FOR EACH ROW is never."""
    _behind_name(cursor, "TRIGGER")
    when = next((word for word in ("BEFORE", "AFTER") if cursor.takes(word)), "BEFORE")
    if cursor.takes("INSTEAD", "OF"):
        when = "INSTEAD OF"
    start = cursor.index
    while not cursor.takes("ON"):
        cursor.token()
    event = written(cursor.tokens[start : cursor.index - 1], names)
    cursor.name()
    if cursor.sign("."):  # behind the name of the database, which is always this one
        cursor.name()
    cursor.takes("FOR", "EACH", "ROW")
    return {"definition": f"{when} {event} {written(cursor.rest(), names)}"}


def _behind_name(cursor: Cursor, *kind: str) -> None:
    """Stand behind the name of what is created."""
    cursor.takes("CREATE")
    cursor.takes(*kind)
    cursor.takes("IF", "NOT", "EXISTS")
    cursor.name()

"""Which objects a CREATE statement makes, by name. Not what exists, nor which schema is the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.sql.objects import ObjectKind, object_words

if TYPE_CHECKING:
    from stepwell.core.sql.reader import Reader

_KINDS = {kind.value.upper(): kind for kind in ObjectKind}
_ON_A_TABLE = frozenset({ObjectKind.INDEX, ObjectKind.TRIGGER})
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})


@dataclass(frozen=True, slots=True)
class CreatedObject:
    """An object that a statement creates.

    `schema` is None where the statement names none; an index or trigger has that of its table, which is in
    `table`. The names are unquoted and folded as the dialect does: in SQLite to lower case, quoted or not.
    """

    kind: ObjectKind
    schema: str | None
    name: str
    if_not_exists: bool = False
    or_replace: bool = False
    temporary: bool = False
    table: str | None = None


def created_objects(reader: Reader, verb: str) -> tuple[CreatedObject, ...]:
    """The objects that a statement creates; none for a verb that creates nothing, or nothing with a name."""
    if verb == "SELECT INTO":
        return _by_select(reader)
    command, _, words = verb.partition(" ")
    kind = _KINDS.get(words)
    found = object_words(reader) if command == "CREATE" and kind is not None else None
    if kind is None or found is None:
        return ()
    modifiers = {reader.word(index) for index in range(1, found.end)}
    index, if_not_exists = _past_condition(reader, found.end)
    path, index = _object_path(reader, kind, index)
    if not path:
        return ()
    table = _table(reader, index) if kind in _ON_A_TABLE else ()
    made = CreatedObject(
        kind=kind,
        schema=_schema(path) or _schema(table),
        name=path[-1],
        if_not_exists=if_not_exists,
        or_replace="REPLACE" in modifiers,
        temporary=bool(_TEMPORARY & modifiers),
        table=table[-1] if table else None,
    )
    return (made,)


def _past_condition(reader: Reader, index: int) -> tuple[int, bool]:
    """The index behind CONCURRENTLY and IF NOT EXISTS, and whether the latter stands there."""
    if reader.word(index) == "CONCURRENTLY":
        index += 1
    if reader.words(index, "IF", "NOT", "EXISTS"):
        return index + 3, True
    return index, False


def _object_path(reader: Reader, kind: ObjectKind, index: int) -> tuple[tuple[str, ...], int]:
    if kind is ObjectKind.INDEX and reader.word(index) == "ON":
        return (), index  # the database will choose the name
    if kind is ObjectKind.SCHEMA and reader.word(index) == "AUTHORIZATION":
        index += 1  # a schema without a name is called as its owner
    return reader.path(index)


def _table(reader: Reader, index: int) -> tuple[str, ...]:
    """The table of an index or a trigger: after ON, and perhaps ONLY."""
    while (token := reader.token(index)) is not None and reader.word(index) != "ON":
        if token.text == "(":
            return ()
        index += 1
    index += 2 if reader.word(index + 1) == "ONLY" else 1
    return reader.path(index)[0]


def _schema(path: tuple[str, ...]) -> str | None:
    return path[-2] if len(path) > 1 else None


def _by_select(reader: Reader) -> tuple[CreatedObject, ...]:
    """SELECT ... INTO [TEMP | UNLOGGED] [TABLE] name."""
    depth = index = 0
    while (token := reader.token(index)) is not None:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and reader.word(index) == "INTO":
            break
        index += 1
    index += 1
    temporary = False
    while reader.word(index) in _TEMPORARY | {"UNLOGGED", "TABLE", "LOCAL", "GLOBAL"}:
        temporary = temporary or reader.word(index) in _TEMPORARY
        index += 1
    path, _ = reader.path(index)
    return (CreatedObject(ObjectKind.TABLE, _schema(path), path[-1], temporary=temporary),) if path else ()

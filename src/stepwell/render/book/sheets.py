"""The page of a table, and that of everything that is none."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from stepwell.core.schema.words import plural, without_usual_schema, written
from stepwell.render.book.markdown import block, code, link, page, table, text
from stepwell.render.book.names import OVERVIEW, called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from stepwell.core.book import Column, Item, Reference, Sheet
    from stepwell.render.book.names import Names

_UP = "../"
_LONGEST = 120  # characters of a definition that is shown in a table
_BY = ("made by", "last changed by")


def sheet_page(sheet: Sheet, names: Names) -> str:
    """Everything about one table."""
    made, changed = names.touched(sheet.touched, _UP)
    return page(
        f"{sheet.key.kind} {code(called(sheet.key))}",
        [text(sheet.comment)] if sheet.comment else [],
        [f"Made by {made}, last changed by {changed}."] if made else [],
        [f"- {each}" for each in attributes(sheet.attributes)],
        ["## Columns"],
        _columns(sheet.columns, names) or ["There are none."],
        *_items(sheet.items, names),
        *_references("References", sheet.references, names, outward=True),
        *_references("Referenced by", sheet.referenced, names, outward=False),
        [link("All tables", _UP + OVERVIEW)],
    )


def attributes(has: Mapping[str, Any]) -> list[str]:
    """What is not usual of a thing, in words."""
    told = []
    for name, value in sorted(has.items()):
        word = text(name.replace("_", " "))
        told.append(word if value is True else f"{word}: {code(written(name, value))}")
    return told


def _columns(columns: Iterable[Column], names: Names) -> list[str]:
    head = ("column", "type", "null", "default", "besides", "comment", *_BY)
    return table(
        head,
        (
            (
                code(each.name),
                code(each.type),
                "yes" if each.nullable else "no",
                code(each.default or ""),
                ", ".join(attributes(each.attributes)),
                text(each.comment or ""),
                *names.touched(each.touched, _UP),
            )
            for each in columns
        ),
        keep=head[:4],
    )


def _references(
    title: str, references: Iterable[Reference], names: Names, *, outward: bool
) -> Iterator[list[str]]:
    rows = [
        (
            names.sheet(each.to if outward else each.table, _UP),
            ", ".join(map(code, each.columns)),
            ", ".join(map(code, each.to_columns)),
            code(each.name),
        )
        for each in references
    ]
    if rows:
        yield [f"## {title}"]
        yield table(("table", *_ends(outward=outward), "foreign key"), rows)


def _ends(*, outward: bool) -> tuple[str, str]:
    return ("columns", "its columns") if outward else ("its columns", "columns")


def objects_page(items: Iterable[Item], names: Names) -> str:
    """Everything that is no table, by kind."""
    return page("Other objects", *_items(items, names, up=""), [link("Overview", OVERVIEW)])


def _items(items: Iterable[Item], names: Names, up: str = _UP) -> Iterator[list[str]]:
    """A table for each kind; a definition that is too long for it below it."""
    for kind, group in groupby(sorted(items, key=lambda each: each.key), key=lambda each: each.key.kind):
        found = list(group)
        yield [f"## {plural(kind, 2).capitalize()}"]
        yield table(
            ("name", "on", "definition", "besides", "comment", *_BY),
            (_item(each, names, up) for each in found),
        )
        for each in found:
            if each.definition is not None and not _is_short(each.definition):
                yield [f"### {_name(each, up)}"]
                yield block("sql", each.definition.strip("\n").rstrip())


def _item(item: Item, names: Names, up: str) -> tuple[str, ...]:
    definition = item.definition or ""
    return (
        _name(item, up),
        "" if up or item.on is None else code(without_usual_schema(item.on)),
        code(definition) if _is_short(definition) else "below",
        ", ".join(attributes(item.attributes)),
        text(item.comment or ""),
        *names.touched(item.touched, up),
    )


def _name(item: Item, up: str) -> str:
    """Beside its table, only its own; the database itself has none."""
    return code(without_usual_schema(item.name if up else item.key.identity)) or text(item.key.kind)


def _is_short(definition: str) -> bool:
    return len(definition) <= _LONGEST and "\n" not in definition

"""The first page of a book: all migrations and all tables, and how they hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.schema.words import plural
from stepwell.render.book.markdown import block, link, page, table, text
from stepwell.render.book.mermaid import MOST_BOXES, Box, Edge, entities, flowchart, parts
from stepwell.render.book.names import OBJECTS, called
from stepwell.render.verify import VERDICTS
from stepwell.render.when import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stepwell.core.book import Book, Chapter, Sheet
    from stepwell.core.schema.snapshot import Key
    from stepwell.render.book.mermaid import Part
    from stepwell.render.book.names import Names


def overview_page(book: Book, names: Names) -> str:
    """The first page."""
    return page(
        "Migrations",
        [_sum(book)],
        [f"- {text(note)}" for note in book.notes],
        ["## All migrations"],
        _migrations(book, names) or ["There are none."],
        *_dependencies(book.chapters),
        *_tables(book, names),
        *_relations(book.sheets),
        *_others(book),
    )


def _sum(book: Book) -> str:
    counts = [counted(len(book.chapters), "migration")]
    if book.structure:
        counts.append(counted(len(book.sheets), "table"))
    return f"{' and '.join(counts)} of {text(book.engine)}."


def _migrations(book: Book, names: Names) -> list[str]:
    head = ("version", "name", "description", "depends on", "reversible", "verdict")
    return table(head, (_migration(each, names) for each in book.chapters), keep=head[:-1])


def _migration(chapter: Chapter, names: Names) -> tuple[str, ...]:
    judgement = chapter.judgement
    return (
        names.chapter(chapter.version),
        text(chapter.name),
        text(chapter.description),
        ", ".join(map(names.chapter, chapter.dependencies)),
        "yes" if chapter.down is not None else "no",
        "" if judgement is None else VERDICTS[judgement.verdict].word,
    )


def _dependencies(chapters: Sequence[Chapter]) -> Iterator[list[str]]:
    """What needs what, from the first to the last."""
    if not any(chapter.dependencies for chapter in chapters):
        return
    number = {chapter.version: f"m{index}" for index, chapter in enumerate(chapters)}
    boxes = [Box(number[chapter.version], chapter.title) for chapter in chapters]
    edges = [
        Edge(number[chapter.version], number[version])
        for chapter in chapters
        for version in chapter.dependencies
    ]
    yield ["## Dependencies"]
    yield from _drawn(parts(boxes, edges), flowchart, "in plan order")


def _drawn(drawn: Sequence[Part], draw: Callable[[Part], list[str]], order: str) -> Iterator[list[str]]:
    if len(drawn) > 1:
        yield [
            f"Drawn in {len(drawn)} parts, {order}; what belongs to another part has another shape or no lines."
        ]
    for number, part in enumerate(drawn, 1):
        if len(drawn) > 1:
            yield [f"### Part {number}"]
        yield block("mermaid", "\n".join(draw(part)))


def _tables(book: Book, names: Names) -> Iterator[list[str]]:
    if not book.structure:
        return
    yield ["## Tables"]
    yield table(
        ("table", "kind", "columns", "comment", "made by", "last changed by"),
        (
            (
                names.sheet(sheet.key),
                "" if sheet.key.kind == "table" else sheet.key.kind,
                str(len(sheet.columns)),
                text(sheet.comment or ""),
                *names.touched(sheet.touched),
            )
            for sheet in book.sheets
        ),
    ) or ["There are none."]


def _relations(sheets: Sequence[Sheet]) -> Iterator[list[str]]:
    """Which table refers to which."""
    if not any(sheet.references for sheet in sheets):
        return
    ordered = list(sheets) if len(sheets) <= MOST_BOXES else _together(sheets)
    number = {sheet.key: f"t{index}" for index, sheet in enumerate(sheets)}
    apart = len(sheets) > MOST_BOXES
    boxes = [Box(number[each.key], called(each.key), each.schema if apart else "") for each in ordered]
    edges = [
        Edge(
            number[each.table],
            number[each.to],
            ", ".join(each.columns),
            "}o--o|" if each.optional else "}o--||",
        )
        for sheet in sheets
        for each in sheet.references
    ]
    yield ["## Relations"]
    yield from _drawn(parts(boxes, edges), entities, "by schema")


def _together(sheets: Sequence[Sheet]) -> list[Sheet]:
    """By schema, and within it those that hang together side by side."""
    leader: dict[Key, Key] = {sheet.key: sheet.key for sheet in sheets}

    def find(key: Key) -> Key:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for sheet in sheets:
        for each in sheet.references:
            one, other = sorted((find(each.table), find(each.to)))
            leader[other] = one
    return sorted(sheets, key=lambda sheet: (sheet.schema, find(sheet.key), sheet.key))


def _others(book: Book) -> Iterator[list[str]]:
    if not book.items:
        return
    counts: dict[str, int] = {}
    for item in book.items:
        counts[item.key.kind] = counts.get(item.key.kind, 0) + 1
    told = ", ".join(f"{number} {plural(kind, number)}" for kind, number in sorted(counts.items()))
    yield ["## Other objects"]
    yield [f"{link('All of them', OBJECTS)}: {told}."]

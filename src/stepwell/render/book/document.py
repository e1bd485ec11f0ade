"""A book as a document for programs, and in a sentence what became of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.core.migration import version_texts
from stepwell.core.schema.words import sentences
from stepwell.render.cells import printable
from stepwell.render.when import counted

if TYPE_CHECKING:
    from stepwell.core.answers import FolderChanges
    from stepwell.core.book import Book, Chapter, Column, Item, Reference, Script, Sheet, Touched

Document = dict[str, Any]


def book_document(book: Book, folder: str | None = None, changes: FolderChanges | None = None) -> Document:
    """The document of `docs`. `folder` is where pages were compared or written, and `changes` what came of it."""
    return {
        "format": 1,
        "engine": book.engine,
        "structure": book.structure,
        "verified": book.verified,
        "notes": list(book.notes),
        "migrations": [_chapter(chapter) for chapter in book.chapters],
        "tables": [_sheet(sheet) for sheet in book.sheets],
        "objects": [_item(item) for item in book.items],
        "folder": folder,
        "pages": None if changes is None else _changes(changes),
        "error": None,
    }


def _changes(changes: FolderChanges) -> Document:
    return {
        "new": list(changes.new),
        "different": list(changes.different),
        "obsolete": list(changes.obsolete),
        "equal": changes.equal,
    }


def _chapter(chapter: Chapter) -> Document:
    traits, judged = chapter.traits, chapter.judgement
    return {
        "version": chapter.version.text,
        "name": chapter.name,
        "description": chapter.description,
        "remarks": chapter.remarks,
        "path": chapter.path,
        "dependencies": version_texts(chapter.dependencies),
        "dependents": version_texts(chapter.dependents),
        "reversible": chapter.down is not None,
        "irreversible": traits.irreversible,
        "idempotent": traits.idempotent,
        "ends_segment": traits.ends_segment,
        "lock_timeout": traits.lock_timeout,
        "statement_timeout": traits.statement_timeout,
        "idle_timeout": traits.idle_timeout,
        "tags": list(traits.tags),
        "replaces": list(traits.replaces),
        "phase": traits.phase,
        "up": _script(chapter.up),
        "down": None if chapter.down is None else _script(chapter.down),
        "source": chapter.source,
        "changes": None if chapter.changes is None else sentences(chapter.changes),
        "verdict": None if judged is None else judged.verdict.value,
        "reasons": [] if judged is None else list(judged.reasons),
        "verdict_notes": [] if judged is None else list(judged.notes),
    }


def _script(script: Script) -> Document:
    return {
        "transactional": script.transactional,
        "text": script.text,
        "statements": [sent._asdict() for sent in script.statements],
        "left_out": script.left_out,
    }


def _sheet(sheet: Sheet) -> Document:
    return {
        "kind": sheet.key.kind,
        "identity": sheet.key.identity,
        "comment": sheet.comment,
        "attributes": dict(sheet.attributes),
        **_touched(sheet.touched),
        "columns": [_column(column) for column in sheet.columns],
        "objects": [_item(item) for item in sheet.items],
        "references": [_reference(each) for each in sheet.references],
        "referenced_by": [_reference(each) for each in sheet.referenced],
    }


def _touched(touched: Touched | None) -> Document:
    return {
        "made_by": None if touched is None else touched.made.text,
        "last_changed_by": None if touched is None else touched.changed.text,
    }


def _column(column: Column) -> Document:
    return {
        "name": column.name,
        "type": column.type,
        "nullable": column.nullable,
        "default": column.default,
        "comment": column.comment,
        "attributes": dict(column.attributes),
        **_touched(column.touched),
    }


def _item(item: Item) -> Document:
    return {
        "kind": item.key.kind,
        "identity": item.key.identity,
        "on": item.on,
        "definition": item.definition,
        "comment": item.comment,
        "attributes": dict(item.attributes),
        **_touched(item.touched),
    }


def _reference(reference: Reference) -> Document:
    return {
        "name": reference.name,
        "table": reference.table.identity,
        "columns": list(reference.columns),
        "to": reference.to.identity,
        "to_columns": list(reference.to_columns),
        "optional": reference.optional,
    }


def written_text(folder: str, changes: FolderChanges) -> str:
    """What was written into a folder."""
    number = len(changes.new) + len(changes.different)
    removed = f", {len(changes.obsolete)} removed" if changes.obsolete else ""
    told = f"{counted(changes.equal + number, 'page')}, {number} written{removed}"
    return printable(f"{folder}: {told}") + "\n"


def check_text(folder: str, changes: FolderChanges, command: str) -> str:
    """Whether a folder is as it has to be; what is not, one a line, and the command that makes it so."""
    if not changes.any:
        return printable(f"{folder} is up to date: {counted(changes.equal, 'page')}") + "\n"
    found = (("missing", changes.new), ("different", changes.different), ("obsolete", changes.obsolete))
    lines = [f"{word}: {path}" for word, paths in found for path in paths]
    return printable("\n".join([*lines, f"{folder} is not up to date: run '{command}'"])) + "\n"

"""Where each page of a book is, and how links lead there: names of files that every file system takes."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from stepwell.core.schema.words import without_usual_schema
from stepwell.render.book.markdown import code, link, text

if TYPE_CHECKING:
    from stepwell.core.book import Book, Chapter, Touched
    from stepwell.core.migration import Version
    from stepwell.core.schema.snapshot import Key

OVERVIEW, OBJECTS = "README.md", "objects.md"
CHAPTERS, SHEETS = "migrations", "tables"
PLACES = ("", CHAPTERS, SHEETS)  # the folders in which pages are
_LONGEST = 80
_PLAIN = re.compile(r"[^\w.-]+", re.ASCII)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")  # what is a device on Windows


class Names:
    """The paths of all pages. No two are the same, also where case makes no difference."""

    def __init__(self, book: Book) -> None:
        self._taken: set[str] = set()
        self._chapters = {each.version: each for each in book.chapters}
        self.chapters: dict[Version, str] = {
            each.version: self._path(CHAPTERS, f"{each.version}_{each.name}") for each in book.chapters
        }
        self.sheets: dict[Key, str] = {each.key: self._path(SHEETS, called(each.key)) for each in book.sheets}

    def _path(self, folder: str, name: str) -> str:
        stem = _PLAIN.sub("-", name)[:_LONGEST].strip("-.")
        if stem != name or _RESERVED.fullmatch(stem) or f"{folder}/{stem}".lower() in self._taken:
            number = hashlib.sha256(f"{folder}/{name}".encode("utf-8", "backslashreplace")).hexdigest()[:8]
            stem = f"{stem}-{number}".lstrip("-")
        self._taken.add(f"{folder}/{stem}".lower())
        return f"{folder}/{stem}.md"

    def chapter(self, version: Version, up: str = "") -> str:
        """A link to a migration, by its version; `up` is the way from the page to the top."""
        return link(code(version.text), up + self.chapters[version])

    def titled(self, chapter: Chapter, up: str = "") -> str:
        """A link to a migration, by its version and name."""
        return link(text(chapter.title), up + self.chapters[chapter.version])

    def sheet(self, key: Key, up: str = "") -> str:
        """A link to a table."""
        return link(code(called(key)), up + self.sheets[key])

    def touched(self, touched: Touched | None, up: str = "") -> tuple[str, str]:
        """Links to who made a thing, and who changed it last."""
        if touched is None:
            return "", ""
        return self.chapter(touched.made, up), self.chapter(touched.changed, up)


def called(key: Key) -> str:
    """How people call a thing: without the schema that everybody uses."""
    return without_usual_schema(key.identity)

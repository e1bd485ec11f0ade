"""A book as Markdown: a folder of pages, as GitHub and Sphinx show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.render.book.chapters import chapter_page
from stepwell.render.book.markdown import MARK
from stepwell.render.book.names import OBJECTS, OVERVIEW, PLACES, Names
from stepwell.render.book.overview import overview_page
from stepwell.render.book.sheets import objects_page, sheet_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.book import Book


def pages(book: Book) -> Mapping[str, str]:
    """The text of every page, by its path in the folder, in the order of the paths."""
    names = Names(book)
    found = {OVERVIEW: overview_page(book, names)}
    found |= {names.chapters[each.version]: chapter_page(each, names) for each in book.chapters}
    found |= {names.sheets[each.key]: sheet_page(each, names) for each in book.sheets}
    if book.items:
        found[OBJECTS] = objects_page(book.items, names)
    return dict(sorted(found.items()))


__all__ = ["MARK", "PLACES", "pages"]

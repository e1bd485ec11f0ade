"""The pages about the application in `db/` are what `stepwell docs` writes today; their links lead somewhere."""

from __future__ import annotations

import asyncio
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stepwell.app.folder import Wanted, compare
from stepwell.core.answers import FolderChanges
from stepwell.project import Project
from stepwell.render.book import MARK, PLACES, pages
from stepwell.scratch import EMBEDDED_BINARIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.slow
def test_the_reference_is_up_to_date(unavailable: Callable[[str], NoReturn]) -> None:
    """On the server of the wheel, whatever the other tests run on: its version says how conditions are written."""
    if find_spec(EMBEDDED_BINARIES) is None:
        unavailable("there is no embedded PostgreSQL")
    book = asyncio.run(Project(root=ROOT).docs())
    changes = compare(REFERENCE, Wanted(pages(book), MARK, PLACES))
    assert changes == FolderChanges(equal=changes.equal), "run: stepwell docs -o docs/reference"
    assert changes.equal > len(book.chapters) + len(book.sheets)


def test_its_links_lead_somewhere() -> None:
    """Also those to a part of a page."""
    checked = 0
    for page in sorted(REFERENCE.rglob("*.md")):
        text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
        for target in re.findall(r"(?<!\\)\]\(([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            place = page.parent / path
            assert place.is_file(), (page, target)
            assert not anchor or f"\n## {anchor.capitalize()}\n" in place.read_text(encoding="utf-8")
            checked += 1
    assert checked > 100


def test_it_says_who_changed_a_column_last() -> None:
    """As a reader would look it up."""
    users = (REFERENCE / "tables" / "users.md").read_text(encoding="utf-8")
    row = next(line for line in users.splitlines() if line.startswith("| `email` |"))
    assert row.count("[`002`](../migrations/002_add_user_authentication.md)") == 2

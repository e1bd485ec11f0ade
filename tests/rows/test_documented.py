"""The page about generated rows lists what there is."""

from __future__ import annotations

import re
from pathlib import Path

from stepwell.core.rows.contents import BUCKETS, ROW_BY_ROW
from stepwell.core.rows.search import TRIES
from stepwell.core.rows.values import LONGEST
from stepwell.engines.mysql import anatomy as mysql
from stepwell.engines.postgresql.anatomy_types import KNOWN, OF_EXTENSIONS
from stepwell.engines.sqlite.anatomy import DECLARED

PAGE = (Path(__file__).parents[2] / "docs/generated-rows.md").read_text(encoding="utf-8")
TERMS = set(re.findall(r"`([^`\n]+)`", PAGE))


def test_every_known_type_is_listed_and_no_other() -> None:
    table = PAGE[PAGE.index("| type | kind |") : PAGE.index("Of any other type")]
    assert set(re.findall(r"`([^`]+)`", table)) == KNOWN.keys() | OF_EXTENSIONS.keys()
    table = PAGE[PAGE.index("And these in MySQL") : PAGE.index("In SQLite what is declared")]
    assert (
        set(re.findall(r"`([^`]+)`", table)) == mysql.KNOWN.keys() | mysql.SHAPES.keys() | mysql.OTHERS.keys()
    )


def test_every_declared_type_of_sqlite_is_listed() -> None:
    assert {name for pattern, _ in DECLARED for name in pattern.split("|")} <= TERMS


def test_the_numbers_are_right() -> None:
    assert {f"{number:,}" for number in (BUCKETS, ROW_BY_ROW, TRIES, LONGEST)} <= set(
        re.findall(r"[\d,]*\d", PAGE)
    )

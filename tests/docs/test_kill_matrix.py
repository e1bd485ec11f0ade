"""The kill matrix in the book is what the last full sweep has written, and says what it must."""

from torture import matrix
from torture.targets import TARGETS


def test_the_page_shows_what_the_file_says() -> None:
    page = matrix.PAGE.read_text(encoding="utf-8")
    expected = matrix.page_with(matrix.rendered(matrix.read()), page)
    assert page == expected, "run: python -m torture render"


def test_nothing_was_violated_and_nothing_left_out() -> None:
    rows = matrix.read()["rows"]
    swept = {(row["target"], row["kind"]) for row in rows if row["runs"]}
    assert swept == {(name, kind.value) for name, target in TARGETS.items() for kind in target.kinds}
    assert [row for row in rows if row["violations"]] == []
    assert sum(row["runs"] for row in rows) >= 1500

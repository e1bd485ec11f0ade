"""Excerpts: the line and a caret below what it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.sql.caret import excerpt

LONG = "".join(f"{n:>9}," for n in range(30))  # 300 columns, a comma at each tenth


@pytest.mark.parametrize(
    ("text", "position", "expected", "line_offset", "column"),
    [
        ("selec 1", 1, "selec 1\n^", 0, 1),
        ("select a\nfrom b\nwhere c", 15, "from b\n     ^", 1, 6),
        ("select a\r\nfrom b", 8, "select a\n       ^", 0, 8),
        ("select (", 9, "select (\n        ^", 0, 9),
        ("select (\n", 99, "\n^", 1, 1),
        ("select\nb", 0, "select\n^", 0, 1),
        ("", 5, "\n^", 0, 1),
        ("\ta\tb", 4, "    a    b\n         ^", 0, 4),
        ("日本 x", 4, "日本 x\n     ^", 0, 4),
        ("e\u0301 x", 4, "e\u0301 x\n  ^", 0, 4),
        ("a\x1b[31mb", 2, "a\N{REPLACEMENT CHARACTER}[31mb\n ^", 0, 2),
        (LONG, 10, f"{LONG[:97]}...\n{' ' * 9}^", 0, 10),
        (LONG, 300, f"...{LONG[-97:]}\n{' ' * 99}^", 0, 300),
        (LONG, 150, f"...{LONG[102:196]}...\n{' ' * 50}^", 0, 150),
    ],
)
def test_excerpt(text: str, position: int, expected: str, line_offset: int, column: int) -> None:
    found = excerpt(text, position)
    assert str(found) == expected
    assert (found.line_offset, found.column) == (line_offset, column)


@given(st.text(alphabet="abc \t\n日x,"), st.integers(1, 60))
def test_the_caret_is_below_the_character(text: str, position: int) -> None:
    found = excerpt(text, position)
    index = min(position, len(text) + 1) - 1
    line = text.split("\n")[found.line_offset]
    assert line[found.column - 1 : found.column] == text[index : index + 1].strip("\n")
    assert found.text.endswith("^")
    assert len(found.text.split("\n")) == 2


@given(st.text(alphabet="ab日", min_size=101, max_size=400), st.integers(1, 400))
def test_no_line_is_wider_than_a_hundred_columns(text: str, position: int) -> None:
    shown, caret = excerpt(text, position).text.split("\n")
    assert sum(2 if character == "日" else 1 for character in shown) <= 100
    assert len(caret) <= 101

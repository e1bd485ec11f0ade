"""Text in columns: wide characters, cutting, wrapping, and nothing that acts on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.render.cells import cut, one_line, pad, printable, width, wrap

WIDTHS = [("", 0), ("abc", 3), ("ü", 1), ("u\u0308", 1), ("表", 2), ("🎉", 2), ("a\u200bb", 2)]


@pytest.mark.parametrize(("text", "columns"), WIDTHS)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(pad(text, 5)) == 5


CUTS = [
    ("abc", 3, "abc"),
    ("abcd", 3, "ab…"),
    ("abcd", 1, "…"),
    ("abcd", 0, ""),
    ("表表", 3, "表…"),
    ("表表", 2, "…"),
]


@pytest.mark.parametrize(("text", "columns", "expected"), CUTS)
def test_cut(text: str, columns: int, expected: str) -> None:
    assert cut(text, columns, "…") == expected


ACTING = [
    ("\x1b[31mred", "\\x1b[31mred"),
    ("a\rb", "a\\x0db"),
    ("a\r\nb", "a\nb"),
    ("tab\tand\nline", "tab\tand\nline"),
    ("\x9b31m", "\\x9b31m"),
    ("abc\u202edef", "abc\\x202edef"),
]


@pytest.mark.parametrize(("text", "expected"), ACTING)
def test_what_would_act_on_a_terminal_is_shown(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_one_line() -> None:
    assert one_line("  a\n\n b\tc ") == "a b c"


WRAPS = [
    ("a b c", None, ["a b c"]),
    ("aaa bbb ccc", 7, ["aaa bbb", "  ccc"]),
    ("aaaaaaaaaa", 4, ["aaaa", "  aa", "  aa", "  aa"]),
    ("", 4, [""]),
]


@pytest.mark.parametrize(("text", "columns", "lines"), WRAPS)
def test_wrap(text: str, columns: int | None, lines: list[str]) -> None:
    assert wrap(text, columns, "  ") == lines


@given(st.text(), st.integers(4, 60))
def test_wrapping_loses_nothing_and_fits(text: str, columns: int) -> None:
    lines = wrap(one_line(text), columns, "  ")
    assert "".join("".join(lines).split()) == "".join(one_line(text).split())
    assert all(width(line) <= columns for line in lines)

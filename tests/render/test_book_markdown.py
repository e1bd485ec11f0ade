"""Whatever a text holds, Markdown shows it and does nothing else: asked of a parser that is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stepwell.render.book.markdown import block, code, link, page, table, text
from stepwell.render.cells import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "`*_[]()<>|\\~$#&!{}:@%+-=.\"'^/ \n\t\r1ax\x1b\u202eé"
ANYTHING = st.text(alphabet=st.sampled_from(SIGNS), max_size=40) | st.text(max_size=20)
EVIL = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://example.com/track.png)",
    "a | b || c",
    "`code` ``two`` `",
    "```\n# heading\n```",
    "# heading",
    "- [ ] task",
    "1. one",
    "2) two",
    "> quote",
    "---",
    "===",
    "    indented",
    "line\n\n# and a heading",
    "&lt;b&gt; &amp;",
    "{ref}`label`",
    "%comment",
    "+++",
    "(target)=",
    "$x$ and $$y$$",
    "trailing \\",
    "\\| \\\\|",
    "<!-- comment",
    "--> ends it",
    "_a_ __b__ a_b_c *d* ~~e~~",
    "[x]: https://example.com",
    "a  \nb",
    "no end ##",
    "#",
    "(a)=",
)


def evil(test: Callable[[str], None]) -> Callable[[], None]:
    """Try the examples above, besides what is generated."""
    for each in EVIL:
        test = example(each)(test)
    return settings(max_examples=300, deadline=None)(given(ANYTHING)(test))


def shown(tokens: list[Token] | None) -> str:
    """The text that inline tokens show. Fails for what is more than text."""
    parts = []
    for token in tokens or []:
        assert token.type in ("text", "text_special", "softbreak"), token
        parts.append("\n" if token.type == "softbreak" else token.content)
    return "".join(parts)


@pytest.mark.parametrize("before", ["", "- ", "# "])
def test_a_text_is_text(before: str) -> None:
    @evil
    def holds(given_text: str) -> None:
        tokens = PARSER.parse(f"{before}{text(given_text)}\n")
        inline = [token for token in tokens if token.type == "inline"]
        kinds = {token.type for token in tokens}
        allowed = {"inline", "paragraph_open", "paragraph_close"}
        allowed |= (
            {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
            if before == "- "
            else set()
        )
        allowed = {"inline", "heading_open", "heading_close"} if before == "# " else allowed
        assert kinds <= allowed
        assert "".join(shown(token.children) for token in inline) == one_line(given_text)

    holds()


@evil
def test_a_text_in_a_table_is_one_cell(given_text: str) -> None:
    cells = cells_of(table(("one", "two"), [(text(given_text), "end"), ("x", "x")]))
    assert [shown(cell) for cell in cells[2:4]] == [one_line(given_text), "end"]


@evil
def test_code_in_a_table_is_one_cell(given_text: str) -> None:
    cells = cells_of(table(("one", "two"), [(code(given_text), "end"), ("x", "x")]))
    assert shown(cells[3]) == "end"
    if one_line(given_text):
        (token,) = cells[2]
        assert (token.type, token.content) == ("code_inline", one_line(given_text))


def cells_of(lines: list[str]) -> list[list[Token]]:
    tokens = PARSER.parse("\n".join(lines))
    assert tokens[0].type == "table_open"
    return [token.children or [] for token in tokens if token.type == "inline"]


@evil
def test_code_in_a_line_is_code(given_text: str) -> None:
    tokens = PARSER.parse(f"x {code(given_text)} x")
    (inline,) = (token for token in tokens if token.type == "inline")
    found = [(token.type, token.content) for token in inline.children or []]
    assert found == [("text", "x "), ("code_inline", one_line(given_text)), ("text", " x")] or not one_line(
        given_text
    )


@evil
def test_a_block_ends_where_it_ends(given_text: str) -> None:
    first, last = PARSER.parse("\n".join([*block("sql", given_text), "end"]))[0::3][:2]
    assert (first.type, first.info, first.content) == ("fence", "sql", f"{printable(given_text)}\n")
    assert last.type == "paragraph_close"


def test_what_would_be_a_link_by_itself_is_none() -> None:
    parser = MarkdownIt("gfm-like") if _can_link() else PARSER
    for each in ("see https://example.com/x", "www.example.com", "a@example.com", "HTTP://example.com"):
        assert "<a" not in parser.render(text(each))
        assert each in parser.render(text(each))


def _can_link() -> bool:
    from importlib.util import find_spec

    return find_spec("linkify_it") is not None


def test_a_link_has_a_label_that_is_markdown() -> None:
    assert link(code("a"), "tables/a.md") == "[`a`](tables/a.md)"


def test_columns_that_are_empty_are_left_out() -> None:
    assert table(("a", "b"), [("1", ""), ("2", "")]) == ["| a |", "| --- |", "| 1 |", "| 2 |"]
    assert table(("a", "b"), [("1", "")], keep=("b",)) == ["| a | b |", "| --- | --- |", "| 1 |  |"]
    assert table(("a", "b"), [], keep=("b",)) == []


def test_a_page_can_be_written_whatever_is_in_it() -> None:
    assert "\\udcff" in page("title", [text("\udcff")])

"""The normal form of Python text."""

import io
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.files.pytoken import DEDENT, INDENT, NEWLINE, SEPARATOR, normal_form

SAME = [
    ("a comment", "x = 1", "x = 1  # one\n# two\n"),
    ("blank lines", "x = 1\ny = 2\n", "\n\nx = 1\n   \n\n\ny = 2"),
    ("space between tokens", "f(a+b, -1)[2:3]", "f( a +b,-1 ) [ 2 : 3 ]"),
    ("the width of indents", "if a:\n  if b:\n    c\n  d\n", "if a:\n\tif b:\n\t\tc\n\td\n"),
    ("lines in brackets", "f(a, b)", "f(\n    a,  # first\n    b)\n"),
    ("continued lines", "x = a + b", "x = a + \\\n    b"),
    ("a comment at another indent", "if a:\n    b\n", "if a:\n# c\n    b\n        # d\n"),
]
DIFFERENT = [
    ("a comma", "f(a, b)", "f(a, b,)"),
    ("a string", "x = 'a'", "x = 'a '"),
    ("quotes", "x = 'a'", 'x = "a"'),
    ("a docstring", "class A:\n    'a'\n", "class A:\n    'b'\n"),
    ("what looks like a comment", "x = '# a'", "x = '# b'"),
    ("the end of a block", "if a:\n    b\n    c\n", "if a:\n    b\nc\n"),
    ("two lines in one", "a\nb", "a; b"),
    ("words", "ab", "a b"),
    ("space in an f-string", 'f"{a}"', 'f"{a }"'),
    ("space in a nested string", "f\"{x['a b']}\"", "f\"{x['a  b']}\""),
]


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_same(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT]
)
def test_different(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


# Each is one token, on every Python, whether or not that Python can run it.
ONE_TOKEN = [
    "f''",
    "f'{a}'",
    "f'{{a}} {b!r:>{width}} {c:{d}.{e}f}'",
    "f'\\N{DASH} \\' {a}'",
    "rf'\\{a}\\''",
    "fR'''{\n a # a comment }\n}'''",
    "f\"{x['}']}\"",
    'f"{x["a"]}"',
    "f'{f'{f'{1}'}'}'",
    "f'{ {1: 2}[1] }'",
    "t'{a}'",
    "f'''it's {a}'''",
    "f'{a:%Y-%m-%d}'",
    "f'{(lambda x: 1)(2)}'",
    "'\\\n'",
    "'''it's'''",
    "b'\\''",
    "u'a'",
    "1.5e-3",
    "0xFF_ff",
    ".5j",
    "naïve",
]


@pytest.mark.parametrize("token", ONE_TOKEN)
def test_one_token(token: str) -> None:
    assert normal_form(f"x={token}+1").split(SEPARATOR) == ["x", "=", token, "+", "1", NEWLINE]


@pytest.mark.parametrize("rest", ["f'a", "f'{a", "f'{a:>", "f'{a:{", "'a", 'f"""\na'])
def test_what_is_never_closed_reaches_to_the_end(rest: str) -> None:
    assert normal_form(f"x={rest}").split(SEPARATOR) == ["x", "=", rest, NEWLINE]


WITHOUT_MARKS = st.characters(exclude_characters="\0\1\2", exclude_categories=["Cs"])


@given(st.text(WITHOUT_MARKS) | st.text(alphabet="f'\"{}\\:\n #ab("))
def test_any_text_has_a_normal_form_made_of_its_own_characters_in_their_order(text: str) -> None:
    structure = (NEWLINE, INDENT, DEDENT)
    tokens = [token for token in normal_form(text).split(SEPARATOR) if token not in structure]
    rest = iter(text)
    assert all(character in rest for character in "".join(tokens))


LINES = [
    "import os",
    "class Add(Migration):",
    "    '''Add a column.'''",
    "    dependencies = [",
    "        '001',",
    "    ]",
    "    async def up(self):",
    "        if self.old:",
    '            await database.execute(f"ALTER TABLE {name} ADD {column}")',
    "        await database.execute('SELECT 1')",
]


@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES)), st.sampled_from(["", "   ", "# a", "\t# b '''"])), max_size=8
    )
)
def test_comments_and_blank_lines_anywhere_do_not_count(inserted: list[tuple[int, str]]) -> None:
    lines = list(LINES)
    for position, line in inserted:
        lines.insert(position, line)
    assert normal_form("\n".join(lines)) == normal_form("\n".join(LINES))


@given(st.integers(1, 9), st.sampled_from([" ", "\t"]))
def test_the_width_of_indents_does_not_count(width: int, character: str) -> None:
    reindented = [
        character * width * ((len(line) - len(line.lstrip())) // 4) + line.lstrip() for line in LINES
    ]
    assert normal_form("\n".join(reindented)) == normal_form("\n".join(LINES))


def standard_library() -> list[Path]:
    """Some files of the standard library: enough to hold every kind of token, few enough to be quick."""
    folder = Path(sysconfig.get_path("stdlib"))
    return [
        folder / name
        for name in (
            "ast.py",
            "decimal.py",
            "tokenize.py",
            "typing.py",
            "inspect.py",
            "_pydecimal.py",
            "string.py",
        )
        if (folder / name).exists()
    ]


@pytest.mark.parametrize("path", standard_library(), ids=lambda path: path.name)
def test_the_tokens_are_those_of_the_tokenizer(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert normal_form(text).replace(SEPARATOR, "") == "".join(tokenized(text))


def tokenized(text: str) -> Iterator[str]:
    """What the tokenizer of the running Python gives, formatted strings put together again."""
    formatted = {getattr(tokenize, name, -1): name[8:] for name in ("FSTRING_START", "FSTRING_END")}
    lines = text.splitlines(keepends=True)
    start, depth = (0, 0), 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        edge = formatted.get(token.type)
        if edge == "START":
            start = start if depth else token.start
            depth += 1
        elif edge == "END":
            depth -= 1
            if not depth:
                yield between(lines, start, token.end)
        elif not depth and token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            structure = {tokenize.NEWLINE: NEWLINE, tokenize.INDENT: INDENT, tokenize.DEDENT: DEDENT}
            yield structure.get(token.type, token.string)


def between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The text from one position of the tokenizer to another."""
    first, last = start[0] - 1, end[0] - 1
    if first == last:
        return lines[first][start[1] : end[1]]
    return "".join((lines[first][start[1] :], *lines[first + 1 : last], lines[last][: end[1]]))

"""Checksums: what counts, what does not, and what they were when they were first written into a database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import MigrationFileError, Place
from stepwell.core.files.checksum import checksum
from stepwell.core.files.parse import parse
from stepwell.core.migration import SourceFile, SqlBody
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.sources.memory import MemorySource

MakeSource = Callable[[str, str | bytes], SourceFile]

GOLDEN = Path(__file__).parent / "golden"
DIGESTS: dict[str, str] = json.loads((GOLDEN / "digests.json").read_text())


def checksum_of(content: str | bytes, suffix: str) -> str:
    (source,) = MemorySource({f"001_any.{suffix}": content}).read().files
    return checksum(source, POSTGRESQL)


def suffix_of(golden: str) -> str:
    return golden.split(".")[1]


def test_every_golden_file_has_its_digest() -> None:
    assert sorted(DIGESTS) == sorted(path.name for path in GOLDEN.glob("*.txt"))


@pytest.mark.parametrize(("golden", "digest"), DIGESTS.items())
def test_a_checksum_is_for_ever(golden: str, digest: str) -> None:
    """A failure here means that every database out there would report its migrations as changed."""
    assert checksum_of((GOLDEN / golden).read_bytes(), suffix_of(golden)) == digest


@pytest.mark.parametrize("golden", DIGESTS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks_do_not_count(golden: str, line_end: bytes, mark: bytes) -> None:
    content = mark + (GOLDEN / golden).read_bytes().replace(b"\n", line_end)
    assert checksum_of(content, suffix_of(golden)) == DIGESTS[golden]


SAME = [
    ("header lines", "-- migrate:up\nA;\n", "-- depends: 001\n-- lock_timeout: 5s\n-- migrate:up\nA;\n"),
    ("comments", "-- migrate:up\nA;\n", "-- migrate:up\n/* b */ A -- c\n;\n-- d"),
    ("space", "-- migrate:up\nSELECT 1;\n", "--migrate:up \n\n  SELECT\t1 ;"),
    ("an empty down", "-- migrate:up\nA;\n", "-- migrate:up\nA;\n-- migrate:down\n-- nothing\n"),
    ("the default said", "-- migrate:up\nA;\n", "-- migrate:up transaction:true\nA;\n"),
]
DIFFERENT = [
    ("a hint", "-- migrate:up\nSELECT 1;\n", "-- migrate:up\nSELECT /*+ a */ 1;\n"),
    ("space in a string", "-- migrate:up\nSELECT 'a b';\n", "-- migrate:up\nSELECT 'a  b';\n"),
    ("the transaction", "-- migrate:up\nA;\n", "-- migrate:up transaction:false\nA;\n"),
    ("a way down", "-- migrate:up\nA;\n", "-- migrate:up\nA;\n-- migrate:down\nB;\n"),
    ("the direction", "-- migrate:up\nA;\nB;", "-- migrate:up\nA;\n-- migrate:down\nB;"),
    ("case", "-- migrate:up\nselect 1;\n", "-- migrate:up\nSELECT 1;\n"),
]


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_what_does_not_count_in_sql(one: str, other: str) -> None:
    assert checksum_of(one, "sql") == checksum_of(other, "sql")


@pytest.mark.parametrize(
    ("one", "other"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT]
)
def test_what_counts_in_sql(one: str, other: str) -> None:
    assert checksum_of(one, "sql") != checksum_of(other, "sql")


def test_the_parsed_body_gives_the_same(make_source: MakeSource) -> None:
    source = make_source("001_any.sql", (GOLDEN / "only_up.sql.txt").read_bytes())
    body = parse(source, POSTGRESQL).body
    assert isinstance(body, SqlBody)
    assert checksum(source, POSTGRESQL, body) == DIGESTS["only_up.sql.txt"]


SQL_LINES = [
    "CREATE TABLE a (",
    "    b int,",
    "    c text DEFAULT 'x'",
    ");",
    "INSERT INTO a (b)",
    "VALUES (1);",
]


@given(st.lists(st.tuples(st.integers(0, len(SQL_LINES)), st.sampled_from(["", "  ", "-- a", "/* ' */"]))))
def test_comments_and_blank_lines_anywhere_do_not_count(inserted: list[tuple[int, str]]) -> None:
    lines = list(SQL_LINES)
    for position, line in inserted:
        lines.insert(position, line)
    plain, commented = ("\n".join(["-- migrate:up", *some]) for some in (SQL_LINES, lines))
    assert checksum_of(plain, "sql") == checksum_of(commented, "sql")


@given(st.text(max_size=20), st.text(max_size=20))
def test_other_strings_give_other_checksums(one: str, other: str) -> None:
    sums = [checksum_of(f"x = {text!a}", "py") for text in (one, other)]
    assert (sums[0] == sums[1]) is (one == other)


@pytest.mark.parametrize(
    ("file_name", "content", "line"),
    [("001_a.py", b"\n\xff", 2), ("001_a.sql", b"A;", None), ("001_a.py", b"x = " + b"f'{" * 5000, None)],
)
def test_what_can_not_be_read_has_none(
    make_source: MakeSource, file_name: str, content: bytes, line: int | None
) -> None:
    with pytest.raises(MigrationFileError) as raised:
        checksum(make_source(file_name, content), POSTGRESQL)
    assert raised.value.place == Place(f"db/migrations/{file_name}", line)

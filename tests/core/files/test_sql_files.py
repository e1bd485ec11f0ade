"""SQL migrations: header lines, markers, sections."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import MigrationFileError
from stepwell.core.files.admission import admit
from stepwell.core.files.names import FileName, read_name
from stepwell.core.files.parse import parse
from stepwell.core.migration import Direction, Migration, SourceFile, SqlBody, SqlSection, Traits, Version
from stepwell.core.sql.rules import LexRules
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL

MakeSource = Callable[[str, str | bytes], SourceFile]

INDEX = """\
-- description: Index users by email
-- depends: 002
-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY users_email_idx;
"""


def read(make_source: MakeSource, content: str, rules: LexRules = POSTGRESQL) -> Migration:
    return parse(make_source("007_add_index.sql", content), rules)


def test_the_example_of_the_book(make_source: MakeSource) -> None:
    migration = read(make_source, INDEX)
    assert (migration.version, migration.name) == (Version("007"), "add_index")
    assert migration.description == "Index users by email"
    assert migration.dependencies == (Version("002"),)
    assert migration.body == SqlBody(
        up=SqlSection(
            "CREATE INDEX CONCURRENTLY users_email_idx ON users (email);\n\n", 4, transactional=False
        ),
        down=SqlSection("DROP INDEX CONCURRENTLY users_email_idx;\n", 7, transactional=False),
    )
    assert not migration.transactional(Direction.UP)
    assert not migration.transactional(Direction.DOWN)
    assert migration.reversible
    assert migration.findings == ()


SECTIONS: list[tuple[str, str, tuple[str, int, bool], tuple[str, int, bool] | None]] = [
    ("no down", "-- migrate:up\nSELECT 1", ("SELECT 1", 2, True), None),
    ("an empty down", "-- migrate:up\nSELECT 1\n-- migrate:down", ("SELECT 1\n", 2, True), None),
    (
        "a down of comments",
        "-- migrate:up\nSELECT 1\n-- migrate:down\n/* no */ ;\n",
        ("SELECT 1\n", 2, True),
        None,
    ),
    (
        "as dbmate takes them",
        "--migrate:up   transaction:true \nA\n--\tmigrate:down\ttransaction:false\nB",
        ("A\n", 2, True),
        ("B", 4, False),
    ),
    (
        "lines before the marker",
        "-- a comment\n\n/* another,\n-- migrate:up\n*/\n-- migrate:up\nA;\n",
        ("A;\n", 7, True),
        None,
    ),
    (
        "a marker in a string",
        "-- migrate:up\nSELECT '\n-- migrate:down\n';\n-- migrate:down\nB",
        ("SELECT '\n-- migrate:down\n';\n", 2, True),
        ("B", 6, True),
    ),
    (
        "a marker in a dollar quote",
        "-- migrate:up\nDO $x$\n-- migrate:up\n$x$;",
        ("DO $x$\n-- migrate:up\n$x$;", 2, True),
        None,
    ),
    (
        "a marker in a comment",
        "-- migrate:up\nA;\n/*\n-- migrate:down\nB;\n*/\nC;",
        ("A;\n/*\n-- migrate:down\nB;\n*/\nC;", 2, True),
        None,
    ),
    (
        "what looks like a marker in a string",
        "-- migrate:up\nSELECT '\n-- migrate:upp\n'",
        ("SELECT '\n-- migrate:upp\n'", 2, True),
        None,
    ),
    (
        "a marker in the rows of a COPY",
        "-- migrate:up\nCOPY t FROM STDIN;\n-- migrate:down\n\\.\nA;\n",
        ("COPY t FROM STDIN;\n-- migrate:down\n\\.\nA;\n", 2, True),
        None,
    ),
    (
        "prose about migrating",
        "-- migrate:up\n-- migrate users to the new table\nA; -- migrate:down\n",
        ("-- migrate users to the new table\nA; -- migrate:down\n", 2, True),
        None,
    ),
]


@pytest.mark.parametrize(
    ("content", "up", "down"), [case[1:] for case in SECTIONS], ids=[case[0] for case in SECTIONS]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_sections(
    make_source: MakeSource,
    content: str,
    up: tuple[str, int, bool],
    down: tuple[str, int, bool] | None,
    line_end: str,
) -> None:
    migration = read(make_source, content.replace("\n", line_end))
    assert migration.body == SqlBody(SqlSection(*up), None if down is None else SqlSection(*down))


HEADERS: list[tuple[str, Traits]] = [
    ("-- transactional: false", Traits(transactional=False)),
    ("-- irreversible", Traits(irreversible=True)),
    ("-- irreversible: true\n-- idempotent\n--ends_segment", Traits(True, True, True, True)),
    ("-- idempotent: FALSE", Traits()),
    (
        "-- lock_timeout: 10s\n-- Statement-Timeout: 2min\n-- idle_timeout: 500ms",
        Traits(lock_timeout=10, statement_timeout=120, idle_timeout=0.5),
    ),
    ("-- tags: slow, large", Traits(tags=("slow", "large"))),
    ("-- replaces: 001 002,003", Traits(replaces=("001", "002", "003"))),
    ("-- phase: expand ", Traits(phase="expand")),
    ("-- ordinary comment\n-- note: with a colon\n--\n-- author: Ann\n-- https://example.org", Traits()),
    ("/*\n-- not: a header line\n*/\n-- irreversible because rows are lost", Traits()),
]


@pytest.mark.parametrize(("header", "traits"), HEADERS)
def test_headers(make_source: MakeSource, header: str, traits: Traits) -> None:
    migration = read(make_source, f"{header}\n-- migrate:up\nA;\n-- migrate:down\nB;\n")
    assert migration.traits == traits
    assert [finding for finding in migration.findings if finding.code == "unknown-attribute"] == []


@pytest.mark.parametrize(
    ("header", "dependencies", "stated"),
    [
        ("", (), False),
        ("-- depends:\n", (), True),
        ("-- depends: 001, 002\n", ("001", "002"), True),
        ("-- dependencies: 001 002\n", ("001", "002"), True),
        ("-- Depends: 2026_01\n", ("2026_01",), True),
    ],
)
def test_dependencies(
    make_source: MakeSource, header: str, dependencies: tuple[str, ...], stated: bool
) -> None:
    migration = read(make_source, f"{header}-- migrate:up\nA;\n")
    assert migration.dependencies == tuple(map(Version, dependencies))
    assert migration.dependencies_stated is stated


def test_header_lines_below_the_marker_are_comments(make_source: MakeSource) -> None:
    migration = read(make_source, "-- migrate:up\n-- irreversible\n-- depends: 001\nA;\n")
    assert (migration.traits, migration.dependencies) == (Traits(), ())


FINDINGS: list[tuple[str, str, list[tuple[str, str, int | None, str | None]]]] = [
    (
        "no way down",
        "-- migrate:up\nA;\n",
        [
            (
                "no-down",
                "it has no way down, and is not declared irreversible",
                None,
                "write the way down, or declare it irreversible",
            )
        ],
    ),
    (
        "a way down that will not be run",
        "-- irreversible\n-- migrate:up\nA;\n-- migrate:down\nB;",
        [
            (
                "irreversible-with-down",
                "it is declared irreversible, and yet it has a way down, which will not be run",
                None,
                "remove one of the two",
            )
        ],
    ),
    ("declared irreversible", "-- irreversible\n-- migrate:up\nA;\n", []),
    (
        "misspelt header lines",
        """\
-- dependancies: 001
-- depends on: 001
-- transaction: false
-- timeout: 5s
-- lock_timeout
-- irreversible
-- migrate:up
A;
""",
        [
            (
                "unknown-attribute",
                "`-- dependancies` is not known, and has no effect",
                1,
                "did you mean `-- dependencies: ...`?",
            ),
            (
                "unknown-attribute",
                "`-- depends on` is not known, and has no effect",
                2,
                "did you mean `-- depends: ...`?",
            ),
            (
                "unknown-attribute",
                "`-- transaction` is not known, and has no effect",
                3,
                "did you mean `-- transactional: ...`?",
            ),
            (
                "unknown-attribute",
                "`-- timeout` is not known, and has no effect",
                4,
                "did you mean `-- lock_timeout: ...`?",
            ),
            (
                "unknown-attribute",
                "`-- lock_timeout` is not known, and has no effect",
                5,
                "did you mean `-- lock_timeout: ...`?",
            ),
        ],
    ),
]


@pytest.mark.parametrize(
    ("content", "expected"), [case[1:] for case in FINDINGS], ids=[case[0] for case in FINDINGS]
)
def test_findings(
    make_source: MakeSource, content: str, expected: list[tuple[str, str, int | None, str | None]]
) -> None:
    found = read(make_source, content).findings
    assert [
        (finding.code, finding.message, finding.place.line, finding.hint) for finding in found
    ] == expected


def test_a_comment_of_the_engine_may_stand_in_the_header(make_source: MakeSource) -> None:
    content = "# a comment\n-- migrate:up\nA;\n"
    assert read(make_source, content, MYSQL).body is not None
    with pytest.raises(MigrationFileError, match="a statement stands before"):
        read(make_source, content, POSTGRESQL)


PIECES = [
    "-- migrate:up\n",
    "-- migrate:down\n",
    "'",
    "$$",
    "/*",
    "*/",
    ";",
    "A",
    "\n",
    "-- depends: 1\n",
    "  ",
    "\\",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_gives_a_migration_or_an_error_of_its_file(content: str) -> None:
    parts = read_name("007_any.sql")
    assert isinstance(parts, FileName)
    source = admit(parts, "007_any.sql", content.encode())
    assert source is not None
    lines = content.split("\n")
    try:
        body = parse(source, POSTGRESQL).body
    except MigrationFileError as error:
        place = error.place
    else:
        assert isinstance(body, SqlBody)
        assert "\n".join(lines[body.up.first_line - 1 :]).startswith(body.up.text)
        if body.down is not None:
            assert "\n".join(lines[body.down.first_line - 1 :]) == body.down.text
        return
    assert place is not None
    assert place.line is None or 1 <= place.line <= len(lines)

"""What holds of every table: it is understood, and a rename and back, or another way to write it, changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.engines.sqlite.conftest import snapshot_of

from stepwell.core.schema.diff import diff
from stepwell.core.sql.lexer import lex
from stepwell.core.sql.tokens import Kind
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.engines.sqlite.structure.text import RESERVED
from stepwell.engines.sqlite.tables import quote

NAMES = st.one_of(
    st.sampled_from(
        [
            "a",
            "Id",
            "order",
            "key",
            "select",
            "a b",
            "x.y",
            'q"t',
            "[b",
            "ß",
            "AS",
            "generated",
            "1st",
            "check",
        ]
    ),
    st.text("abAB_1 .é'\"`(,)-", min_size=1, max_size=6),
)
TYPES = st.sampled_from(
    ["", "INT", "INTEGER", "VARCHAR(10)", "NUMERIC ( 10 , 2 )", "double precision", '"odd"', "[x y] z"]
)
CONFLICTS = st.sampled_from(["", " ON CONFLICT REPLACE", " on conflict Ignore", " ON CONFLICT ABORT"])
DEFAULTS = st.sampled_from(
    [
        "1",
        "-1",
        "+ 2.5e3",
        "'x'",
        "x'aB'",
        "NULL",
        "TRUE",
        "CURRENT_TIMESTAMP",
        "(1 + (2))",
        "(lower('A'))",
        '"Text"',
        "word",
    ]
)

FIXED = frozenset({"c", "fk", "word"})  # words whose capitals are told: names of constraints, and a text


@st.composite
def clauses(draw: st.DrawFn, name: str, other: str) -> str:
    """What stands behind the type of a column."""
    label = draw(st.sampled_from(["", "CONSTRAINT c ", 'constraint "C d" ']))
    conflict = draw(CONFLICTS)
    default = draw(DEFAULTS)
    action = draw(st.sampled_from(["", " ON DELETE CASCADE", " ON UPDATE SET NULL MATCH FULL", " NOT DEFERRABLE",
                                   " DEFERRABLE INITIALLY DEFERRED"]))  # fmt: skip
    known = [
        f"NOT NULL{conflict}", f"NULL{conflict}", f"UNIQUE{conflict}", f"DEFAULT {default}", "COLLATE NOCASE",
        f"CHECK ({quote(name)} <> -1 AND {quote(other)} IS NOT NULL OR lower({quote(name)}) = 'It''s')",
        f"REFERENCES {quote(other)}{action}", f'REFERENCES "Elsewhere" ({quote(name)}){action}',
        f"AS ({quote(other)} || '!') STORED", f"GENERATED ALWAYS AS ({quote(other)})",
    ]  # fmt: skip
    return label + draw(st.sampled_from(known))


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """The text of a CREATE TABLE, its name and those of its columns."""
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique_by=str.lower))
    table, *columns = names
    parts = []
    for name in columns:
        said = draw(st.lists(clauses(name, columns[0]), max_size=3))
        parts.append(" ".join([quote(name), draw(TYPES), *said]))
    listed = ", ".join(map(quote, columns))
    ends = [
        f"UNIQUE ({listed})", f"PRIMARY KEY ({listed} DESC)", f"CHECK ({quote(columns[0])} > 0)",
        f"CONSTRAINT fk FOREIGN KEY ({listed}) REFERENCES {quote(table)} ({listed}) ON DELETE RESTRICT",
    ]  # fmt: skip
    parts += draw(st.lists(st.sampled_from(ends), max_size=2))
    options = draw(st.sampled_from(["", " STRICT", " WITHOUT ROWID"]))
    return f"CREATE TABLE {quote(table)} ({', '.join(parts)}){options}", table, columns


def other_way(sql: str) -> str:
    """The same with comments, much space and other capitals."""
    changed = []
    for token in lex(sql, SQLITE):
        if token.kind is Kind.SPACE:
            changed.append(" /* it's */\n -- or (\n ")
        else:
            is_fixed = token.kind is not Kind.WORD or token.text in FIXED
            changed.append(token.text if is_fixed else token.text.swapcase())
    return "".join(changed)


@given(tables())
def test_a_rename_and_back_and_another_way_to_write_it(made: tuple[str, str, list[str]]) -> None:
    sql, table, columns = made
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(sql)
        except sqlite3.OperationalError:
            assume(False)  # two keys, a default of a generated column, ...: SQLite takes no such table
        before = snapshot_of(connection)
        (fact,) = [fact for fact in before.facts if fact.kind == "table"]
        assert "definition" not in fact.attributes, sql
        assert [each.kind for each in before.facts].count("column") == len(columns)
        for statement in there_and_back(table, columns):
            try:
                connection.execute(statement)
            except sqlite3.OperationalError:
                assume(False)
        assert diff(before, snapshot_of(connection)).changes == ()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(other_way(sql))
        except sqlite3.OperationalError:
            assume(False)  # GENERATED and ALWAYS with a comment between them are a type to SQLite
        assert diff(before, snapshot_of(connection)).changes == ()


def there_and_back(table: str, columns: list[str]) -> list[str]:
    """The table, and each of its columns."""
    name = quote(table)
    steps = [f"ALTER TABLE {name} RENAME TO elsewhere_", f"ALTER TABLE elsewhere_ RENAME TO {name}"]
    for column in map(quote, columns):
        steps += [f"ALTER TABLE {name} RENAME COLUMN {column} TO other_",
                  f"ALTER TABLE {name} RENAME COLUMN other_ TO {column}"]  # fmt: skip
    return steps


@st.composite
def named(draw: st.DrawFn, name: str) -> str:
    """A name in some quotes."""
    ways = [quote(name)]
    if "`" not in name:
        ways.append(f"`{name}`")
    if "]" not in name:
        ways.append(f"[{name}]")
    if name.isascii() and name.isidentifier() and name.upper() not in RESERVED:
        ways.append(name)
    return draw(st.sampled_from(ways))


@st.composite
def expressions(draw: st.DrawFn, columns: list[str], before: str = "") -> str:
    """An expression that speaks of some columns."""
    parts = [before + draw(named(draw(st.sampled_from(columns)))) for _ in range(3)]
    shape = draw(
        st.sampled_from(
            [
                "{} > -1 AND NOT {} IN (1, 2) OR {} LIKE '%a''b'",
                "CASE WHEN {} IS NULL THEN upper({}) ELSE CAST({} AS TEXT) END",
                "coalesce({}, 1) || {} -- why\n + {}",
                "{} == 1 /* so */ AND {} != 2.5E3 AND {} GLOB 'A*'",
                "- {} + - 5 * ({} - -3) % {}",
                "{} COLLATE NOCASE BETWEEN \"Text\" AND x'aB' AND {} IS NOT {}",
            ]
        )
    )
    return shape.format(*parts)


@st.composite
def schemas(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    """A table, an index, a view and a trigger on it; its name and those of its columns."""
    table, *columns = draw(st.lists(NAMES, min_size=3, max_size=4, unique_by=str.lower))
    listed = ", ".join(map(quote, columns))
    named_table = draw(named(table))
    index, condition = draw(expressions(columns)), draw(expressions(columns))
    made = [
        f"CREATE TABLE {draw(named(table))} ({listed}, CHECK ({draw(expressions(columns))}))",
        f"CREATE INDEX idx_ ON {named_table} ({draw(named(columns[0]))} DESC, ({index})) WHERE {condition}",
        (
            f"CREATE VIEW view_ AS SELECT {draw(expressions(columns, 'tt.'))} AS one, {draw(named(columns[0]))}"
            f" FROM {named_table} AS tt WHERE {draw(expressions(columns))}"
        ),
        (
            f"CREATE TRIGGER trigger_ AFTER UPDATE OF {draw(named(columns[1]))} ON {draw(named(table))}"
            f" WHEN {draw(expressions(columns, 'new.'))} BEGIN UPDATE {draw(named(table))}"
            f" SET {draw(named(columns[0]))} = {draw(expressions(columns, 'old.'))};"
            f" DELETE FROM {named_table} WHERE {draw(expressions(columns))}; END"
        ),
    ]
    return made, table, columns


@given(schemas())
def test_a_rename_and_back_with_all_that_speaks_of_it(made: tuple[list[str], str, list[str]]) -> None:
    statements, table, columns = made
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            for statement in statements:
                connection.execute(statement)
        except sqlite3.OperationalError:
            assume(False)
        before = snapshot_of(connection)
        try:
            for statement in there_and_back(table, columns):
                connection.execute(statement)
        except sqlite3.OperationalError:
            assume(False)
        assert diff(before, snapshot_of(connection)).changes == ()

"""What makes no difference: how it is written, a rename and back, a table built anew, a dump, what is no structure."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.engines.sqlite.conftest import snapshot_of
from tests.engines.sqlite.sink import REAL, SINK

from stepwell.core.schema.diff import diff
from stepwell.core.schema.words import sentences, tell
from stepwell.core.sql.lexer import lex
from stepwell.core.sql.tokens import Kind
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.engines.sqlite.tables import create_history, create_log, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.core.schema.snapshot import Snapshot


def must_be_equal(one: Snapshot, other: Snapshot) -> None:
    assert sentences(tell(diff(one, other))) == []
    assert one.dumps() == other.dumps()


def written(change: Callable[[Kind, str], str]) -> str:
    """The real tables of it, with every token written in another way."""
    return "".join(change(token.kind, token.text) for token in lex(REAL, SQLITE))


def is_plain(word: str) -> bool:
    return word in {
        "users",
        "posts",
        "pairs",
        "age",
        "title",
        "body",
        "author",
        "note",
        "draft",
        "one",
        "headline",
    }


WRITTEN: dict[str, Callable[[Kind, str], str]] = {
    "keywords in lower case": lambda kind, text: (
        text.lower() if kind is Kind.WORD and text.isupper() else text
    ),
    "in one line": lambda kind, text: " " if kind is Kind.SPACE else text,
    "with much space": lambda kind, text: "\n\t  " if kind is Kind.SPACE else text,
    "with comments": lambda kind, text: " -- why;\n /* and (why) */ " if kind is Kind.SPACE else text,
    "double quotes": lambda kind, text: f'"{text}"' if kind is Kind.WORD and is_plain(text) else text,
    "brackets": lambda kind, text: f"[{text}]" if kind is Kind.WORD and is_plain(text) else text,
    "backticks": lambda kind, text: f"`{text}`" if kind is Kind.WORD and is_plain(text) else text,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_how_it_is_written(name: str, take: Callable[..., Snapshot]) -> None:
    other = written(WRITTEN[name])
    assert other != REAL
    must_be_equal(take(REAL), take(other))


SAME = {
    "if not exists": ("CREATE TABLE a (b INT)", "CREATE TABLE IF NOT EXISTS main.a (b INT)"),
    "the key of a column and of the table": (
        "CREATE TABLE a (b INT PRIMARY KEY, c TEXT UNIQUE, d INT CHECK (d > 1), e INT REFERENCES a (b))",
        (
            "CREATE TABLE a (b INT, c TEXT, d INT, e INT, FOREIGN KEY (e) REFERENCES a (b), CHECK (d > 1), UNIQUE (c),"
            " PRIMARY KEY (b))"
        ),
    ),
    "constraints without a comma": (
        "CREATE TABLE a (b INT, CHECK (b > 1), UNIQUE (b))",
        "CREATE TABLE a (b INT, CHECK (b > 1) UNIQUE (b))",
    ),
    "a generated column": (
        "CREATE TABLE a (b INT, c INT AS (b + 1))",
        "CREATE TABLE a (b INT, c INT GENERATED ALWAYS AS (b + 1) VIRTUAL)",
    ),
    "what is usual": (
        "CREATE TABLE a (b INT NOT NULL, c TEXT, d INT REFERENCES a (b), UNIQUE (b, c))",
        (
            "CREATE TABLE a (b INT NOT NULL ON CONFLICT ABORT, c TEXT NULL COLLATE BINARY, d INT REFERENCES a (b)"
            " MATCH SIMPLE ON DELETE NO ACTION NOT DEFERRABLE INITIALLY IMMEDIATE, UNIQUE (b ASC, c ASC))"
        ),
    ),
    "the order of actions": (
        "CREATE TABLE a (b INT REFERENCES a ON DELETE CASCADE ON UPDATE RESTRICT)",
        "CREATE TABLE a (b INT REFERENCES a ON UPDATE RESTRICT ON DELETE CASCADE)",
    ),
    "the order of a number that every row has": (
        "CREATE TABLE a (b INTEGER, PRIMARY KEY (b))",
        "CREATE TABLE a (b INTEGER, PRIMARY KEY (b DESC))",
    ),
    "operators": (
        "CREATE TABLE a (b INT CHECK (b <> 1 AND b = 2))",
        "CREATE TABLE a (b INT CHECK (b != 1 AND b == 2))",
    ),
    "the text of a default": ("CREATE TABLE a (b TEXT DEFAULT 'Hi')", "CREATE TABLE a (b TEXT DEFAULT Hi)"),
    "the text of a default in quotes": (
        "CREATE TABLE a (b TEXT DEFAULT 'Hi')",
        'CREATE TABLE a (b TEXT DEFAULT "Hi")',
    ),
    "an index that ascends": (
        "CREATE TABLE a (b INT, c INT); CREATE INDEX i ON a (b, c DESC)",
        "CREATE TABLE a (b INT, c INT); CREATE INDEX IF NOT EXISTS i ON A (B asc, [c] desc)",
    ),
    "a trigger": (
        "CREATE TABLE a (b INT); CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SELECT 1; END",
        'CREATE TABLE a (b INT); CREATE TRIGGER IF NOT EXISTS t INSERT ON "A" BEGIN SELECT 1 ; END',
    ),
    "a trigger on a table with its database": (
        "CREATE TABLE a (b INT); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
        "CREATE TABLE a (b INT); CREATE TRIGGER main.t AFTER INSERT ON main.a BEGIN SELECT 1; END",
    ),
    "where it says that a key is checked late": (
        "CREATE TABLE a (b INT REFERENCES a DEFERRABLE INITIALLY DEFERRED UNIQUE)",
        "CREATE TABLE a (b INT REFERENCES a UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    ),
    "the expression of a view": (
        "CREATE TABLE a (b INT); CREATE VIEW v AS SELECT count(*), b + 1, b FROM a",
        "CREATE TABLE a (b INT); CREATE VIEW IF NOT EXISTS v AS SELECT COUNT( * ), b  +1, B FROM A",
    ),
    "the order in which it was made": (
        "CREATE TABLE a (b INT); CREATE TABLE c (d INT); CREATE INDEX i ON a (b)",
        "CREATE TABLE c (d INT); CREATE TABLE a (b INT); CREATE INDEX i ON a (b)",
    ),
    "the type": ("CREATE TABLE a (b VARCHAR(10))", "CREATE TABLE a (b varchar ( 10 ))"),
    "a text in double quotes": (
        "CREATE TABLE a (b TEXT CHECK (b IN ('Hi', 'ho')))",
        'CREATE TABLE a (b TEXT CHECK (b IN ("Hi", "ho")))',
    ),
    "a name that is given in a view": (
        "CREATE TABLE a (b INT); CREATE VIEW v AS SELECT x.c FROM (SELECT b AS c FROM a) AS x",
        'CREATE TABLE a (b INT); CREATE VIEW v AS SELECT "x"."c" FROM (SELECT "b" AS "c" FROM "a") AS "x"',
    ),
    "names of indexed columns as texts": (
        "CREATE TABLE a (b INT, c TEXT, PRIMARY KEY (b), UNIQUE (b, c)); CREATE INDEX i ON a (c COLLATE nocase DESC)",
        (
            "CREATE TABLE a (b INT, c TEXT, PRIMARY KEY ('b'), UNIQUE ('b', 'c'));"
            " CREATE INDEX i ON a ('c' COLLATE NOCASE DESC)"
        ),
    ),
    "numbers and bytes": (
        "CREATE TABLE a (b REAL DEFAULT 1.5e3, c INT DEFAULT 0xff, d BLOB DEFAULT x'ab')",
        "CREATE TABLE a (b REAL DEFAULT 1.5E3, c INT DEFAULT 0XFF, d BLOB DEFAULT X'AB')",
    ),
    "a conflict clause without an effect": (
        "CREATE TABLE a (b INT, CHECK (b > 1), UNIQUE (b))",
        "CREATE TABLE a (b INT, CHECK (b > 1) ON CONFLICT IGNORE, UNIQUE (b))",
    ),
    "the order of two checks of one name": (
        "CREATE TABLE a (b INT CONSTRAINT c CHECK (b > 1) CONSTRAINT c CHECK (b > 2))",
        "CREATE TABLE a (b INT CONSTRAINT c CHECK (b > 2) CONSTRAINT c CHECK (b > 1))",
    ),
    "a comment without an end": ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 1 /* one"),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_to_write_the_same(name: str, take: Callable[..., Snapshot]) -> None:
    one, other = SAME[name]
    must_be_equal(take(one), take(other))


DIFFERENT = {
    "a text in another case": (
        "CREATE TABLE a (b TEXT DEFAULT 'Hi')",
        "CREATE TABLE a (b TEXT DEFAULT 'hi')",
    ),
    "a text in double quotes in another case": (
        'CREATE TABLE a (b TEXT CHECK (b <> "Hi"))',
        'CREATE TABLE a (b TEXT CHECK (b <> "hi"))',
    ),
    "a word for a value and a name": (
        'CREATE TABLE a (b TEXT, "true" INT CHECK (b = true))',
        'CREATE TABLE a (b TEXT, "true" INT CHECK (b = "true"))',
    ),
    "the name of a view's column in another case": (
        'CREATE VIEW v AS SELECT 1 AS "Full Name"',
        'CREATE VIEW v AS SELECT 1 AS "full name"',
    ),
    "the order of a key that is an index": (
        "CREATE TABLE a (b INTEGER PRIMARY KEY)",
        "CREATE TABLE a (b INTEGER PRIMARY KEY DESC)",
    ),
    "the same check twice": (
        "CREATE TABLE a (b INT CHECK (b > 1))",
        "CREATE TABLE a (b INT CHECK (b > 1) CHECK (b > 1))",
    ),
    "the end of a long check": (
        f"CREATE TABLE a (b INT CHECK (b IN ({'1, ' * 40} 2)))",
        f"CREATE TABLE a (b INT CHECK (b IN ({'1, ' * 40} 3)))",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_nearly_the_same_is_not(name: str, take: Callable[..., Snapshot]) -> None:
    one, other = map(take, DIFFERENT[name])
    assert not diff(one, other).equal
    assert one.fingerprint != other.fingerprint


THERE_AND_BACK = [
    "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users",
    "ALTER TABLE posts RENAME TO notes; ALTER TABLE notes RENAME TO posts",
    "ALTER TABLE users RENAME COLUMN email TO mail; ALTER TABLE users RENAME COLUMN mail TO email",
    'ALTER TABLE posts RENAME COLUMN title TO "My Title"; ALTER TABLE posts RENAME COLUMN "My Title" TO "title"',
    'ALTER TABLE "odd name" RENAME COLUMN "Order" TO x; ALTER TABLE "odd name" RENAME COLUMN x TO "Order"',
    'ALTER TABLE search RENAME TO finding; ALTER TABLE finding RENAME TO "search"',
    "ALTER TABLE posts ADD COLUMN x INT; ALTER TABLE posts DROP COLUMN x",
    "CREATE INDEX i ON users (age); DROP INDEX i",
    "INSERT INTO users (email) VALUES ('a'); ANALYZE; REINDEX; VACUUM",
    "INSERT INTO search VALUES ('a', 'b'); INSERT INTO search (search) VALUES ('optimize')",
    (
        "CREATE TEMP TABLE posts (other INT); CREATE TEMP VIEW extra AS SELECT 1;"
        " CREATE TEMP TRIGGER tt DELETE ON main.posts BEGIN SELECT 1; END"
    ),
    "ATTACH ':memory:' AS other; CREATE TABLE other.users (x INT); CREATE TABLE other.more (x INT)",
    "PRAGMA encoding = 'UTF-16'; PRAGMA cache_size = 10; PRAGMA journal_mode = MEMORY; PRAGMA user_version = 0",
]


@pytest.mark.parametrize("script", THERE_AND_BACK)
def test_there_and_back(script: str, take: Callable[..., Snapshot]) -> None:
    must_be_equal(take(SINK), take(SINK, script))


def test_a_table_built_anew(take: Callable[..., Snapshot]) -> None:
    """As SQLite's own documentation has it, with its indexes, triggers and the views on it."""
    items = re.findall(r"CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) [\s\S]*?(?<!x');\n(?! {4}|END)", SINK)
    table = next(text for text in items if text.startswith("CREATE TABLE posts"))
    hanging = [text for text in items if " ON posts" in text]
    assert len(hanging) == 4
    anew = (
        "PRAGMA legacy_alter_table = ON;",
        table.replace("posts", "new_posts", 1),
        "INSERT INTO new_posts SELECT * FROM posts; DROP TABLE posts; ALTER TABLE new_posts RENAME TO posts;",
        *hanging,
    )
    must_be_equal(take(SINK), take(SINK, *anew))


def test_a_dump_and_a_restore(take: Callable[..., Snapshot]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(REAL)
        dumped = "\n".join(connection.iterdump())
    must_be_equal(take(REAL), take(dumped))


def test_the_tables_of_the_tool_are_left_out(connection: sqlite3.Connection) -> None:
    connection.executescript(SINK)
    before = snapshot_of(connection)
    ours = names("migrations")
    connection.executescript(
        f"{create_history(ours)}; {create_log(ours)}; CREATE INDEX i ON migrations (name)"
    )
    must_be_equal(before, snapshot_of(connection))
    told = sentences(tell(diff(before, snapshot_of(connection, own_tables=True))))
    assert [line.partition(" (")[0] for line in told] == [
        "table migrations: added",
        "table migrations_log: added",
    ]


def test_their_columns_make_no_names_of_texts(connection: sqlite3.Connection) -> None:
    connection.execute('CREATE VIEW texts AS SELECT "Checksum" AS text')
    before = snapshot_of(connection)
    connection.execute(create_history(names("migrations")))
    must_be_equal(before, snapshot_of(connection))


def test_a_table_that_only_has_such_a_name_is_in_it(take: Callable[..., Snapshot]) -> None:
    taken = take("CREATE TABLE migrations (something INT); CREATE TABLE migrations_log (other INT)")
    assert {"migrations.something", "migrations_log.other"} <= {fact.identity for fact in taken.facts}


def test_a_file_and_a_database_in_memory(take: Callable[..., Snapshot], tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA auto_vacuum = FULL; PRAGMA page_size = 512; {SINK}"
        )
        must_be_equal(take(SINK), snapshot_of(connection))

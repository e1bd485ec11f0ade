"""What is odd in a file: what can't be read, what is unknown, what belongs to virtual tables, names in capitals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.engines.sqlite.conftest import snapshot_of

from stepwell.core.errors import ConnectionFailedError
from stepwell.core.schema.diff import diff
from stepwell.core.schema.snapshot import Key
from stepwell.core.schema.words import sentences, tell
from stepwell.engines.sqlite.structure.create import read_table
from stepwell.engines.sqlite.structure.text import RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.core.schema.snapshot import Snapshot


def names(taken: Snapshot, kind: str) -> list[str]:
    return [fact.identity for fact in taken.facts if fact.kind == kind]


def test_an_empty_database(take: Callable[..., Snapshot]) -> None:
    assert [str(fact.key) for fact in take().facts] == ["database"]


def test_a_view_of_what_is_gone(take: Callable[..., Snapshot]) -> None:
    made = "CREATE TABLE a (b INT); CREATE VIEW v AS SELECT b FROM a;"
    before, after = take(made), take(made, "DROP TABLE a")
    assert sentences(tell(diff(before, after))) == [
        "column v.b: removed",
        "table a: removed (1 column)",
        "view v: invalid none -> no such table: main.a",
    ]


def test_a_view_with_a_function_that_is_not_there(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.create_function("of_the_program", 1, lambda given: given)
        connection.execute("CREATE VIEW v AS SELECT of_the_program(1) AS one")
        assert names(snapshot_of(connection), "column") == ["v.one"]
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        (view,) = [fact for fact in snapshot_of(connection).facts if fact.kind == "view"]
    assert view.attributes["invalid"] == "no such function: of_the_program"
    assert view.attributes["definition"] == "SELECT of_the_program(1) AS one"


def test_a_view_that_shows_all_columns(connection: sqlite3.Connection) -> None:
    """The columns are read anew with the table, also by a connection that knows the view already."""
    connection.executescript("CREATE TABLE a (b INT); CREATE VIEW v AS SELECT * FROM a")
    before = snapshot_of(connection)
    connection.execute("ALTER TABLE a ADD COLUMN c TEXT")
    told = sentences(tell(diff(before, snapshot_of(connection))))
    assert told == ["column a.c: added (text)", "column v.c: added"]
    connection.execute("ALTER TABLE a DROP COLUMN c")
    assert snapshot_of(connection).dumps() == before.dumps()


def test_the_columns_of_a_view_have_no_types(take: Callable[..., Snapshot]) -> None:
    """Newer versions of SQLite tell one for expressions too: an upgrade would be a difference."""
    taken = take("CREATE TABLE a (b INT); CREATE VIEW v AS SELECT b, b + 1 AS c FROM a")
    assert [fact.attributes for fact in taken.facts if fact.identity.startswith("v.")] == [
        {"position": 1},
        {"position": 2},
    ]


COLUMNS_OF_VIEWS = {
    "SELECT a.b, x.b, x.b FROM a, a x": ["b", "b:1", "b:2"],
    'SELECT * FROM a, "odd name"': ["b", '"A b"'],
    """SELECT 1 AS "Full Name", 2 AS 'a b', 3 AS "a  b", 4 AS "a b #2" """:
        ['"Full Name"', '"a b"', '"a  b"', '"a b #2"'],
    "SELECT b+1, B  + 1, b+1, MAX( b ) FROM a": ["b + 1", "b + 1 #2", "b + 1:1", "max(b)"],
}  # fmt: skip


@pytest.mark.parametrize("query", COLUMNS_OF_VIEWS)
def test_how_the_columns_of_a_view_are_called(query: str, take: Callable[..., Snapshot]) -> None:
    taken = take(f'CREATE TABLE a (b INT); CREATE TABLE "odd name" ("A b" INT); CREATE VIEW v AS {query}')
    columns = [fact for fact in taken.facts if fact.parent == Key("view", "v")]
    columns.sort(key=lambda fact: fact.attributes["position"])
    assert [fact.identity for fact in columns] == [f"v.{name}" for name in COLUMNS_OF_VIEWS[query]]


def write_into_schema(connection: sqlite3.Connection, row: str) -> None:
    connection.executescript(
        f"PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ({row}); PRAGMA writable_schema = RESET"
    )


def test_a_module_that_is_not_there(connection: sqlite3.Connection) -> None:
    write_into_schema(
        connection, "'table', 'docs', 'docs', 0, 'CREATE VIRTUAL TABLE docs USING nowhere(Title)'"
    )
    connection.execute("CREATE TABLE docs_content (id INT)")
    taken = snapshot_of(connection)
    (docs,) = [fact for fact in taken.facts if fact.kind == "virtual table"]
    assert docs.attributes == {"definition": "nowhere(Title)", "invalid": "no such module: nowhere"}
    assert names(taken, "table") == []  # by its name it would be the module's


def test_what_is_of_no_known_kind_is_said(connection: sqlite3.Connection) -> None:
    connection.executescript(
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('spell', 'Fire Ball', 'x', 0, 'CREATE SPELL')"
    )
    taken = snapshot_of(connection)
    assert [str(fact.key) for fact in taken.unknown] == ['unknown spell "Fire Ball"']
    (note,) = diff(taken, taken).notes
    assert note == 'of a kind that stepwell does not know, and can\'t compare: spell "Fire Ball"'


INNER = ["search_config", "search_content", "search_data", "search_docsize", "search_idx"]


@pytest.mark.parametrize("told", [True, False], ids=["told by SQLite", "an old SQLite"])
def test_the_tables_of_a_virtual_one_are_its_own(connection: sqlite3.Connection, told: bool) -> None:
    connection.executescript(
        "CREATE VIRTUAL TABLE search USING fts5(title); CREATE VIRTUAL TABLE places USING rtree(id, low, high);"
        "CREATE TABLE search_tags (tag TEXT); CREATE TABLE other_content (x INT)"
    )
    if not told:  # it knows no such pragma, and so has nothing to say
        connection.set_authorizer(
            lambda _, name, *__: sqlite3.SQLITE_IGNORE if name == "table_list" else sqlite3.SQLITE_OK
        )
        assert connection.execute("PRAGMA main.table_list").fetchall() == []
    assert set(INNER) < {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    taken = snapshot_of(connection)
    assert names(taken, "table") == ["other_content", "search_tags"]
    assert names(taken, "virtual table") == ["places", "search"]
    assert names(taken, "index") == []


def test_a_table_that_is_only_given_to_a_virtual_one(take: Callable[..., Snapshot]) -> None:
    taken = take(
        "CREATE TABLE docs_content (id INTEGER PRIMARY KEY, body TEXT);"
        "CREATE VIRTUAL TABLE docs USING fts5(body, content = 'docs_content', content_rowid = 'id')"
    )
    assert names(taken, "table") == ["docs_content"]


CAPITALS = """
CREATE TABLE "Users" ("Id" INTEGER PRIMARY KEY, "Age" INT CHECK ("Age" > 0), Best INT REFERENCES Users ("Id"));
CREATE INDEX "ByAge" ON "Users" ("Age" DESC) WHERE "Users"."Age" > 1;
CREATE VIEW "Grown" AS SELECT "Id" AS "theId" FROM "Users" WHERE "Age" > 17;
CREATE TRIGGER "Aged" UPDATE OF "Age" ON "Users" WHEN new."Age" > 9 BEGIN SELECT "Id" FROM "Users"; END;
"""


def test_names_in_capitals(take: Callable[..., Snapshot]) -> None:
    """They are told as they are; the quotes around them make no difference."""
    taken = take(CAPITALS)
    bare = CAPITALS.replace('"', "")
    assert (
        sentences(tell(diff(taken, take(bare)))) == ["view Grown: definition is another"]
        or (sentences(tell(diff(taken, take(bare.replace("theId", '"theId"')))))) == []
    )
    renamed = (
        "ALTER TABLE Users RENAME TO x; ALTER TABLE x RENAME TO Users;"
        " ALTER TABLE Users RENAME Age TO y; ALTER TABLE Users RENAME y TO Age"
    )
    assert take(CAPITALS, renamed).dumps() == taken.dumps()
    assert take(bare, renamed).dumps() == take(bare).dumps()
    assert {"Users", "Users.Age", "ByAge", "Grown", "Grown.theId", "Aged"} <= {
        fact.identity for fact in taken.facts
    }


def test_a_name_in_other_capitals_is_another(take: Callable[..., Snapshot]) -> None:
    found = diff(take("CREATE TABLE a (b INT)"), take("CREATE TABLE a (B INT)"))
    assert [change.key for change in found.changes] == [Key("column", "a.B"), Key("column", "a.b")]


def test_what_has_no_name_is_called_by_what_it_is(take: Callable[..., Snapshot]) -> None:
    taken = take(
        "CREATE TABLE a (b INT CONSTRAINT named NOT NULL UNIQUE, c TEXT CHECK (c IN ('one', 'two', 'three', 'four',"
        " 'five', 'six', 'seven', 'eight')) CHECK (b > 0) CHECK (b > 0), FOREIGN KEY (b, c) REFERENCES a)"
    )
    assert names(taken, "constraint") == [
        "a.check (b > 0)", "a.check (b > 0) #2",
        "a.check (c IN ('one', 'two', 'three', 'four', 'five', 'six', 'seven',...)",
        "a.foreign key (b, c)", "a.unique (b)",
    ]  # fmt: skip


def test_names_with_blanks_stay_whole(take: Callable[..., Snapshot]) -> None:
    taken = take(
        'CREATE TABLE a ("b c" INT, "b d" INT, PRIMARY KEY ("b c" DESC, "b d"), UNIQUE ("b d" COLLATE nocase))'
    )
    assert names(taken, "constraint") == ["a.primary key", 'a.unique ("b d")']


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_what_is_no_name_without_quotes(connection: sqlite3.Connection, word: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        connection.execute(f"CREATE TABLE a ({word} INT)")


def test_where_something_may_not_be_read_there_is_no_snapshot(connection: sqlite3.Connection) -> None:
    """What would be left out would seem to be gone."""
    connection.executescript("CREATE TABLE a (b INT); CREATE VIEW v AS SELECT b FROM a")
    connection.set_authorizer(
        lambda _, what, of, *__: (
            sqlite3.SQLITE_DENY if (what, of) == ("table_xinfo", "v") else sqlite3.SQLITE_OK
        )
    )
    with pytest.raises(ConnectionFailedError, match="not authorized"):
        snapshot_of(connection)


STRANGE = {
    "CREATE TABLE a (b INT, c TEXT NEVER GONNA (1) x)":
        "table a: definition none -> CREATE TABLE a(b int, c text never gonna(1) x)",
    "CREATE INDEX 5 ON a": "index i: definition b -> CREATE INDEX 5 ON a",
    "CREATE VIEW 5 AS": "view v: definition SELECT b FROM a -> CREATE view 5 AS",
    "CREATE TRIGGER t": "trigger t: definition BEFORE DELETE begin SELECT 1; end -> CREATE trigger t",
    "CREATE VIRTUAL TABLE s USING": "virtual table s: definition fts5(b) -> CREATE virtual TABLE s USING",
}  # fmt: skip


@pytest.mark.parametrize("sql", STRANGE)
def test_a_text_that_is_not_understood_is_told_whole(connection: sqlite3.Connection, sql: str) -> None:
    connection.executescript(
        "CREATE TABLE a (b INT, c TEXT); CREATE INDEX i ON a (b); CREATE VIEW v AS SELECT b FROM a;"
        "CREATE TRIGGER t DELETE ON a BEGIN SELECT 1; END; CREATE VIRTUAL TABLE s USING fts5(b)"
    )
    before = snapshot_of(connection)
    connection.execute("PRAGMA writable_schema = ON")
    name = STRANGE[sql].partition(":")[0].split()[-1]
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))
    assert sentences(tell(diff(before, snapshot_of(connection)))) == [STRANGE[sql]]


@pytest.mark.parametrize(
    "sql",
    [
        "", "CREATE", "CREATE TABLE", "CREATE TABLE a", "CREATE TABLE a (", "CREATE TABLE a (b", "CREATE TABLE a (b))",
        "CREATE TABLE a (b CHECK (", "CREATE TABLE a (b DEFAULT", "CREATE TABLE a (b REFERENCES", "CREATE VIEW a (b)",
        "CREATE TABLE a (b NOT)", "CREATE TABLE a (b DEFERRABLE)", "CREATE TABLE a (b) WITHOUT", "CREATE TABLE a ('b",
        "CREATE TABLE a (b, PRIMARY)", "CREATE TABLE a (b, PRIMARY KEY ())", "CREATE TABLE a (1 INT)",
        "CREATE TABLE a (b AS 1)", "CREATE TABLE a (b ON CONFLICT)", "CREATE TABLE a (b UNIQUE ON CONFLICT)",
    ],
)  # fmt: skip
def test_of_what_is_no_table_nothing_is_read(sql: str) -> None:
    assert read_table(sql, frozenset()) is None


def test_a_file_that_is_broken_is_an_error(connection: sqlite3.Connection) -> None:
    write = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE ('"
    connection.executescript(f"CREATE TABLE a (b INT); {write}; PRAGMA writable_schema = RESET")
    with pytest.raises(ConnectionFailedError, match="malformed database schema"):
        snapshot_of(connection)

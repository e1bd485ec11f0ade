"""The statements that can be read without running a file, and whether they change schema and data."""

from collections.abc import Callable
from textwrap import indent

import pytest

from stepwell.core.errors import Place
from stepwell.core.files.parse import parse
from stepwell.core.migration import Direction, Finding, SourceFile
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.sqlite.lexical import SQLITE

MakeSource = Callable[[str, str | bytes], SourceFile]

HEAD = """\
from stepwell import Migration, database
from stepwell import database as db
import stepwell

class Add(Migration):
"""


def python(body: str) -> str:
    """A file whose class has this body, from line 6 on."""
    return HEAD + indent(body, "    ")


ONE_CALL = """\
async def up(self):
    await database.execute('A; B')
"""
ON_THE_WAY_DOWN = """\
async def up(self): pass
def down(self):
    db.execute('A')
"""
LONG_TEXT = '''\
async def up(self):
    await database.execute("""
        A;

        B
    """)
'''
EVERY_CALL = """\
async def up(self):
    await stepwell.database.execute_many('A', [])
    rows = await database.fetch_all(sql='B')
    for row in rows:
        if await database.fetch_val('C', {}) == await database.execute_count('D'): pass
"""
OWN_METHODS = """\
async def up(self):
    await self.tables()
    await self.rows()
async def rows(self):
    await database.execute('B')
    await self.up()
async def tables(self):
    await database.execute('A')
async def unused(self):
    await database.execute('C')
"""
NOT_LITERAL = """\
async def up(self):
    await database.execute(f'A {1}')
    await database.execute(SQL)
    await other.execute('B')
    await database.flush()
    execute('C')
    await database.execute()
"""
NOT_SQL = """\
async def up(self):
    await database.execute('SELECT "')
    await database.execute('B')
"""
STATEMENTS = [
    ("up", ONE_CALL, [("A", 7), ("B", 7)]),
    ("down", ONE_CALL, []),
    ("down", ON_THE_WAY_DOWN, [("A", 8)]),
    ("up", LONG_TEXT, [("A", 8), ("B", 10)]),
    ("up", EVERY_CALL, [("A", 7), ("B", 8), ("C", 10), ("D", 10)]),
    ("up", OWN_METHODS, [("A", 13), ("B", 10)]),
    ("up", NOT_LITERAL, []),
    ("up", NOT_SQL, [("B", 8)]),
]


@pytest.mark.parametrize(("direction", "body", "expected"), STATEMENTS)
def test_literal_statements(
    make_source: MakeSource, direction: str, body: str, expected: list[tuple[str, int]]
) -> None:
    migration = parse(make_source("006_add.py", python(body)), POSTGRESQL)
    found = migration.statements(Direction(direction))
    assert [(statement.text, statement.line) for statement in found] == expected


# What stands behind the class of a file, the body of its `up`, and what is found of its SQL.
CONSTANTS = {
    "a text": ("TEXT = 'A; B'", "database.execute(TEXT)", ["A", "B"]),
    "with a type": ("TEXT: str = 'A'", "database.execute(TEXT)", ["A"]),
    "a loop": ("TEXTS = ('A', 'B')", "for text in TEXTS: database.execute(text)", ["A", "B"]),
    "a loop of its own": ("", "for text in ['A', 'B']: database.execute(text)", ["A", "B"]),
    "other texts": ("TEXTS = ('A', f'{1}')", "for text in TEXTS: database.execute(text)", []),
    "a list that is no text": ("TEXT = 'A'", "for letter in TEXT + 'B': database.execute(letter)", []),
    "given twice": ("TEXT = 'A'\nTEXT = 'B'", "database.execute(TEXT)", []),
    "no literal": ("TEXT = f'{1}'", "database.execute(TEXT)", []),
    "hidden": ("TEXT = 'A'", "TEXT = 'B'.lower(); database.execute(TEXT)", []),
    "two loops of one name": (
        "TEXTS = ('A',)",
        "for text in TEXTS: pass\n        for text in f(): database.execute(text)",
        [],
    ),
}


@pytest.mark.parametrize(("constants", "body", "expected"), CONSTANTS.values(), ids=list(CONSTANTS))
def test_names_for_literals(make_source: MakeSource, constants: str, body: str, expected: list[str]) -> None:
    text = python(f"def up(self):\n    {body.replace(chr(10) + '    ', chr(10))}\n") + f"\n{constants}\n"
    migration = parse(make_source("006_add.py", text), POSTGRESQL)
    assert [statement.text for statement in migration.statements(Direction.UP)] == expected


CREATE, INSERT = "CREATE TABLE a (b int)", "INSERT INTO a VALUES (1)"
MIXED: list[tuple[str, str, str, tuple[int, str] | None]] = [
    ("schema only", "006_a.sql", f"-- irreversible\n-- migrate:up\n{CREATE};\n{CREATE};\nSELECT 1;\n", None),
    (
        "data only",
        "006_a.sql",
        f"-- irreversible\n-- migrate:up\n{INSERT};\nSET a = 1;\nDELETE FROM a;\n",
        None,
    ),
    (
        "schema, then data",
        "006_a.sql",
        f"-- irreversible\n-- migrate:up\n\n{CREATE};\n{CREATE};\n{INSERT};\n{CREATE};\n{INSERT};",
        (6, "it changes data here, and the schema on line 4"),
    ),
    (
        "data, then schema",
        "006_a.sql",
        f"-- irreversible\n-- migrate:up\n{INSERT};\nSELECT 1;\n{CREATE};",
        (5, "it changes the schema here, and data on line 3"),
    ),
    (
        "only on the way down",
        "006_a.sql",
        f"-- migrate:up\n{CREATE};\n-- migrate:down\n{INSERT};{CREATE};",
        None,
    ),
    (
        "without a transaction",
        "006_a.sql",
        f"-- migrate:up transaction:false\n{CREATE};\n{INSERT};\n-- migrate:down\n{INSERT};",
        None,
    ),
    (
        "in Python without a transaction",
        "006_a.py",
        python(
            f"transactional = False\ndef up(self):\n  db.execute('{CREATE}')\n  db.execute('{INSERT}')\n"
            "def down(self): pass\n"
        ),
        None,
    ),
    (
        "in Python",
        "006_a.py",
        python(f"def up(self):\n  db.execute('{CREATE}')\n  db.execute('{INSERT}')\ndef down(self): pass\n"),
        (8, "it changes data here, and the schema on line 7"),
    ),
]


@pytest.mark.parametrize(
    ("file_name", "content", "expected"), [case[1:] for case in MIXED], ids=[case[0] for case in MIXED]
)
def test_schema_and_data_changes_in_one_migration(
    make_source: MakeSource, file_name: str, content: str, expected: tuple[int, str] | None
) -> None:
    findings = parse(make_source(file_name, content), POSTGRESQL).findings
    if expected is None:
        assert findings == ()
        return
    line, beginning = expected
    assert findings == (
        Finding(
            "mixed-schema-and-data",
            f"{beginning}: long data changes then hold the locks of schema changes",
            Place(f"db/migrations/{file_name}", line),
            "make two migrations of it, the second depending on the first",
        ),
    )


def test_where_every_change_locks_everything_both_may_be_in_one_migration(make_source: MakeSource) -> None:
    """A table of SQLite is built anew by both."""
    text = f"-- irreversible\n-- migrate:up\n{CREATE};\n{INSERT};\n"
    assert parse(make_source("006_a.sql", text), SQLITE).findings == ()

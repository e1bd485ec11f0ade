"""What a step's statements tell before it runs, by its file."""

from __future__ import annotations

import pytest

from stepwell.core.facts import facts_of
from stepwell.core.files.admission import admit
from stepwell.core.files.names import FileName, read_name
from stepwell.core.files.parse import parse
from stepwell.core.migration import Direction, Migration
from stepwell.engines.postgresql.lexical import POSTGRESQL as RULES


def migration(name: str, text: str) -> Migration:
    parts = read_name(name)
    assert isinstance(parts, FileName)
    source = admit(parts, name, text.encode())
    assert source is not None
    return parse(source, RULES)


SQL = """\
-- migrate:up
CREATE TABLE moods (id int);
ALTER TYPE mood ADD VALUE 'calm';
CREATE INDEX CONCURRENTLY moods_id ON moods (id);
-- migrate:down
VACUUM;
"""

PYTHON = '''\
from stepwell import Migration, database

class Moods(Migration):
    async def up(self):
        await database.execute("CREATE TABLE moods (id int)")
        await database.execute("""
            ALTER TYPE mood ADD VALUE 'calm'
        """)
        await database.execute("CREATE INDEX CONCURRENTLY moods_id ON moods (id)")
        await database.execute(f"DROP TABLE {name}")

    async def down(self):
        await database.execute("VACUUM")
'''

FILES = {"001_moods.sql": (SQL, 4, 6), "001_moods.py": (PYTHON, 9, 13)}


@pytest.mark.parametrize("name", FILES)
def test_up(name: str) -> None:
    text, line, _ = FILES[name]
    facts = facts_of(migration(name, text), Direction.UP, RULES)
    assert [(each.kind, each.name) for each in facts.creates] == [("table", "moods"), ("index", "moods_id")]
    assert facts.adds_enum_value
    assert [number for _, number in facts.refuses_transaction] == [line]


@pytest.mark.parametrize("name", FILES)
def test_down_is_told_apart_from_up(name: str) -> None:
    text, _, line = FILES[name]
    facts = facts_of(migration(name, text), Direction.DOWN, RULES)
    assert (facts.creates, facts.adds_enum_value) == ((), False)
    assert [number for _, number in facts.refuses_transaction] == [line]


def test_without_a_down_there_is_nothing_to_tell() -> None:
    facts = facts_of(migration("001_x.sql", "-- migrate:up\nSELECT 1;\n"), Direction.DOWN, RULES)
    assert (facts.creates, facts.adds_enum_value, facts.refuses_transaction) == ((), False, ())


FORBIDDEN: dict[str, tuple[str, list[int]]] = {
    "a transaction": ("SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;", [3, 5]),
    "a savepoint of its own": ("SAVEPOINT a;\nROLLBACK TO a;\nRELEASE a;", []),
    "a savepoint that has ended": ("SAVEPOINT a;\nRELEASE a;\nROLLBACK TO SAVEPOINT a;", [4]),
    "another savepoint": ("SAVEPOINT a;\nRELEASE b;", [3]),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_no_migration_may_hold(name: str) -> None:
    text, lines = FORBIDDEN[name]
    facts = facts_of(migration("001_x.sql", f"-- migrate:up\n{text}\n"), Direction.UP, RULES)
    assert [line for _, line in facts.forbidden] == lines


def test_of_python_only_what_is_certain_is_forbidden() -> None:
    """Which savepoints are open is known only when it runs."""
    text = PYTHON.replace('"VACUUM"', '"RELEASE a"').replace('"CREATE TABLE moods (id int)"', '"COMMIT"')
    found = migration("001_x.py", text)
    assert [line for _, line in facts_of(found, Direction.UP, RULES).forbidden] == [5]
    assert facts_of(found, Direction.DOWN, RULES).forbidden == ()

"""What statements rename, and what of it is evidence for two snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stepwell.core.book.renames import followed, moved, path_of, renames
from stepwell.core.schema.diff import Added, Changed, Removed, Renamed
from stepwell.core.schema.snapshot import Fact, Key, Snapshot
from stepwell.engines.mysql.lexical import MYSQL
from stepwell.engines.postgresql.lexical import POSTGRESQL

STATEMENTS = {
    "ALTER TABLE a RENAME COLUMN x TO y": [("a.x", "a.y")],
    "alter table only s.a rename x to y": [("s.a.x", "s.a.y")],
    "ALTER TABLE IF EXISTS a * RENAME COLUMN x TO y": [("a.x", "a.y")],
    'ALTER TABLE "a b" RENAME "x.1" TO "to"': [("a b.x.1", "a b.to")],
    "ALTER TABLE s.a RENAME TO b": [("s.a", "s.b")],
    "ALTER TABLE a SET SCHEMA t": [("a", "t.a")],
    "ALTER VIEW v RENAME TO w": [("v", "w")],
    "ALTER MATERIALIZED VIEW v RENAME TO w": [("v", "w")],
    "ALTER TYPE t RENAME ATTRIBUTE x TO y": [("t.x", "t.y")],
    "ALTER SEQUENCE IF EXISTS q RENAME TO r": [("q", "r")],
    "ALTER TABLE a RENAME CONSTRAINT x TO y": [],
    "ALTER TYPE t RENAME VALUE 'x' TO 'y'": [],
    "ALTER TABLE a ADD COLUMN rename int, ADD CHECK (x > 1)": [],
    "ALTER TABLE a ADD x text DEFAULT 'RENAME COLUMN x TO y'": [],
    "ALTER TABLE": [],
    "RENAME": [],
    "SELECT 1": [],
}
MYSQL_STATEMENTS = {
    "RENAME TABLE a TO b, s.c TO s.d": [("a", "b"), ("s.c", "s.d")],
    "ALTER TABLE a CHANGE COLUMN x y int NOT NULL, CHANGE z w decimal(1, 2)": [
        ("a.x", "a.y"),
        ("a.z", "a.w"),
    ],
    "ALTER TABLE `a` RENAME AS b, RENAME COLUMN x TO y": [("a", "b"), ("b.x", "b.y")],
    "ALTER TABLE a RENAME INDEX x TO y, RENAME KEY x TO y": [],
    "RENAME TABLE a TO": [],
    "RENAME TABLE a b": [],
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_a_statement_renames(statement: str) -> None:
    found = [(".".join(each.before), ".".join(each.after)) for each in renames(statement, POSTGRESQL)]
    assert found == STATEMENTS[statement]


@pytest.mark.parametrize("statement", MYSQL_STATEMENTS)
def test_what_a_statement_of_mysql_renames(statement: str) -> None:
    found = [(".".join(each.before), ".".join(each.after)) for each in renames(statement, MYSQL)]
    assert found == MYSQL_STATEMENTS[statement]


def test_the_parts_of_a_name() -> None:
    assert path_of('public."a.b".c', POSTGRESQL) == ("public", "a.b", "c")
    assert path_of("public.f(integer, text)", POSTGRESQL) == ("public.f(integer, text)",)
    assert path_of("", POSTGRESQL) == ("",)


def structure(*columns: str, **types: str) -> Snapshot:
    """Tables with columns, `a.x`, in the schema `public`; of the type that is given for its name, or else text."""
    tables = {column.split(".")[0] for column in columns}
    facts = [Fact("table", f"public.{table}", Key("schema", "public")) for table in tables]
    facts += [
        Fact(
            "column",
            f"public.{column}",
            Key("table", f"public.{column.split('.')[0]}"),
            {"type": types.get(column.split(".")[1], "text"), "position": position},
        )
        for position, column in enumerate(columns)
    ]
    facts += [
        Fact("index", "public.i", Key("table", f"public.{columns[0].split('.')[0]}"), {"definition": "d"})
    ]
    return Snapshot("postgresql", "15.4", facts)


def told(before: Snapshot, after: Snapshot, *statements: str) -> list[str]:
    ways = moved(before, after, statements, POSTGRESQL)
    words = {Added: "added", Removed: "removed", Changed: "changed", Renamed: "renamed"}
    return [
        f"{change.key.identity} {words[type(change)]}" for change in followed(before, after, ways).changes
    ]


@pytest.mark.parametrize(
    ("before", "after", "statements", "expected"),
    [
        pytest.param(["a.x"], ["a.y"], [], ["public.a.x removed", "public.a.y added"], id="no statement"),
        pytest.param(["a.x"], ["a.y"], ["ALTER TABLE a RENAME x TO y"], ["public.a.x renamed"], id="column"),
        pytest.param(
            ["a.x"],
            ["a.z"],
            ["ALTER TABLE a RENAME x TO y"],
            ["public.a.x removed", "public.a.z added"],
            id="the new name is not there",
        ),
        pytest.param(
            ["a.x"],
            ["a.y"],
            ["ALTER TABLE other.a RENAME x TO y"],
            ["public.a.x removed", "public.a.y added"],
            id="another table of that name",
        ),
        pytest.param(
            ["a.x", "a.y"],
            ["a.y", "a.x"],
            ["ALTER TABLE a RENAME x TO z", "ALTER TABLE a RENAME y TO x", "ALTER TABLE a RENAME z TO y"],
            ["public.a.x renamed", "public.a.y renamed"],
            id="two change names",
        ),
        pytest.param(["a.x"], ["b.x"], ["ALTER TABLE a RENAME TO b"], ["public.a renamed"], id="table"),
        pytest.param(
            ["a.x"],
            ["b.y"],
            ["ALTER TABLE a RENAME TO b", "ALTER TABLE public.b RENAME COLUMN x TO y"],
            ["public.a.x renamed", "public.a renamed"],
            id="table and column",
        ),
        pytest.param(
            ["a.x", "a.y"],
            ["a.y"],
            ["ALTER TABLE a DROP y", "ALTER TABLE a RENAME x TO y"],
            ["public.a.x renamed", "public.a.y removed"],
            id="in the place of one that went",
        ),
    ],
)
def test_only_with_evidence_it_is_a_rename(
    before: list[str], after: list[str], statements: list[str], expected: list[str]
) -> None:
    assert told(structure(*before), structure(*after), *statements) == expected


def test_what_is_changed_besides_is_told_besides() -> None:
    statements = ("ALTER TABLE a RENAME x TO y", "ALTER TABLE a ALTER y TYPE integer")
    changes = told(structure("a.x"), structure("a.y", y="integer"), *statements)
    assert changes == ["public.a.x renamed", "public.a.y changed"]


def heirs(*columns: str, **inherits: str) -> Snapshot:
    """Tables with columns, of which some inherit from another."""
    plain = structure(*columns)
    facts = [
        replace(fact, attributes={**fact.attributes, "inherits": [f"public.{inherits[fact.identity[7:]]}"]})
        if fact.kind == "table" and fact.identity[7:] in inherits
        else fact
        for fact in plain.facts
    ]
    return Snapshot(plain.engine, plain.server, facts)


def test_a_column_is_renamed_in_what_inherits_it_too() -> None:
    before = heirs("a.x", "b.x", "c.x", "d.x", b="a", c="b")
    after = heirs("z.y", "b.y", "c.y", "d.y", b="z", c="b")
    changes = told(before, after, "ALTER TABLE a RENAME TO z", "ALTER TABLE z RENAME x TO y")
    assert sorted(changes) == [
        "public.a renamed",
        "public.a.x renamed",
        "public.b changed",
        "public.b.x renamed",
        "public.c.x renamed",
        "public.d.x removed",
        "public.d.y added",
    ]
    changes = told(before, heirs("a.x", "b.y", "c.y", "d.x", b="a", c="b"), "ALTER TABLE b RENAME x TO y")
    assert changes == ["public.b.x renamed", "public.c.x renamed"]

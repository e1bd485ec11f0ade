"""Which migration made a thing, and which one changed it last."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from stepwell.core.book import Touched
from stepwell.core.book.blame import Turn, blame
from stepwell.core.book.renames import followed, moved
from stepwell.core.migration import Version
from stepwell.core.schema.diff import diff
from stepwell.core.schema.snapshot import Fact, Key, Snapshot
from stepwell.engines.postgresql.lexical import POSTGRESQL

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Key("schema", "public")
State = dict[str, str]  # columns such as `a.x`, and their types


def snapshot(state: State) -> Snapshot:
    tables = {column.partition(".")[0] for column in state}
    facts = [Fact("schema", "public")]
    facts += [Fact("table", f"public.{table}", SCHEMA) for table in tables]
    facts += [
        Fact("column", f"public.{name}", Key("table", f"public.{name.partition('.')[0]}"), {"type": kind})
        for name, kind in state.items()
    ]
    return Snapshot("postgresql", "15.4", facts)


def blamed(*states: State, renaming: Mapping[int, str] | None = None) -> dict[str, str]:
    """Who is blamed for what, as `made changed`; the first state is there before 1, the next one after it."""
    turns = []
    for number, (before, after) in enumerate(pairwise(map(snapshot, states)), 1):
        statements = [statement for at, statement in (renaming or {}).items() if at == number]
        ways = moved(before, after, statements, POSTGRESQL)
        turns.append(Turn(Version(str(number)), followed(before, after, ways), ways))
    return {
        key.identity.removeprefix("public."): f"{touched.made} {touched.changed}"
        for key, touched in blame(turns).items()
    }


def test_made_changed_and_gone() -> None:
    found = blamed(
        {},
        {"a.x": "int", "a.y": "int"},
        {"a.x": "bigint", "a.y": "int"},
        {"a.x": "bigint", "a.y": "int", "a.z": "int"},
        {"a.x": "bigint", "a.z": "int"},
    )
    assert found == {"a": "1 4", "a.x": "1 2", "a.z": "3 3"}


def test_what_was_there_before_is_nobodys() -> None:
    assert blamed({"a.x": "int"}, {"a.x": "bigint", "b.x": "int"}) == {"b": "1 1", "b.x": "1 1"}


def test_what_goes_and_comes_again_is_new() -> None:
    assert blamed({}, {"a.x": "int", "a.y": "int"}, {"a.x": "int"}, {"a.x": "int", "a.y": "int"}) == {
        "a": "1 3",
        "a.x": "1 1",
        "a.y": "3 3",
    }


def test_a_renamed_column_keeps_who_made_it() -> None:
    states: tuple[State, ...] = ({}, {"a.x": "int"}, {"a.y": "int"})
    assert blamed(*states, renaming={2: "ALTER TABLE a RENAME x TO y"}) == {"a": "1 2", "a.y": "1 2"}
    assert blamed(*states) == {"a": "1 2", "a.y": "2 2"}


def test_the_columns_of_a_renamed_table_are_not_changed() -> None:
    found = blamed({}, {"a.x": "int"}, {"b.x": "int"}, renaming={2: "ALTER TABLE a RENAME TO b"})
    assert found == {"b": "1 2", "b.x": "1 1"}


def test_what_is_the_same_under_another_name_keeps_who_made_it() -> None:
    """Where nothing else could have become it, no statement has to say so."""
    before, after = (
        Snapshot("postgresql", "15.4", [Fact("index", f"public.{name}", None, {"definition": "btree (x)"})])
        for name in ("i", "j")
    )
    empty = Snapshot("postgresql", "15.4", [])
    turns = [Turn(Version("1"), diff(empty, before), {}), Turn(Version("2"), diff(before, after), {})]
    assert blame(turns) == {Key("index", "public.j"): Touched(Version("1"), Version("2"))}


def test_in_the_place_of_one_that_went() -> None:
    found = blamed(
        {}, {"a.x": "int"}, {"a.x": "int", "a.y": "int"}, {"a.y": "int"},
        renaming={3: "ALTER TABLE a RENAME x TO y"},
    )  # fmt: skip
    assert found == {"a": "1 3", "a.y": "1 3"}

"""Diffs: examples in the words of the field, and what holds of all of them."""

import pytest
from hypothesis import given
from tests.core.schema.made import PUBLIC, column, constraint, index, of, snapshots, table

from stepwell.core.errors import UsageError
from stepwell.core.schema.diff import Added, Changed, Diff, Removed, Renamed, diff
from stepwell.core.schema.snapshot import Fact, Key, Snapshot
from stepwell.core.schema.words import Line, sentences, tell

CASES = {
    "nothing": ([table(), column("id", 1)], [column("id", 1), table()], []),
    "a type": ([column("email", 1)], [column("email", 1, "character varying(50)")],
               ["column users.email: type text -> varchar(50)"]),
    "times": ([column("at", 1, "timestamp(3) with time zone")], [column("at", 1, "time without time zone")],
              ["column users.at: type timestamptz(3) -> time"]),
    "an index gone": ([index("users_email_idx")], [], ["index users_email_idx: removed"]),
    "an index more": ([], [index("i")], ["index i: added (btree (email))"]),
    "not null": ([column("email", 1)], [column("email", 1, not_null=True)],
                 ["column users.email: not null no -> yes"]),
    "a default": ([column("n", 1, default="1")], [column("n", 1)], ["column users.n: default 1 -> none"]),
    "another schema": ([Fact("sequence", "app.s", None, {"cache": 1})], [Fact("sequence", "app.s", None, {"cache": 2})],
                       ["sequence app.s: cache 1 -> 2"]),
    "labels": ([Fact("enum", "public.mood", PUBLIC, {"labels": ["sad", "ok"]})],
               [Fact("enum", "public.mood", PUBLIC, {"labels": ["sad", "great", "ok"]})],
               ["enum mood: labels sad, ok -> sad, great, ok"]),
    "grants": ([table(grants={"ann": ["SELECT"], "PUBLIC": ["SELECT"]})],
               [table(grants={"ann_x": ["INSERT*", "SELECT"]})],
               ["table users: grants PUBLIC SELECT -> as usual", "table users: grants ann SELECT -> none",
                "table users: grants ann_x none -> INSERT*, SELECT"]),
    "options": ([table(options={"fillfactor": "70"})], [table(options={"fillfactor": "80"})],
                ["table users: options fillfactor 70 -> 80"]),
    "what is usual has a name": ([table(persistence="unlogged")], [table()],
                                 ["table users: persistence unlogged -> permanent"]),
    "the database": ([Fact("database", "")], [Fact("database", "", None, {"comment": "c"})],
                     ["database: comment none -> c"]),
    "a table with all it has": ([], [table(), column("id", 1), column("email", 2), constraint("u")],
                                ["table users: added (2 columns, 1 constraint)"]),
    "a schema with all it has": ([Fact("schema", "public"), table(), column("id", 1), index("i")], [],
                                 ["schema public: removed (1 column, 1 index, 1 table)"]),
    "a new column": ([table()], [table(), column("n", 1, "integer", not_null=True, default="0")],
                     ["column users.n: added (integer not null default 0)"]),
    "an index goes with its constraint": ([table(), constraint("u"), index("u", of_constraint=True)], [table()],
                                          ["constraint users.u: removed"]),
    "renamed": ([constraint("u"), index("u", of_constraint=True)], [constraint("v"), index("v", of_constraint=True)],
                ["constraint users.u: renamed to v"]),
    "an index renamed": ([index("a")], [index("b")], ["index a: renamed to b"]),
    "which of two was renamed is not known": ([index("a"), index("b")], [index("c")],
                                              ["index a: removed", "index b: removed",
                                               "index c: added (btree (email))"]),
    "a column of another name may be another": ([column("a", 1)], [column("b", 1)],
                                                ["column users.a: removed", "column users.b: added (text)"]),
    "a column gone moves none": ([table(), column("a", 1), column("b", 2), column("c", 3)],
                                 [table(), column("b", 1), column("c", 2)], ["column users.a: removed"]),
    "columns change places": ([table(), column("a", 1), column("b", 2), column("c", 3)],
                              [table(), column("b", 1), column("c", 2), column("a", 3)],
                              ["table users: order of columns a, b, c -> b, c, a"]),
    "a true is no one": ([table(x=1)], [table(x=True)], ["table users: x 1 -> yes"]),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "told"), CASES.values(), ids=CASES)
def test_told_in_the_words_of_the_field(before: list[Fact], after: list[Fact], told: list[str]) -> None:
    assert sentences(tell(diff(of(*before), of(*after)))) == told


def test_long_values_are_beside_the_sentence() -> None:
    before, after = (
        Fact("view", "public.v", PUBLIC, {"definition": f"SELECT {n}\n  FROM users;"}) for n in (1, 2)
    )
    (line,) = tell(diff(of(before), of(after)))
    assert line == Line(
        Key("view", "public.v"), "view v: definition", "SELECT 1\n  FROM users;", "SELECT 2\n  FROM users;"
    )
    assert sentences([line]) == ["view v: definition is another"]


def test_very_many_things_are_told() -> None:
    """As many as a first migration of a large application makes; told one against all, they would take hours."""
    tables = [f"t{number}" for number in range(2000)]
    facts = [table(name) for name in tables]
    facts += [Fact("column", f"{each.identity}.c{n}", each.key) for each in facts for n in range(5)]
    lines = list(tell(diff(of(), of(*facts))))
    assert len(lines) == len(tables)
    assert lines[0].text == "table t0: added (5 columns)"


def test_another_engine_can_not_be_compared() -> None:
    with pytest.raises(UsageError, match="a snapshot of postgresql can't be compared with one of sqlite"):
        diff(of(), Snapshot("sqlite", "3.45", ()))


def test_notes() -> None:
    hidden = Fact("user mapping", "ann on x", None, {}, None)
    seen = Fact("user mapping", "ann on x", None, {}, {"options": {"user": "a"}})
    strange = Fact("unknown", "relation of kind g app.graph")
    found = diff(Snapshot("postgresql", "15.4", [hidden, strange]), of(seen, strange))
    assert found == Diff(
        (),
        (
            (
                "the snapshots are from version 15.4 and 18.4 of the server,"
                " which may write the same thing in different words"
            ),
            "the user mapping ann on x was not compared in full: a role may not read all of it",
            "of a kind that stepwell does not know, and can't compare: relation of kind g app.graph",
        ),
    )
    assert found.equal


def test_what_only_one_version_keeps_besides_is_no_difference() -> None:
    """From 18 on PostgreSQL keeps NOT NULL as a constraint too; of one that says more than the column, it is told."""
    plain = Fact("constraint", "t.a_not_null", None, {"type": "not null", "definition": "NOT NULL a"})
    more = Fact("constraint", "t.b_not_null", None, {"type": "not null", "not_valid": True})
    older = Snapshot("postgresql", "15.4", ())
    assert [change.key for change in diff(older, of(plain, more)).changes] == [more.key]
    assert [change.key for change in diff(of(plain, more), older).changes] == [more.key]
    assert [change.key for change in diff(of(), of(plain)).changes] == [plain.key]


# --- what holds of all ---


@given(snapshots)
def test_nothing_is_different_from_itself(snapshot: Snapshot) -> None:
    assert diff(snapshot, snapshot) == Diff(())


@given(snapshots, snapshots)
def test_read_from_its_end_it_is_the_opposite(before: Snapshot, after: Snapshot) -> None:
    assert [_opposite(change) for change in diff(before, after).changes] == sorted(
        diff(after, before).changes,
        key=lambda change: (_opposite(change).key, type(_opposite(change)).__name__),
    )


def _opposite(change: Added | Removed | Renamed | Changed) -> Added | Removed | Renamed | Changed:
    match change:
        case Added(fact):
            return Removed(fact)
        case Removed(fact):
            return Added(fact)
        case Renamed(before, after):
            return Renamed(after, before)
        case Changed(before, after, attributes):
            return Changed(
                after,
                before,
                tuple(each._replace(before=each.after, after=each.before) for each in attributes),
            )


@given(snapshots, snapshots)
def test_equal_is_what_has_nothing_different(before: Snapshot, after: Snapshot) -> None:
    """Only the numbers of places may differ where all is equal: they are compared as an order."""
    without_places = [
        [(fact.key, {**fact.attributes, "position": 0}) for fact in snapshot.facts]
        for snapshot in (before, after)
    ]
    if diff(before, after).equal:
        assert without_places[0] == without_places[1]
    elif without_places[0] == without_places[1]:
        assert any(isinstance(change, Changed) for change in diff(before, after).changes)


@given(snapshots, snapshots)
def test_every_change_is_told(before: Snapshot, after: Snapshot) -> None:
    found = diff(before, after)
    assert bool(list(tell(found))) is not found.equal

"""What became of rows, told in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.rows.compare import compare, kept_values, left_behind, losses, many, worded
from stepwell.core.rows.contents import Contents, Gatherer, TableContents

Row = tuple[int | None, ...]
Table = tuple[str, list[Row]]


def gathered(table: Table, *, limit: int = 10_000) -> TableContents:
    """The contents of a table from its columns (`*` is the key) and the digests of its rows."""
    columns, rows = table
    names = [name.rstrip("*") for name in columns.split()]
    found = Gatherer(names, [name.rstrip("*") for name in columns.split() if name.endswith("*")], limit=limit)
    for row in rows:
        found.add(row)
    return found.contents()


USERS: Table = ("id* name email", [(1, 10, 100), (2, 20, 200)])
CASES: dict[str, tuple[dict[str, Table], dict[str, Table], list[str]]] = {
    "the same": ({"users": USERS}, {"users": USERS}, []),
    "rows in another order": ({"users": USERS}, {"users": ("id* name email", USERS[1][::-1])}, []),
    "columns in another order": (
        {"users": USERS},
        {"users": ("email id* name", [(100, 1, 10), (200, 2, 20)])},
        [],
    ),
    "a column is gone": (
        {"users": USERS},
        {"users": ("id* name", [(1, 10), (2, 20)])},
        ["drops column users.email (2 of 2 rows had a value)"],
    ),
    "an empty column is gone": (
        {"users": ("id* email", [(1, None)])},
        {"users": ("id*", [(1,)])},
        ["drops column users.email (0 of 1 row had a value)"],
    ),
    "a column has come": ({"users": ("id*", [(1,)])}, {"users": ("id* name", [(1, 10)])}, []),
    "a column came back empty": (
        {"users": USERS},
        {"users": ("id* name email", [(1, 10, None), (2, 20, None)])},
        ["users.email lost its value in 2 rows"],
    ),
    "values": (
        {"users": USERS},
        {"users": ("id* name email", [(1, 11, 100), (2, 21, 200)])},
        ["users.name changed in 2 rows"],
    ),
    "rows are gone": (
        {"roles": ("id*", [(1,), (2,), (3,), (4,)])},
        {"roles": ("id*", [(1,)])},
        ["3 rows of roles are gone"],
    ),
    "a row is new": ({"roles": ("id*", [(1,)])}, {"roles": ("id*", [(1,), (2,)])}, ["1 row of roles is new"]),
    "a table is renamed": (
        {"users": USERS},
        {"people": USERS},
        ["table people is new (2 rows)", "drops table users (2 rows)"],
    ),
    "without a key": (
        {"t": ("a b", [(1, 1), (1, 1), (2, 2)])},
        {"t": ("a b", [(1, 1), (2, 2)])},
        ["1 row of t is gone"],
    ),
    "values without a key": (
        {"t": ("a b", [(1, 1), (2, 2)])},
        {"t": ("a b", [(1, 1), (2, 3)])},
        ["t.b changed in 1 row"],
    ),
    "the key is another one": ({"t": ("a* b", [(1, 1)])}, {"t": ("a b*", [(1, 1)])}, []),
    "a key is renamed": (
        {"t": ("id* b", [(1, 1), (2, 2)])},
        {"t": ("nr* b", [(1, 1), (2, 2)])},
        ["drops column t.id (2 of 2 rows had a value)"],
    ),
    "NULL has become a value": (
        {"t": ("id* a", [(1, None)])},
        {"t": ("id* a", [(1, 5)])},
        ["t.a got a value in 1 row"],
    ),
}


@pytest.mark.parametrize(("before", "after", "words"), CASES.values(), ids=CASES.keys())
def test_what_is_told(before: dict[str, Table], after: dict[str, Table], words: list[str]) -> None:
    old = Contents({name: gathered(table) for name, table in before.items()})
    new = Contents({name: gathered(table) for name, table in after.items()})
    assert [worded(change) for change in compare(old, new)] == words


def test_what_is_new_is_no_loss() -> None:
    changes = compare(Contents({"a": gathered(("x", []))}), Contents({"b": gathered(USERS)}))
    assert losses(changes) == ()  # an empty table that is gone neither


def test_rows_are_left_behind_where_none_went() -> None:
    old: dict[str, Table] = {"a": ("x*", [(1,)]), "b": ("x*", [(1,)]), "c": ("x* y", [(1, None)])}
    new: dict[str, Table] = {"a": ("x*", [(1,), (2,)]), "b": ("x*", [(2,), (3,)]), "c": ("x* y", [(1, 5)])}
    changes = compare(*(Contents({name: gathered(each) for name, each in one.items()}) for one in (old, new)))
    assert [many(change) for change in left_behind(changes)] == ["1 row of a"]
    assert [worded(change) for change in kept_values(changes)] == ["c.y got a value in 1 row"]


BIG: Table = ("id* a b", [(n, n * 7, None if n % 2 else n) for n in range(200)])


def big(rows: list[Row]) -> Contents:
    """A table that is too big to be kept row by row."""
    return Contents({"t": gathered((BIG[0], rows), limit=50)})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (BIG[1][::-1], []),
        (BIG[1][1:], ["1 row of t is gone"]),
        ([(0, 1, 0), *BIG[1][1:]], ["t.a changed in at least 1 row"]),
        ([(0, 7, 0), (1, 0, None), *BIG[1][2:]], ["t.a changed in at least 2 rows"]),  # two values swapped
        ([(n, a, None) for n, a, _ in BIG[1]], ["t.b lost its value in 100 rows"]),
    ],
)
def test_a_big_table(rows: list[Row], words: list[str]) -> None:
    assert [worded(change) for change in compare(big(BIG[1]), big(rows))] == words


cells = st.none() | st.integers(-(2**63), 2**63 - 1)
tables = st.lists(st.tuples(cells, cells, cells), max_size=30)


@given(tables, st.sampled_from(["a b c", "a* b c"]), st.sampled_from([3, 100]))
def test_the_same_rows_in_any_order_are_no_change(rows: list[Row], columns: str, limit: int) -> None:
    if "*" in columns:
        rows = list({row[0]: row for row in rows}.values())
    shuffled = sorted(rows, key=repr)
    before = Contents({"t": gathered((columns, rows), limit=limit)})
    assert compare(before, Contents({"t": gathered((columns, shuffled), limit=limit)})) == ()


@given(tables, tables, st.sampled_from([3, 100]))
def test_what_differs_is_told(old: list[Row], new: list[Row], limit: int) -> None:
    before = Contents({"t": gathered(("a b c", old), limit=limit)})
    after = Contents({"t": gathered(("a b c", new), limit=limit)})
    if sorted(old, key=repr) != sorted(new, key=repr) and max(len(old), len(new)) <= limit:
        assert compare(before, after) != ()

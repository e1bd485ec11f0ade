"""A row that a database takes is found, and what it refused is not tried again."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.rows.description import Column, Constraint, Family, ForeignKey, Table, Type
from stepwell.core.rows.search import TRIES, Search
from stepwell.core.rows.slots import Known, Own, Slot, Special, slots
from stepwell.engines.postgresql.lexical import POSTGRESQL

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.rows.nested import Value

INTEGER = Type(Family.INTEGER, "integer", low=-100, high=100)


def slot(name: str, *values: int | None) -> Slot:
    """A column with these options."""
    return Slot((name,), tuple((value,) for value in values))


def search(
    found: Search, refuses: Callable[[dict[str, Value]], tuple[str, ...] | None]
) -> list[dict[str, Value]]:
    """Every row that was tried, the last one taken; `refuses` gives the columns to blame, or None."""
    tried = []
    while (row := found.row()) is not None:
        tried.append(row)
        blamed = refuses(row)
        if blamed is None:
            return tried
        found.refused(blamed)
    return [*tried, {}]


def test_the_best_choices_come_first() -> None:
    assert Search([slot("a", 1, 2), slot("b", 3)]).row() == {"a": 1, "b": 3}


def test_only_columns_to_blame_are_varied() -> None:
    tried = search(
        Search([slot("a", 1, 2, 3), slot("b", 1, 2, 3)]), lambda row: ("b",) if row["b"] != 3 else None
    )
    assert tried == [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}]


def test_a_default_is_left_out_and_a_row_may_refer_to_itself() -> None:
    row = Search([Slot(("id",), (("1",),)), Slot(("up", "x"), ((Own("id"), Special.DEFAULT),))]).row()
    assert row == {"id": "1", "up": "1"}


def test_a_row_that_refers_to_itself_needs_a_value_of_its_own() -> None:
    row = Search([Slot(("id",), ((Special.DEFAULT,), ("7",))), Slot(("up",), ((Own("id"),),))]).row()
    assert row == {"id": "7", "up": "7"}


def test_a_column_without_options_is_named() -> None:
    nothing = Search([slot("a", 1), Slot(("b",), ())])
    assert nothing.without_options == ("b",)
    assert nothing.row() is None


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sets(st.tuples(*[st.integers(0, 3)] * 4), max_size=60),
    st.data(),
)
def test_what_can_be_found_is_found_and_nothing_is_tried_twice(
    sizes: list[int], good: set[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    """Whatever part of the columns is blamed, as long as no row with the same values there would be good."""
    names = "abcd"[: len(sizes)]
    rows = [dict(zip(names, each, strict=True)) for each in product(*(range(size) for size in sizes))]
    taken = [row for row in rows if any(tuple(row.values()) == each[: len(sizes)] for each in good)]

    def blame(row: dict[str, Value]) -> tuple[str, ...] | None:
        if row in taken:
            return None
        parts = [part for size in range(1, len(names) + 1) for part in combinations(names, size)]
        wrong = [part for part in parts if not any(all(row[n] == each[n] for n in part) for each in taken)]
        return data.draw(st.sampled_from(wrong))

    tried = search(Search([slot(name, *range(size)) for name, size in zip(names, sizes, strict=True)]), blame)
    assert len(tried) <= TRIES
    assert (tried[-1] in taken) == bool(taken)
    assert len({tuple(row.items()) for row in tried}) == len(tried)


def test_foreign_keys_that_share_a_column_agree() -> None:
    columns = tuple(Column(name, INTEGER, nullable=False) for name in ("tenant", "user", "project"))
    table = Table(
        "members",
        columns,
        references=(
            ForeignKey("u", ("tenant", "user"), "users", ("tenant", "id")),
            ForeignKey("p", ("tenant", "project"), "projects", ("tenant", "id")),
        ),
    )
    keys = {"u": [("1", "10"), ("2", "20")], "p": [("2", "200"), ("3", "300")]}
    (tied,) = slots(table, 0, Known(keys), POSTGRESQL)
    assert tied == Slot(("tenant", "user", "project"), (("2", "20", "200"),))


def test_one_null_is_enough_for_a_foreign_key_that_can_have_no_row() -> None:
    columns = (Column("part", INTEGER), Column("other", INTEGER))
    key = ForeignKey("k", ("part", "other"), "later", ("part", "id"))
    table = Table("t", columns, (), (Constraint("p", ("part",), ("part = 7",)),), (key,))
    (tied,) = slots(table, 0, Known(absent=frozenset({"k"})), POSTGRESQL)
    assert tied.options[0] == (None, None)
    assert ("7", None) in tied.options


def test_the_third_row_has_null_where_it_may() -> None:
    table = Table(
        "t", (Column("a", INTEGER), Column("b", INTEGER, nullable=False), Column("c", INTEGER, default=True))
    )
    assert Search(slots(table, 2, Known(), POSTGRESQL)).row() == {"a": None, "b": "3", "c": None}


def test_values_of_earlier_rows_come_last() -> None:
    table = Table(
        "t", (Column("a", INTEGER, nullable=False),), constraints=(Constraint("k", ("a",), unique=True),)
    )
    used = Known(used={"a": frozenset({"1", "2"})})
    assert Search(slots(table, 0, used, POSTGRESQL)).row() == {"a": "3"}


def test_a_column_with_a_default_has_other_values_too() -> None:
    """Whatever the default is, there are rows with each of two values."""
    active = Column("active", Type(Family.BOOLEAN, "boolean"), nullable=False, default=True)
    rows = [Search(slots(Table("t", (active,)), number, Known(), POSTGRESQL)).row() for number in range(3)]
    assert rows == [{}, {"active": "false"}, {"active": "true"}]

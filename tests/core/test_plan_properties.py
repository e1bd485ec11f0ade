"""What holds of every plan, on random graphs, histories and wishes, against the slow and plain way to say it."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import ContradictionError, DependedOnError, IrreversibleError, TargetError
from stepwell.core.migration import Direction, Version
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    import random

    from tests.core.conftest import World

    from stepwell.core.plan import Plan, Step

Edges = dict[int, frozenset[int]]


@st.composite
def edges(draw: st.DrawFn) -> Edges:
    """A random graph without cycles, whose numbers say nothing about the order."""
    numbers = draw(st.permutations(range(1, draw(st.integers(2, 9)))))
    return {
        number: draw(st.frozensets(st.sampled_from(numbers[:index]), max_size=3)) if index else frozenset()
        for index, number in enumerate(numbers)
    }


def drawing(given_edges: Edges) -> str:
    lines = [f"{below} <- {number}" for number, needs in given_edges.items() for below in sorted(needs)]
    return "\n".join([*lines, *map(str, given_edges)])


def order_of(given_edges: Edges) -> list[int]:
    order: list[int] = []
    while len(order) < len(given_edges):
        order.append(min(n for n, needs in given_edges.items() if n not in order and needs <= set(order)))
    return order


def needs_of(number: int, given_edges: Edges) -> set[int]:
    """Everything that a number depends on."""
    return set(given_edges[number]).union(*(needs_of(each, given_edges) for each in given_edges[number]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Edges, list[int]]:
    """A graph, and some of it applied: in any order, and with holes, as when rows were deleted by hand."""
    given_edges = draw(edges())
    applied = draw(st.lists(st.sampled_from(sorted(given_edges)), unique=True))
    if draw(
        st.booleans()
    ):  # as a tool leaves it: whatever is applied has what it needs, and that came before
        closed: list[int] = []
        for number in applied:
            needed = [
                each for each in order_of(given_edges) if each in needs_of(number, given_edges) | {number}
            ]
            closed += [each for each in needed if each not in closed]
        applied = closed
    return given_edges, applied


def numbers(made: Plan) -> list[int]:
    return [int(step.version.text) for step in made.steps]


def in_world(world: type[World], given_edges: Edges, applied: list[int], **more: Any) -> World:
    return world(drawing(given_edges), " ".join(map(str, applied)), **more)


@given(histories(), st.data())
def test_up_is_what_is_pending_at_or_before_the_target(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject
) -> None:
    given_edges, applied = history
    order = order_of(given_edges)
    target = data.draw(st.none() | st.sampled_from(order))
    only_needed = data.draw(st.booleans())
    here = in_world(world, given_edges, applied)
    made = here.plan(
        Wish(Direction.UP, target=None if target is None else str(target), only_needed=only_needed)
    )
    wanted = order if target is None else order[: order.index(target) + 1]
    if only_needed and target is not None:
        wanted = [each for each in order if each in needs_of(target, given_edges) | {target}]
    assert numbers(made) == [each for each in wanted if each not in applied]
    late = [
        each for each in numbers(made) if any(order.index(each) < order.index(other) for other in applied)
    ]
    assert bool(made.warnings) == bool(late)


@given(histories())
def test_whatever_is_applied_has_what_it_needs(world: type[World], history: tuple[Edges, list[int]]) -> None:
    given_edges, applied = history
    made = in_world(world, given_edges, applied).plan(Wish(Direction.UP))
    standing = set(applied)
    for number in numbers(made):
        assert given_edges[number] <= standing
        standing.add(number)


@given(histories(), st.data())
def test_down_is_what_stands_after_the_target(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject
) -> None:
    given_edges, applied = history
    order = order_of(given_edges)
    target = data.draw(st.sampled_from([*map(str, applied), "base"]))
    made = in_world(world, given_edges, applied).plan(Wish(Direction.DOWN, target=target))
    after = order if target == "base" else order[order.index(int(target)) + 1 :]
    assert set(numbers(made)) == set(after) & set(applied)


@given(histories(), st.integers(0, 9) | st.none(), st.booleans())
def test_nothing_is_reverted_that_a_remaining_one_depends_on(
    world: type[World], history: tuple[Edges, list[int]], steps: int | None, all_of_it: bool
) -> None:
    given_edges, applied = history
    wish = Wish(Direction.DOWN, target="base") if all_of_it else Wish(Direction.DOWN, steps=steps)
    made = in_world(world, given_edges, applied).plan(wish)
    standing = set(applied)
    for number in numbers(made):
        free = [
            each for each in standing if not any(each in needs_of(other, given_edges) for other in standing)
        ]
        assert number == max(free, key=applied.index), "the last one applied of those that nothing depends on"
        standing.remove(number)
    expected = len(applied) if all_of_it else min(1 if steps is None else steps, len(applied))
    assert len(made.steps) == expected


@given(histories(), st.data())
def test_a_batch_goes_whole_or_something_that_stays_needs_it(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject
) -> None:
    given_edges, applied = history
    members = data.draw(st.frozensets(st.sampled_from(sorted(given_edges))))
    here = in_world(world, given_edges, applied)
    wish = Wish(Direction.DOWN, batch="B", members=frozenset(Version(str(each)) for each in members))
    going = [each for each in applied if each in members]
    staying = [each for each in applied if each not in members]
    needed = any(needs_of(each, given_edges) & set(going) for each in staying)
    try:
        made = here.plan(wish)
    except DependedOnError:
        assert needed
        return
    assert not needed
    assert sorted(numbers(made)) == sorted(going)
    for index, number in enumerate(numbers(made)):
        later = numbers(made)[index + 1 :]
        assert not any(number in needs_of(each, given_edges) for each in later), (
            "what needs it goes before it"
        )
    assert here.after(made).plan(wish).steps == ()


@given(histories(), st.data())
def test_the_second_plan_is_empty(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject
) -> None:
    given_edges, applied = history
    here = in_world(world, given_edges, applied)
    target = data.draw(st.sampled_from(sorted(given_edges)))
    up = Wish(Direction.UP, target=str(target), only_needed=data.draw(st.booleans()))
    there = here.after(here.plan(up))
    assert there.plan(up).steps == ()
    down = Wish(Direction.DOWN, target=str(target))
    assert there.after(there.plan(down)).plan(down).steps == ()


@given(histories(), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_files(
    world: type[World], history: tuple[Edges, list[int]], chance: random.Random
) -> None:
    given_edges, applied = history
    shuffled = list(given_edges.items())
    chance.shuffle(shuffled)
    for wish in (Wish(Direction.UP), Wish(Direction.DOWN, target="base")):
        first = in_world(world, given_edges, applied).plan(wish)
        assert in_world(world, dict(shuffled), applied).plan(wish) == first


WORDS = st.sampled_from(["", "open", "ends", "enum", "enum open"])


@given(histories(), st.data(), st.sampled_from(Direction))
def test_segments_are_the_steps_in_their_order(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject, direction: Direction
) -> None:
    given_edges, applied = history
    declared = {str(number): data.draw(WORDS) for number in given_edges}
    here = in_world(world, given_edges, applied, declared=declared)
    target = "base" if direction is Direction.DOWN else None
    made = here.plan(Wish(direction, target=target))
    plain = in_world(world, given_edges, applied).plan(Wish(direction, target=target))
    assert numbers(made) == numbers(plain)
    for segment, following in zip_longest(made.segments, made.segments[1:]):
        assert segment.steps
        assert segment.transactional or len(segment.steps) == 1
        assert (segment.ends_because is None) == (following is None)
        words = [declared[step.version.text] for step in segment.steps]
        assert [("open" in word) for word in words] == [not segment.transactional] * len(words)
        assert not any(word for word in words[:-1]), "whatever ends a segment is its last step"
        if following is not None and segment.transactional and following.transactional:
            assert words[-1], "two transactions are only where one would not do"


@given(histories(), st.data())
def test_a_refusal_is_of_the_kinds_that_are_told(
    world: type[World], history: tuple[Edges, list[int]], data: st.DataObject
) -> None:
    """Whatever is wrong with files and history: a rollback is refused with advice, or can be done."""
    given_edges, applied = history
    kept = {number: needs for number, needs in given_edges.items() if data.draw(st.booleans())}
    left = {number: frozenset(needs & kept.keys()) for number, needs in kept.items()}
    declared = {str(number): data.draw(st.sampled_from(["", "stuck", "one-way"])) for number in left}
    marks = [f"{number}{data.draw(st.sampled_from(['', '?', '~']))}" for number in applied]
    here = world(drawing(left), " ".join(marks), declared=declared)
    wish = Wish(
        Direction.DOWN, target=data.draw(st.none() | st.sampled_from(["base", *map(str, given_edges)]))
    )
    advice: str | None = None
    steps: tuple[Step, ...] = ()
    try:
        steps = here.plan(wish).steps
    except (ContradictionError, IrreversibleError, TargetError) as error:
        advice = error.hint
    assert advice or all(step.migration.reversible for step in steps)

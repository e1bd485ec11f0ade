"""What holds of every graph, against the slow and plain way to say it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.core.errors import GraphError, Place
from stepwell.core.graph import Graph, Node, build, redundant_dependencies
from stepwell.core.migration import Version

if TYPE_CHECKING:
    import random

Edges = dict[int, frozenset[int]]


@st.composite
def edges(draw: st.DrawFn) -> Edges:
    """A random graph without cycles, whose numbers say nothing about the order."""
    size = draw(st.integers(1, 9))
    numbers = draw(st.permutations(range(size)))
    return {
        number: draw(st.frozensets(st.sampled_from(numbers[:index]))) if index else frozenset()
        for index, number in enumerate(numbers)
    }


def made_of(given_edges: Edges) -> Graph:
    return build(
        Node(Version(str(number)), tuple(Version(str(each)) for each in sorted(below)), Place(f"{number}.py"))
        for number, below in given_edges.items()
    )


def below(number: int, given_edges: Edges) -> set[int]:
    """Everything that a number depends on, the slow way."""
    return set(given_edges[number]).union(*(below(each, given_edges) for each in given_edges[number]))


def numbers_of(versions: object) -> list[int]:
    assert isinstance(versions, tuple | frozenset)
    return [int(str(version)) for version in versions]


@given(edges())
def test_the_order_is_the_least_that_respects_the_dependencies(given_edges: Edges) -> None:
    expected: list[int] = []
    while len(expected) < len(given_edges):
        free = [
            number
            for number, needs in given_edges.items()
            if number not in expected and needs <= set(expected)
        ]
        expected.append(min(free))
    assert numbers_of(made_of(given_edges).order) == expected


@given(edges())
def test_reach_is_that_of_the_slow_way(given_edges: Edges) -> None:
    made = made_of(given_edges)
    for number in given_edges:
        version = Version(str(number))
        above = {other for other in given_edges if number in below(other, given_edges)}
        assert set(numbers_of(made.ancestors(version))) == below(number, given_edges)
        assert set(numbers_of(made.descendants(version))) == above
        assert (version in made.heads) == (not above)


@given(edges())
def test_redundant_is_what_another_dependency_leads_to(given_edges: Edges) -> None:
    expected = {
        (number, dependency)
        for number, needs in given_edges.items()
        for dependency in needs
        if any(dependency in below(other, given_edges) for other in needs)
    }
    found = {
        (int(finding.place.path.removesuffix(".py")), int(finding.message.split(" states ")[1].split(",")[0]))
        for finding in redundant_dependencies(made_of(given_edges))
    }
    assert found == expected


@given(edges(), st.randoms(use_true_random=False))
def test_a_closed_circle_is_always_found(given_edges: Edges, chance: random.Random) -> None:
    """A random graph gets one more edge, from something to what depends on it."""
    pairs = [(number, each) for number in given_edges for each in below(number, given_edges)]
    if not pairs:
        return
    top, bottom = chance.choice(sorted(pairs))
    with pytest.raises(GraphError) as caught:
        made_of(given_edges | {bottom: given_edges[bottom] | {top}})
    cyclic = given_edges | {bottom: given_edges[bottom] | {top}}
    for problem in caught.value.problems or (caught.value,):
        path = [int(part) for part in problem.message.removeprefix("dependency cycle: ").split(" -> ")]
        assert path[0] == path[-1] == min(path)
        assert all(later in cyclic[earlier] for earlier, later in itertools.pairwise(path))
        assert len(set(path)) == len(path) - 1

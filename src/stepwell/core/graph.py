"""Dependencies become one deterministic order; what does not fit is told with its place, a cycle with its path.

Knows versions and places only: not what a migration does, nor whether it is applied.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import GraphError, together
from stepwell.core.migration import Finding
from stepwell.core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stepwell.core.errors import Place
    from stepwell.core.migration import Version, VersionKey


class Node(NamedTuple):
    """What the graph needs to know of a migration."""

    version: Version
    dependencies: tuple[Version, ...]
    place: Place


class Graph(NamedTuple):
    """Migrations in plan order: every one after what it depends on, ties broken by natural order of version."""

    order: tuple[Version, ...]
    nodes: Mapping[Version, Node]
    dependents: Mapping[Version, tuple[Version, ...]]

    @property
    def heads(self) -> tuple[Version, ...]:
        """Those on which nothing depends, in plan order."""
        return tuple(version for version in self.order if not self.dependents[version])

    def position(self) -> Mapping[Version, int]:
        """Where each version stands in the plan order, from 0."""
        return {version: index for index, version in enumerate(self.order)}

    def ancestors(self, version: Version) -> frozenset[Version]:
        """Everything that a version depends on, directly or not; not the version itself."""
        return _reach(version, lambda each: self.nodes[each].dependencies)

    def descendants(self, version: Version) -> frozenset[Version]:
        """Everything that depends on a version, directly or not; not the version itself."""
        return _reach(version, self.dependents.__getitem__)


def build(nodes: Iterable[Node]) -> Graph:
    """Order migrations.

    Takes the nodes in any order; the result does not depend on it. Raises `GraphError` for duplicate versions, unknown
    or self dependencies, and cycles; all problems of one kind are told at once (of cycles that hang together, one).
    """
    given = sorted(nodes, key=lambda each: (each.version.key, each.place.path))
    by_version = {node.version: node for node in given}
    if len(by_version) < len(given):
        highest = max((int(each.version.text) for each in given if each.version.text.isdecimal()), default=0)
        pairs = enumerate(_duplicates(given), highest + 1)
        raise together([_duplicate(*pair, free=number) for number, pair in pairs])
    if problems := [problem for node in given for problem in _bad_dependencies(node, by_version)]:
        raise together(problems)
    dependents = _dependents(given)
    order = _sort(by_version, dependents)
    if len(order) < len(given):
        raise together([_cycle(each, by_version) for each in _circles(by_version, frozenset(order))])
    return Graph(order, by_version, dependents)


def _duplicates(nodes: Sequence[Node]) -> Iterable[tuple[Node, Node]]:
    seen: dict[Version, Node] = {}
    for node in nodes:
        if first := seen.get(node.version):
            yield first, node
        else:
            seen[node.version] = node


def _duplicate(first: Node, second: Node, *, free: int) -> GraphError:
    same = first.version.text == second.version.text
    what = (
        f"duplicate version {second.version}: {first.place} has it too"
        if same
        else f"duplicate version: {second.version} is the same as {first.version} of {first.place}"
    )
    way = _renaming(second, free)
    hint = "give the one that is not applied yet another version"
    return GraphError(what, place=second.place, hint=f"{hint}, such as by {way}" if way else hint)


def _renaming(node: Node, free: int) -> str | None:
    """The command that gives a file this number, which is free; None where its name does not begin with a number."""
    folder, slash, name = node.place.path.rpartition("/")
    old = node.version.text
    if not (old.isdecimal() and name.startswith(old)):
        return None
    from shlex import quote  # only where something is wrong

    new = f"{folder}{slash}{str(free).zfill(len(old))}{name.removeprefix(old)}"
    also = ", and in its get_version() if it has one" if name.endswith(".py") else ""
    plain = f"mv {quote(node.place.path)} {quote(new)}"
    return (plain if "'" in plain else f"'{plain}'") + also


def _bad_dependencies(node: Node, known: Mapping[Version, Node]) -> Iterable[GraphError]:
    for dependency in node.dependencies:
        if dependency == node.version:
            yield GraphError(
                f"migration {node.version} depends on itself",
                place=node.place,
                hint=f"remove {dependency} from its dependencies",
            )
        elif dependency not in known:
            yield GraphError(
                f"unknown dependency {dependency} of migration {node.version}",
                place=node.place,
                hint=_similar(dependency, known),
            )


def _similar(wanted: Version, known: Iterable[Version]) -> str:
    close = nearest(wanted.text, [version.text for version in known])
    meant = f"did you mean {close}? " if close else ""
    return f"{meant}no migration file has the version {wanted}"


def _dependents(nodes: Sequence[Node]) -> dict[Version, tuple[Version, ...]]:
    found: dict[Version, set[Version]] = {node.version: set() for node in nodes}
    for node in nodes:
        for dependency in node.dependencies:
            found[dependency].add(node.version)
    return {version: tuple(sorted(others, key=_key)) for version, others in found.items()}


def _key(version: Version) -> VersionKey:
    return version.key


def _sort(
    nodes: Mapping[Version, Node], dependents: Mapping[Version, Sequence[Version]]
) -> tuple[Version, ...]:
    """Kahn's algorithm with a heap, so that of all that could come next the lowest version does."""
    missing = {version: len(set(node.dependencies)) for version, node in nodes.items()}
    ready = [(version.key, version) for version, count in missing.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, version = heapq.heappop(ready)
        order.append(version)
        for dependent in dependents[version]:
            missing[dependent] -= 1
            if missing[dependent] == 0:
                heapq.heappush(ready, (dependent.key, dependent))
    return tuple(order)


def _circles(nodes: Mapping[Version, Node], sorted_ones: frozenset[Version]) -> Iterable[tuple[Version, ...]]:
    """Walk from every unsorted version along its lowest unsorted dependency; where a walk meets itself is a cycle.

    What could not be sorted is in a cycle or depends on one: every walk ends in a cycle, or meets an older walk.
    """
    walked: set[Version] = set()
    for start in (version for version in nodes if version not in sorted_ones):
        walk: dict[Version, int] = {}
        version = start
        while version not in walked:
            walked.add(version)
            walk[version] = len(walk)
            unsorted = (each for each in nodes[version].dependencies if each not in sorted_ones)
            version = min(unsorted, key=_key)
        if version in walk:
            yield _from_lowest(tuple(walk)[walk[version] :])


def _from_lowest(circle: tuple[Version, ...]) -> tuple[Version, ...]:
    start = circle.index(min(circle, key=_key))
    return circle[start:] + circle[:start]


def _cycle(circle: tuple[Version, ...], nodes: Mapping[Version, Node]) -> GraphError:
    return GraphError(
        "dependency cycle: " + " -> ".join(each.text for each in (*circle, circle[0])),
        place=nodes[circle[0]].place,
        hint="each depends on the next one; remove one of these dependencies",
    )


def _reach(start: Version, edges: Callable[[Version], Iterable[Version]]) -> frozenset[Version]:
    seen: set[Version] = set()
    stack = list(edges(start))
    while stack:
        version = stack.pop()
        if version not in seen:
            seen.add(version)
            stack.extend(edges(version))
    return frozenset(seen)


def redundant_dependencies(graph: Graph) -> tuple[Finding, ...]:
    """Dependencies that follow from others: 003 on 002 and 001 while 002 is on 001; and those stated twice."""
    position = graph.position()
    findings: list[Finding] = []
    for node in (graph.nodes[version] for version in graph.order):
        if len(node.dependencies) > 1:  # what follows from others needs others
            findings += _redundant_of(node, graph, position)
    return tuple(findings)


def _redundant_of(node: Node, graph: Graph, position: Mapping[Version, int]) -> Iterable[Finding]:
    """Nothing that stands before all stated dependencies leads to one of them: the search stops there."""
    lowest = min(position[each] for each in node.dependencies)

    def above(version: Version) -> Iterable[Version]:
        return (each for each in graph.nodes[version].dependencies if position[each] >= lowest)

    reached = {other: _reach(other, above) for other in node.dependencies}
    seen: set[Version] = set()
    for dependency in node.dependencies:
        if dependency in seen:
            yield _redundant(node, dependency, " twice")
        elif through := next((other for other in node.dependencies if dependency in reached[other]), None):
            yield _redundant(node, dependency, f", which {through} depends on already")
        seen.add(dependency)


def _redundant(node: Node, dependency: Version, why: str) -> Finding:
    return Finding(
        "redundant-dependency",
        f"migration {node.version} states {dependency}{why}",
        node.place,
        f"remove {dependency} from the dependencies of {node.version}",
    )

"""Dependencies become one deterministic order; what does not fit together is told with its place, cycles with their path.

Knows versions and places only: not what a migration does, nor whether it is applied.
"""

import difflib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stepwell.core.errors import GraphError, Place
from stepwell.core.migration import Finding, Version


@dataclass(frozen=True, slots=True)
class Node:
    """What the graph needs to know of a migration."""

    version: Version
    dependencies: tuple[Version, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Graph:
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
        return _reach(version, {node.version: node.dependencies for node in self.nodes.values()})

    def descendants(self, version: Version) -> frozenset[Version]:
        """Everything that depends on a version, directly or not; not the version itself."""
        return _reach(version, self.dependents)


def build(nodes: Iterable[Node]) -> Graph:
    """Order migrations.

    Takes the nodes in any order; the result does not depend on it. Raises `GraphError` for duplicate versions, unknown
    or self dependencies, and cycles; all problems of one kind are told at once.
    """
    given = tuple(nodes)
    by_version = {node.version: node for node in given}
    if len(by_version) < len(given):
        raise _together([_duplicate(*pair) for pair in _duplicates(given)])
    if problems := [problem for node in given for problem in _bad_dependencies(node, by_version)]:
        raise _together(problems)
    dependents = _dependents(given)
    order = _sort(by_version, dependents)
    if len(order) < len(given):
        raise _cycle(by_version, frozenset(order))
    return Graph(order, by_version, dependents)


def _together(problems: Sequence[GraphError]) -> GraphError:
    if len(problems) == 1:
        return problems[0]
    first = problems[0]
    return GraphError(first.message, place=first.place, hint=first.hint, problems=tuple(problems))


def _duplicates(nodes: Sequence[Node]) -> Iterable[tuple[Node, Node]]:
    seen: dict[Version, Node] = {}
    for node in sorted(nodes, key=lambda each: (each.version.key, each.place.path)):
        if first := seen.get(node.version):
            yield first, node
        else:
            seen[node.version] = node


def _duplicate(first: Node, second: Node) -> GraphError:
    same = first.version.text == second.version.text
    what = (
        f"duplicate version {second.version}: {first.place} has it too"
        if same
        else f"duplicate version: {second.version} is the same as {first.version} of {first.place}"
    )
    return GraphError(what, place=second.place, hint="give one of the two files another version")


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
    close = difflib.get_close_matches(wanted.text, [version.text for version in known], n=1, cutoff=0.6)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}no migration file has the version {wanted}"


def _dependents(nodes: Sequence[Node]) -> dict[Version, tuple[Version, ...]]:
    found: dict[Version, set[Version]] = {node.version: set() for node in nodes}
    for node in nodes:
        for dependency in node.dependencies:
            found[dependency].add(node.version)
    return {version: tuple(sorted(others)) for version, others in found.items()}


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


def _cycle(nodes: Mapping[Version, Node], sorted_ones: frozenset[Version]) -> GraphError:
    """Walk along unsorted dependencies from the lowest one until a version comes again: from there on it is a cycle."""
    version = min(version for version in nodes if version not in sorted_ones)
    step_of: dict[Version, int] = {}
    while version not in step_of:
        step_of[version] = len(step_of)
        version = min(each for each in nodes[version].dependencies if each not in sorted_ones)
    circle = list(step_of)[step_of[version] :]
    start = circle.index(min(circle))
    loop = [*circle[start:], *circle[:start], circle[start]]
    return GraphError(
        "dependency cycle: " + " -> ".join(each.text for each in loop),
        place=nodes[loop[0]].place,
        hint="each depends on the next one; remove one of these dependencies",
    )


def _reach(start: Version, edges: Mapping[Version, Sequence[Version]]) -> frozenset[Version]:
    seen: set[Version] = set()
    stack = list(edges[start])
    while stack:
        version = stack.pop()
        if version not in seen:
            seen.add(version)
            stack.extend(edges[version])
    return frozenset(seen)


def redundant_dependencies(graph: Graph) -> tuple[Finding, ...]:
    """Dependencies that follow from others: 003 on 002 and 001 while 002 is on 001."""
    findings = []
    for version in graph.order:
        node = graph.nodes[version]
        if len(node.dependencies) < 2:  # noqa: PLR2004 - what follows from others needs others
            continue
        above = {other: graph.ancestors(other) for other in node.dependencies}
        for dependency in node.dependencies:
            through = [other for other in node.dependencies if dependency in above[other]]
            if through:
                findings.append(_redundant(node, dependency, through[0]))
    return tuple(findings)


def _redundant(node: Node, dependency: Version, through: Version) -> Finding:
    return Finding(
        "redundant-dependency",
        f"migration {node.version} states {dependency}, which {through} depends on already",
        node.place,
        f"remove {dependency} from the dependencies of {node.version}",
    )

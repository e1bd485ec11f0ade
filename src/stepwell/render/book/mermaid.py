"""Graphs as Mermaid: what depends on what, which table refers to which. Drawn in parts where one would be too large."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stepwell.render.cells import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Mermaid takes 50,000 characters and 500 edges; more boxes than these nobody can read.
MOST_CHARACTERS, MOST_EDGES, MOST_BOXES = 40_000, 400, 150
_LONGEST = 100  # characters of a label
_SIGNS = re.compile(r"[^\w .,:()/+=-]")


class Box(NamedTuple):
    """Something that is drawn. `group` says which are drawn together."""

    name: str
    label: str
    group: str = ""


class Edge(NamedTuple):
    """A line from one box to another. `foot` is how its ends look, where that says something."""

    begin: str
    end: str
    label: str = ""
    foot: str = ""


class Part(NamedTuple):
    """As much of a graph as is drawn at once: its own boxes, those of other parts that edges lead to, and edges."""

    boxes: tuple[Box, ...]
    others: tuple[Box, ...]
    edges: tuple[Edge, ...]


def parts(boxes: Sequence[Box], edges: Iterable[Edge]) -> list[Part]:
    """Take a graph apart, in the order of the boxes. Each edge is in the part of the box in which it begins."""
    known = {box.name: box for box in boxes}
    leaving: dict[str, list[Edge]] = {box.name: [] for box in boxes}
    for edge in edges:
        leaving[edge.begin].append(edge)
    found: list[Part] = []
    kept: list[Box] = []
    lines: list[Edge] = []
    size = 0
    for box in boxes:
        for batch in _batches(leaving[box.name]):
            weight = sum(len(_edge_text(edge, known)) for edge in batch) + len(label(box.label)) + 20
            full = (
                len(kept) >= MOST_BOXES
                or len(lines) + len(batch) > MOST_EDGES
                or size + weight > MOST_CHARACTERS
            )
            if kept and (full or box.group != kept[-1].group):
                found.append(_part(kept, lines, known))
                kept, lines, size = [], [], 0
            kept += [] if kept and kept[-1] == box else [box]
            lines += batch
            size += weight
    return [*found, _part(kept, lines, known)] if kept else found


def _batches(edges: list[Edge]) -> list[list[Edge]]:
    """The edges of one box, at most so many at once; at least one batch, that may be empty."""
    step = MOST_EDGES // 4
    return [edges[start : start + step] for start in range(0, max(len(edges), 1), step)]


def _edge_text(edge: Edge, known: dict[str, Box]) -> str:
    return f"    {edge.begin} }}o--o| {edge.end} : {label(edge.label)}{label(known[edge.end].label)}"


def _part(boxes: list[Box], edges: list[Edge], known: dict[str, Box]) -> Part:
    own = {box.name for box in boxes}
    others = dict.fromkeys(edge.end for edge in edges if edge.end not in own)
    return Part(tuple(boxes), tuple(known[name] for name in others), tuple(edges))


def flowchart(part: Part) -> list[str]:
    """Boxes with arrows from what comes first to what needs it."""
    lines = ["flowchart TD", *(f"    {box.name}[{label(box.label)}]" for box in part.boxes)]
    lines += [f"    {box.name}([{label(box.label)}])" for box in part.others]
    return [*lines, *(f"    {edge.end} --> {edge.begin}" for edge in part.edges)]


def entities(part: Part) -> list[str]:
    """Tables, and which refers to which."""
    lines = ["erDiagram", *(f"    {box.name}[{label(box.label)}]" for box in (*part.boxes, *part.others))]
    return [
        *lines,
        *(f"    {edge.begin} {edge.foot} {edge.end} : {label(edge.label)}" for edge in part.edges),
    ]


def label(given: str) -> str:
    """A label in quotes. What would mean something to Mermaid, or end the quotes, is written by its number."""
    line = one_line(given)
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return '"' + _SIGNS.sub(lambda sign: f"#{ord(sign[0])};", line) + '"'

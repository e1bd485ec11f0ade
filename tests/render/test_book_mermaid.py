"""Graphs as Mermaid: names that can't break out, and parts that are small enough."""

from __future__ import annotations

import re

import pytest

from stepwell.render.book.mermaid import (
    MOST_BOXES,
    MOST_CHARACTERS,
    MOST_EDGES,
    Box,
    Edge,
    entities,
    flowchart,
    label,
    parts,
)

LIMIT = 50_000  # characters that Mermaid takes, and 500 edges
NAMES = (
    "end",
    "graph",
    'a"b',
    "a`b`",
    "a]b[",
    "a\nb",
    "a%%b",
    "a\\",
    "<script>",
    "#quot;",
    "ü 表 😀",
    "a.b c",
    "x" * 500,
)


def weight(lines: list[str]) -> int:
    return len("\n".join(lines))


def test_a_flowchart() -> None:
    boxes = [Box("m0", "001 first"), Box("m1", "002 second")]
    (part,) = parts(boxes, [Edge("m1", "m0")])
    assert flowchart(part) == [
        "flowchart TD",
        '    m0["001 first"]',
        '    m1["002 second"]',
        "    m0 --> m1",
    ]


def test_entities() -> None:
    boxes = [Box("t0", "order"), Box("t1", "end")]
    (part,) = parts(boxes, [Edge("t0", "t1", "end_id", "}o--||")])
    assert entities(part) == [
        "erDiagram",
        '    t0["order"]',
        '    t1["end"]',
        '    t0 }o--|| t1 : "end_id"',
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_label_stays_in_its_quotes(name: str) -> None:
    found = label(name)
    inside = re.fullmatch(r'"([\w .,:()/+=#;…-]*)"', found)
    assert inside
    assert len(found) < 1000
    plain = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), inside[1])
    assert plain == name.replace("\n", " ") or plain.endswith("…")


@pytest.mark.parametrize(("count", "per_box"), [(500, 1), (500, 3), (40, 39), (3000, 0), (2, 1), (600, 1)])
def test_a_part_is_small_enough(count: int, per_box: int) -> None:
    """And nothing is lost: each box and each edge is drawn once."""
    boxes = [Box(f"m{number}", "n" * 90) for number in range(count)]
    edges = [
        Edge(f"m{number}", f"m{number - back}")
        for number in range(count)
        for back in range(1, min(per_box, number) + 1)
    ]
    found = parts(boxes, edges)
    assert [box for part in found for box in part.boxes] == boxes
    assert [edge for part in found for edge in part.edges] == edges
    for part in found:
        assert len(part.edges) <= MOST_EDGES
        assert len(part.boxes) <= MOST_BOXES
        assert max(weight(flowchart(part)), weight(entities(part))) < LIMIT
        drawn = {box.name for box in (*part.boxes, *part.others)}
        assert all({edge.begin, edge.end} <= drawn for edge in part.edges)


def test_one_box_with_very_many_edges() -> None:
    boxes = [Box(f"m{number}", "x") for number in range(2000)] + [Box("all", "all")]
    edges = [Edge("all", f"m{number}") for number in range(2000)]
    found = parts(boxes, edges)
    assert [edge for part in found for edge in part.edges] == edges
    assert max(len(part.edges) for part in found) <= MOST_EDGES
    assert max(weight(flowchart(part)) for part in found) < LIMIT


def test_groups_are_drawn_apart() -> None:
    boxes = [Box("a", "a", "one"), Box("b", "b", "one"), Box("c", "c", "two")]
    first, second = parts(boxes, [Edge("c", "a")])
    assert (first.boxes, first.others) == (tuple(boxes[:2]), ())
    assert (second.boxes, second.others) == ((boxes[2],), (boxes[0],))
    assert MOST_CHARACTERS < LIMIT

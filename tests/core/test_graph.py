"""The order of migrations, and what makes it impossible. Graphs are drawn: see conftest.py."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from stepwell.core.errors import GraphError, Place
from stepwell.core.graph import Graph, Node, build, redundant_dependencies
from stepwell.core.migration import Version

Draw = Callable[[str], Graph]
DrawNodes = Callable[[str], list[Node]]

# --- order ------------------------------------------------------------------------------------------------------------

ORDERS = {
    "nothing": ("", ""),
    "one": ("001", "001"),
    "a chain against the numbers": ("003 <- 001 <- 002", "003 001 002"),
    "ties by version": (
        """
        001 <- 004
        001 <- 002
        001 <- 003
        """,
        "001 002 003 004",
    ),
    "ties in natural order": ("10\n9\n1.10\n1.9\n2", "1.9 1.10 2 9 10"),
    "numbers before letters": ("b\na\n7", "7 a b"),
    "timestamps after numbers": ("20261123101500\n006", "006 20261123101500"),
    "a diamond": (
        """
        001 <- 003 <- 004
        001 <- 002 <- 004
        """,
        "001 002 003 004",
    ),
    "the lowest that could come next does, though it came late": (
        """
        005 <- 001
        002
        """,
        "002 005 001",
    ),
    "two islands": ("001 <- 003\n002 <- 004", "001 002 003 004"),
}


@pytest.mark.parametrize(("drawing", "expected"), ORDERS.values(), ids=ORDERS)
def test_order(nodes: DrawNodes, drawing: str, expected: str) -> None:
    drawn = nodes(drawing)
    for seed in range(5):
        random.Random(seed).shuffle(drawn)
        assert " ".join(map(str, build(drawn).order)) == expected


def test_a_dependency_is_found_by_value_not_by_text(nodes: DrawNodes) -> None:
    made = build([*nodes("001"), Node(Version("2"), (Version("1"),), Place("2.py"))])
    assert made.ancestors(Version("002")) == {Version("001")}


DIAMOND = """
    001 <- 002 <- 004 <- 005
    001 <- 003 <- 004
    006
"""


def test_heads_ancestors_descendants(graph: Draw) -> None:
    made = graph(DIAMOND)
    assert texts(made.heads) == "005 006"
    assert texts(sorted(made.ancestors(Version("004")))) == "001 002 003"
    assert texts(sorted(made.descendants(Version("002")))) == "004 005"
    assert made.ancestors(Version("006")) == made.descendants(Version("006")) == frozenset()
    assert [made.position()[version] for version in made.order] == list(range(6))


def texts(versions: object) -> str:
    assert isinstance(versions, list | tuple)
    return " ".join(map(str, versions))


# --- what does not fit ------------------------------------------------------------------------------------------------


def test_duplicates_are_told_with_both_files() -> None:
    files = [("6", "z/6_a.py"), ("006", "a/006_b.py"), ("7", "7.py"), ("7", "also/7.py")]
    with pytest.raises(GraphError) as caught:
        build(Node(Version(version), (), Place(path)) for version, path in files)
    assert [str(problem) for problem in caught.value.problems] == [
        "z/6_a.py: duplicate version: 6 is the same as 006 of a/006_b.py",
        "also/7.py: duplicate version 7: 7.py has it too",
    ]
    assert [problem.hint for problem in caught.value.problems] == [
        f"give the one that is not applied yet another version, such as by '{way}',"
        " and in its get_version() if it has one"
        for way in ("mv z/6_a.py z/8_a.py", "mv also/7.py also/9.py")
    ]
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("version", "path", "way"),
    [
        ("006", "db/006_b.sql", ", such as by 'mv db/006_b.sql db/021_b.sql'"),
        ("006", "my db/006_b.sql", ", such as by mv 'my db/006_b.sql' 'my db/021_b.sql'"),
        ("006", "db/named_otherwise.py", ""),
    ],
)
def test_a_duplicate_is_told_with_the_command_that_renames_it(version: str, path: str, way: str) -> None:
    files = [(version, "a.sql"), (version, path), ("20", "20.sql"), ("x", "x.sql")]
    with pytest.raises(GraphError) as caught:
        build(Node(Version(version), (), Place(path)) for version, path in files)
    assert caught.value.hint == f"give the one that is not applied yet another version{way}"


def test_versions_that_are_no_numbers_have_none_that_is_free() -> None:
    with pytest.raises(GraphError) as caught:
        build(Node(Version("x"), (), Place(path)) for path in ("a/x.sql", "b/x.sql"))
    assert caught.value.hint == "give the one that is not applied yet another version"


def test_wrong_dependencies_are_told_together(nodes: DrawNodes) -> None:
    drawn = nodes("001 <- 002\n003\n004")
    wrong = [Node(each.version, tuple(map(Version, ("0011", "004", "x"))), each.place) for each in drawn[3:]]
    for arranged in (drawn[:3] + wrong, wrong + drawn[2::-1]):
        with pytest.raises(GraphError) as caught:
            build(arranged)
        assert [(str(problem), problem.hint) for problem in caught.value.problems] == [
            (
                "004.py:1: unknown dependency 0011 of migration 004",
                "did you mean 001? no migration file has the version 0011",
            ),
            ("004.py:1: migration 004 depends on itself", "remove 004 from its dependencies"),
            ("004.py:1: unknown dependency x of migration 004", "no migration file has the version x"),
        ]


def test_a_single_problem_is_the_error_itself(nodes: DrawNodes) -> None:
    (node,) = nodes("001")
    with pytest.raises(GraphError, match=r"001\.py:1: unknown dependency 9") as caught:
        build([Node(node.version, (Version("9"),), node.place)])
    assert caught.value.problems == ()


CYCLES = {
    "two": ("001 <- 002 <- 001", ["001 -> 002 -> 001"]),
    "long": ("002 <- 003 <- 004 <- 001 <- 002", ["001 -> 004 -> 003 -> 002 -> 001"]),
    "with a way in": ("000 <- 001 <- 002 <- 001", ["001 -> 002 -> 001"]),
    "with a tail": (
        """
        003 <- 002 <- 003
        003 <- 001
        """,
        ["002 -> 003 -> 002"],
    ),
    "with a long tail that begins lowest": (
        """
        007 <- 008 <- 007
        007 <- 006 <- 005 <- 001
        """,
        ["007 -> 008 -> 007"],
    ),
    "two of them": (
        """
        001 <- 002 <- 001
        003 <- 004 <- 003
        """,
        ["001 -> 002 -> 001", "003 -> 004 -> 003"],
    ),
    "two that hang together: one": (
        """
        001 <- 002 <- 001
        001 <- 003 <- 004 <- 003
        """,
        ["001 -> 002 -> 001"],
    ),
    "an eight": (
        """
        002 <- 001 <- 002
        002 <- 003 <- 002
        """,
        ["001 -> 002 -> 001"],
    ),
}


@pytest.mark.parametrize(("drawing", "paths"), CYCLES.values(), ids=CYCLES)
def test_cycles_are_told_with_their_path(nodes: DrawNodes, drawing: str, paths: list[str]) -> None:
    drawn = nodes(drawing)
    for seed in range(5):
        random.Random(seed).shuffle(drawn)
        with pytest.raises(GraphError) as caught:
            build(drawn)
        problems = caught.value.problems or (caught.value,)
        assert [problem.message for problem in problems] == [f"dependency cycle: {path}" for path in paths]
        assert [problem.place for problem in problems] == [Place(f"{path[:3]}.py", 1) for path in paths]
        assert caught.value.hint == "each depends on the next one; remove one of these dependencies"


# --- size -------------------------------------------------------------------------------------------------------------

MANY = 10_000


def test_ten_thousand_in_a_chain_need_no_deep_stack_and_little_time() -> None:
    versions = [Version(f"{number:05}") for number in range(MANY)]
    chain = [
        Node(version, tuple(versions[max(0, index - 2) : index]), Place("x"))
        for index, version in enumerate(versions)
    ]
    began = time.process_time()
    made = build(reversed(chain))
    findings = redundant_dependencies(made)
    took = time.process_time() - began
    assert made.order == tuple(versions)
    assert len(made.ancestors(versions[-1])) == MANY - 1
    assert len(made.descendants(versions[0])) == MANY - 1
    assert len(findings) == MANY - 2
    assert took < 5  # a quadratic way takes minutes


def test_a_cycle_of_ten_thousand_is_found() -> None:
    versions = [Version(f"{number:05}") for number in range(MANY)]
    ring = [Node(version, (versions[index - 1],), Place("x")) for index, version in enumerate(versions)]
    with pytest.raises(GraphError, match="dependency cycle: 00000 -> 09999 -> 09998"):
        build(ring)


# --- redundant dependencies -------------------------------------------------------------------------------------------

REDUNDANT = {
    "none in a diamond": (DIAMOND, []),
    "stated beside what leads to it": (
        """
        001 <- 002 <- 003
        001 <- 003
        """,
        ["migration 003 states 001, which 002 depends on already"],
    ),
    "by a long way": (
        """
        001 <- 002 <- 003 <- 004
        001 <- 004
        """,
        ["migration 004 states 001, which 003 depends on already"],
    ),
    "by a way that goes below and comes back up is none": (
        """
        001 <- 005 <- 006
        001 <- 002 <- 006
        """,
        [],
    ),
    "twice": (
        """
        001 <- 002
        001 <- 002
        """,
        ["migration 002 states 001 twice"],
    ),
}


@pytest.mark.parametrize(("drawing", "messages"), REDUNDANT.values(), ids=REDUNDANT)
def test_redundant_dependencies(graph: Draw, drawing: str, messages: list[str]) -> None:
    findings = redundant_dependencies(graph(drawing))
    assert [finding.message for finding in findings] == messages
    assert {finding.code for finding in findings} <= {"redundant-dependency"}


def test_a_finding_says_where_and_what_to_do(graph: Draw) -> None:
    (finding,) = redundant_dependencies(graph("001 <- 002 <- 003\n001 <- 003"))
    assert finding.place == Place("003.py", 1)
    assert finding.hint == "remove 001 from the dependencies of 003"

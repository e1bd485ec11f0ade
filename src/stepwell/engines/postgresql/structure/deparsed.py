"""One form for expressions that the server writes in two: before a dump and restore, and after.

What the server prints of an expression is not always what it prints again of its own text. Two such forms are known:
a BETWEEN beside other conditions is a pair of its own at first, and is not when its text was read again; an array of
another type is cast as a whole at first, and element by element then. A database that was ever restored or upgraded has
the second form, one that its migrations have just made has the first; both mean the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A text is read as words and groups: a group is what stands in parentheses or brackets.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | \s+ | \w+ | :: | . """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]"}


class Group:
    """What stands in parentheses or brackets, and they themselves."""

    __slots__ = ("nodes", "opening")

    def __init__(self, opening: str) -> None:
        self.opening = opening
        self.nodes: list[str | Group] = []

    def __str__(self) -> str:
        return f"{self.opening}{written(self.nodes)}{_CLOSING[self.opening]}"


def written(nodes: list[str | Group]) -> str:
    """The text of what was read."""
    return "".join(map(str, nodes))


@lru_cache(maxsize=4096)  # partitions, and tables of one making, repeat the same conditions
def normal(text: str) -> str:
    """The text in the form that it has after a restore."""
    joined = text.count(" AND ") + text.count(" OR ") > 1
    if not joined and "(ARRAY[" not in text:
        return text  # nearly all are short
    nodes = _read(text)
    return text if nodes is None else written(_normal(nodes))


def _read(text: str) -> list[str | Group] | None:
    """Words and groups; None for a text whose parentheses do not fit, which is none of ours."""
    open_groups = [Group("(")]
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in _CLOSING:
            group = Group(token)
            open_groups[-1].nodes.append(group)
            open_groups.append(group)
        elif token in _CLOSING.values():
            if len(open_groups) == 1 or _CLOSING[open_groups[-1].opening] != token:
                return None
            open_groups.pop()
        else:
            open_groups[-1].nodes.append(token)
    return open_groups[0].nodes if len(open_groups) == 1 else None


def _normal(nodes: list[str | Group]) -> list[str | Group]:
    for node in nodes:
        if isinstance(node, Group):
            node.nodes = _normal(node.nodes)
    return _flat(_cast_inside(nodes))


# --- conditions: ((a AND b) AND c) is (a AND b AND c) ---


def _flat(nodes: list[str | Group]) -> list[str | Group]:
    for word in ("AND", "OR"):
        if all(_is_operand(part) for part in _parts(nodes, word)) and word in nodes:
            return [node for each in nodes for node in _spliced(each, word)]
    return nodes


def _parts(nodes: list[str | Group], word: str) -> Iterator[list[str | Group]]:
    part: list[str | Group] = []
    for node in nodes:
        if node == word:
            yield part
            part = []
        else:
            part.append(node)
    yield part


def _is_operand(part: list[str | Group]) -> bool:
    """Whether it is no more than one condition: the server puts each that is more than a word into parentheses."""
    whole = [node for node in part if not (isinstance(node, str) and node.isspace())]
    return len(whole) == 1


def _spliced(node: str | Group, word: str) -> list[str | Group]:
    if (
        isinstance(node, Group)
        and node.opening == "("
        and word in node.nodes
        and all(map(_is_operand, _parts(node.nodes, word)))
    ):
        return node.nodes
    return [node]


# --- arrays: (ARRAY[a, b])::t[] is ARRAY[(a)::t, (b)::t] ---


def _cast_inside(nodes: list[str | Group]) -> list[str | Group]:
    for index, node in enumerate(nodes):
        elements = _array_in(node)
        if elements is None or nodes[index + 1 : index + 2] != ["::"]:
            continue
        kind, rest = _array_type(nodes[index + 2 :])
        if kind is not None:
            cast = Group("[")
            cast.nodes = _each_cast(elements, kind)
            return [*nodes[:index], "ARRAY", cast, *_cast_inside(rest)]
    return nodes


def _array_in(node: str | Group) -> Group | None:
    """The elements of a group that holds an array and nothing else."""
    match node:
        case Group(nodes=["ARRAY", Group(opening="[") as elements]):
            return elements
        case _:
            return None


def _array_type(nodes: list[str | Group]) -> tuple[list[str | Group] | None, list[str | Group]]:
    """The type before `[]`, and what comes after it: names, blanks between them, and a length in parentheses."""
    for index, node in enumerate(nodes):
        if isinstance(node, Group) and node.opening == "[":
            return (nodes[:index], nodes[index + 1 :]) if not node.nodes else (None, nodes)
        if isinstance(node, str) and not re.fullmatch(r'[\w.\s]+|".*"', node, re.DOTALL):
            return None, nodes
    return None, nodes


def _each_cast(elements: Group, kind: list[str | Group]) -> list[str | Group]:
    cast: list[str | Group] = []
    for number, part in enumerate(_parts(elements.nodes, ",")):
        group = Group("(")
        blanks = sum(1 for node in part[:1] if isinstance(node, str) and node.isspace())
        group.nodes = part[blanks:]
        cast += [*([","] if number else []), *part[:blanks], group, "::", *kind]
    return cast

"""In which order tables get their rows, so that what a foreign key refers to is there. It makes no rows.

A cycle is cut at keys that may be NULL at first, and are filled in later, or else at keys whose check can wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.core.rows.description import ForeignKey, Table


@dataclass(frozen=True, slots=True)
class Turn:
    """A table whose turn it is. `later`: keys that stay NULL until the others have rows; `promised`: keys to rows that
    do not exist yet. `stuck` names the tables of a cycle that can't be cut.
    """

    table: Table
    later: tuple[ForeignKey, ...] = ()
    promised: tuple[ForeignKey, ...] = ()
    stuck: tuple[str, ...] = ()


def order(tables: Iterable[Table], *, all_can_wait: bool = False) -> list[list[Turn]]:
    """Groups of tables, each to be filled as one. `all_can_wait`: the check of every foreign key can.

    Tables of the same standing are in the order of their names.
    """
    by_name = {table.name: table for table in sorted(tables, key=lambda each: each.name)}
    targets = {name: _targets(table, by_name) for name, table in by_name.items()}
    return [
        _cut([by_name[name] for name in group], targets, all_can_wait=all_can_wait)
        if len(group) > 1
        else [Turn(by_name[group[0]])]
        for group in _groups(targets)
    ]


def _targets(table: Table, by_name: Mapping[str, Table]) -> dict[str, list[ForeignKey | None]]:
    """The tables that must have rows before, with the keys that say so. A whole has the rows of its parts."""
    found: dict[str, list[ForeignKey | None]] = {}
    for key in table.references:
        if key.table != table.name and key.table in by_name:
            found.setdefault(key.table, []).append(key)
    for part in table.parts:
        if part in by_name:
            found.setdefault(part, []).append(None)
    return found


def _groups(targets: Mapping[str, Mapping[str, object]]) -> list[list[str]]:
    """The strongly connected tables, what is referred to first (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    groups: list[list[str]] = []
    for root in targets:
        if root in index:
            continue
        work = [(root, iter(sorted(targets[root])))]
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            name, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    cut = path.index(name)
                    groups.append(sorted(path[cut:]))
                    on_path -= set(path[cut:])
                    del path[cut:]
            elif following not in index:
                index[following] = low[following] = len(index)
                path.append(following)
                on_path.add(following)
                work.append((following, iter(sorted(targets[following]))))
            elif following in on_path:
                low[name] = min(low[name], index[following])
    return groups


def _cut(
    tables: list[Table], targets: Mapping[str, Mapping[str, list[ForeignKey | None]]], *, all_can_wait: bool
) -> list[Turn]:
    """Put the tables of a cycle in an order: those first that wait for none of the others."""
    waiting = {table.name: table for table in tables}
    turns: list[Turn] = []
    while waiting:
        name = _next(waiting, targets, all_can_wait=all_can_wait)
        if name is None:
            return [*turns, *(Turn(table, stuck=tuple(waiting)) for table in waiting.values())]
        table = waiting.pop(name)
        open_keys = [
            key
            for target, keys in targets[name].items()
            if target in waiting
            for key in keys
            if key is not None
        ]
        later = tuple(key for key in open_keys if _may_be_null(table, key))
        turns.append(Turn(table, later, tuple(key for key in open_keys if key not in later)))
    return turns


def _next(
    waiting: Mapping[str, Table],
    targets: Mapping[str, Mapping[str, list[ForeignKey | None]]],
    *,
    all_can_wait: bool,
) -> str | None:
    """The table with the least in its way: nothing, keys that may be NULL, keys whose check can wait."""
    ranked = []
    for name, table in waiting.items():
        keys = [key for target, keys in targets[name].items() if target in waiting for key in keys]
        firm = [key for key in keys if key is None or not _may_be_null(table, key)]
        hard = [key for key in firm if key is None or not (all_can_wait or key.deferrable)]
        ranked.append((len(hard), len(firm), len(keys), name))
    best = min(ranked)
    return best[-1] if best[0] == 0 else None


def _may_be_null(table: Table, key: ForeignKey) -> bool:
    columns = [table.column(name) for name in key.columns]
    return any(column.nullable and not column.generated and not column.type.required for column in columns)

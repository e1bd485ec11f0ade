"""From a migration, and from what was seen of it, to its chapter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.book import Chapter, Judgement, Script, Sent
from stepwell.core.files.remarks import remarks
from stepwell.core.files.text import decode
from stepwell.core.migration import Direction, SqlBody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.graph import Graph
    from stepwell.core.migration import Migration
    from stepwell.core.proof import Proof
    from stepwell.core.schema.words import Line

MOST_LINES = 1000  # of a section, or of a source
MOST_STATEMENTS = 200  # of a direction that are not equal to the one before
_ABSOLUTE = re.compile(r"^(?:[/\\]|[A-Za-z]:)")
_UNSEEN = re.compile(r"\bdriver\s*\(")  # what is done with the driver's own connection, nobody sees


class Seen(NamedTuple):
    """What a replay has seen of a migration; `whole` says whether a direction was seen to its end."""

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    whole: bool = False
    changes: tuple[Line, ...] | None = None


def chapter(migration: Migration, graph: Graph, seen: Seen, proof: Proof | None = None) -> Chapter:
    """Write the chapter of a migration."""
    in_sql = isinstance(migration.body, SqlBody)
    source = None if in_sql else decode(migration.source)
    if source is not None and seen.whole and not _UNSEEN.search(source):
        source = None
    return Chapter(
        version=migration.version,
        name=migration.name,
        description=migration.description,
        remarks=remarks(migration),
        path=shown_path(migration.path),
        language=migration.source.language,
        dependencies=graph.nodes[migration.version].dependencies,
        dependents=graph.dependents[migration.version],
        traits=migration.traits,
        up=_script(migration, Direction.UP, seen.up),
        down=_script(migration, Direction.DOWN, seen.down) if migration.reversible else None,
        changes=seen.changes,
        judgement=None if proof is None else Judgement(proof.verdict, proof.reasons, proof.notes),
        source=None if source is None else _cut(source)[0],
    )


def shown_path(path: str) -> str:
    """Where the file is, as it is on every machine: of one outside of the project, only the name."""
    return re.split(r"[/\\]", path)[-1] if _ABSOLUTE.match(path) else path


def _script(migration: Migration, direction: Direction, sent: Sequence[str]) -> Script:
    transactional = migration.transactional(direction)
    if not isinstance(migration.body, SqlBody):
        statements = _in_a_row(sent)
        left_out = sum(each.times for each in statements[MOST_STATEMENTS:])
        return Script(None, tuple(statements[:MOST_STATEMENTS]), left_out, transactional)
    section = migration.body.up if direction is Direction.UP else migration.body.down
    text, left_out = _cut("" if section is None else section.text)
    return Script(text, (), left_out, transactional)


def _in_a_row(sent: Sequence[str]) -> list[Sent]:
    found: list[Sent] = []
    for sql in sent:
        if found and found[-1].sql == sql:
            found[-1] = found[-1]._replace(times=found[-1].times + 1)
        else:
            found.append(Sent(sql))
    return found


def _cut(text: str) -> tuple[str, int]:
    """The text without blank lines around it, at most so many lines, and how many more there are."""
    lines = text.strip("\n").rstrip().split("\n")
    return "\n".join(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES)

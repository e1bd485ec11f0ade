"""Files of SQL in blocks, apart by blank lines: some SQL, where it can be run, and what a diff has to tell of it.

`--:` lines are conditions (`since 15`, `before 17`, `needs plperl`, `lacks icu`), `--=` lines what is told.
"""

import re
from pathlib import Path
from typing import NamedTuple

from stepwell.core.schema.diff import Added, Changed, Diff, Removed, Renamed, diff
from stepwell.core.schema.snapshot import Snapshot, loads
from stepwell.core.schema.words import tell

_CONDITION = re.compile(r"--: (since|before|needs|lacks) (\S+)")
_TOLD = "--= "


class Block(NamedTuple):
    """Some SQL, where it can be run, and what a diff has to tell of it."""

    conditions: tuple[tuple[str, str], ...]
    told: tuple[str, ...]
    sql: str

    def fits(self, version: int, features: frozenset[str]) -> bool:
        """Whether a server of this major version that has these features can run it."""
        return all(
            {
                "since": version >= _number(value),
                "before": version < _number(value),
                "needs": value in features,
                "lacks": value not in features,
            }[word]
            for word, value in self.conditions
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def read_blocks(path: Path) -> list[Block]:
    """The blocks of a file."""
    blocks = []
    for text in path.read_text().split("\n\n"):
        lines = text.splitlines()
        conditions = tuple((match[1], match[2]) for line in lines if (match := _CONDITION.fullmatch(line)))
        told = tuple(line.removeprefix(_TOLD) for line in lines if line.startswith(_TOLD))
        statements = "\n".join(line for line in lines if not line.startswith("--")).strip()
        if statements:
            blocks.append(Block(conditions, told, statements))
    return blocks


def must_be_noticed(block: Block, before: Snapshot, after: Snapshot) -> None:
    """See that what a block has changed is told in its words, and the other way round as well."""
    found = diff(before, after)
    told = [line.text for line in tell(found)]
    assert [text for text in block.told if not any(each.startswith(text) for each in told)] == [], told
    assert before.fingerprint != after.fingerprint or _guarded_only(found)
    assert loads(after.dumps()) == after
    assert _turned(diff(after, before)) == found


def _guarded_only(found: Diff) -> bool:
    """Whether only that has changed which not every role may read, and which the fingerprint does not know."""
    return all(
        isinstance(change, Changed) and change.before.attributes == change.after.attributes
        for change in found.changes
    )


def _turned(found: Diff) -> Diff:
    """The same diff, read from its end."""
    turned: list[Added | Removed | Renamed | Changed] = []
    for change in found.changes:
        match change:
            case Added(fact):
                turned.append(Removed(fact))
            case Removed(fact):
                turned.append(Added(fact))
            case Renamed(one, other):
                turned.append(Renamed(other, one))
            case Changed(one, other, attributes):
                swapped = tuple(each._replace(before=each.after, after=each.before) for each in attributes)
                turned.append(Changed(other, one, swapped))
    turned.sort(key=lambda change: (change.key, type(change).__name__))
    return Diff(tuple(turned), found.notes)

"""Verdicts that were found before: the key that says for what, and the text of the file that holds them. Pure.

A key is honest if everything that can change a verdict is in it. What can't be told is not kept at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.proof import Proof, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stepwell.core.migration import Migration

FORMAT = 1
MOST = 5000  # verdicts that are kept; those that were found or used last stay
# What is broken is tried again each time: it may have been the server's fault, and is about to be mended.
GOOD = frozenset({Verdict.PROVED, Verdict.IRREVERSIBLE, Verdict.LOSSY})


class Link(NamedTuple):
    """A migration of a chain, and the modules of the project that it brings in; None: that can't be told."""

    migration: Migration
    modules: Mapping[str, bytes] | None


class Surroundings(NamedTuple):
    """What a verdict depends on besides the files.

    `tool`: the code of this program, its Python and what is installed beside it. `engine`, `server` (its version) and
    `place` say where it is tried, and `empty` is the fingerprint of a database there in which nothing was done.
    `table` and `schema` are the settings of these names. `rows` is whether tables get any, `data` the user's own, and
    `data_at` the version before which they are put in.
    """

    tool: str
    engine: str
    server: str
    place: str
    empty: str
    table: str
    schema: str | None
    rows: bool
    data: str | None = None
    data_at: str | None = None


class Known(NamedTuple):
    """A verdict that is kept, with what was said of it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    def proof(self, migration: Migration) -> Proof:
        """The proof of a migration, from before."""
        return Proof(
            migration.version,
            migration.name,
            migration.path,
            self.verdict,
            self.reasons,
            self.notes,
            cached=True,
        )


def keys(around: Surroundings, chain: Sequence[Link]) -> Iterator[str | None]:
    """The key of each migration of a chain: of everything around it, of all before it in their order, of itself.

    None from the first on of which not everything can be told.
    """
    key: str | None = _digest([FORMAT, *around])
    for link in chain:
        key = None if key is None or link.modules is None else _digest([key, *_told(link, link.modules)])
        yield key


def _told(link: Link, modules: Mapping[str, bytes]) -> list[Any]:
    source = link.migration.source
    return [
        link.migration.version.text,
        link.migration.name,
        source.language,
        sha256(source.content).hexdigest(),
        [[name, sha256(modules[name]).hexdigest()] for name in sorted(modules)],
    ]


def _digest(parts: list[Any]) -> str:
    """JSON has one text for one list, so that no two lists are taken for each other."""
    return sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


# --- the file ---


def dumps(known: Mapping[str, Known]) -> str:
    """The text of a file. Of too many verdicts, those at the beginning are left out."""
    newest = list(known.items())[-MOST:]
    verdicts = {
        key: {"verdict": each.verdict, "reasons": each.reasons, "notes": each.notes} for key, each in newest
    }
    return json.dumps({"format": FORMAT, "verdicts": verdicts})


def loads(text: str) -> dict[str, Known]:
    """What a file holds; nothing where it is not one of ours, or not whole."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return {}
    verdicts = document.get("verdicts")
    if not isinstance(verdicts, dict):
        return {}
    found = {key: _known(told) for key, told in verdicts.items()}
    return {key: each for key, each in found.items() if each is not None}


def _known(told: object) -> Known | None:
    if not isinstance(told, dict):
        return None
    verdict = told.get("verdict")
    if not isinstance(verdict, str) or verdict not in GOOD:
        return None
    reasons, notes = _texts(told.get("reasons")), _texts(told.get("notes"))
    if reasons is None or notes is None:
        return None
    return Known(Verdict(verdict), reasons, notes)


def _texts(given: object) -> tuple[str, ...] | None:
    texts = isinstance(given, list) and all(isinstance(each, str) for each in given)
    return tuple(given) if texts and isinstance(given, list) else None

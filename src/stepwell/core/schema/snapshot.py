"""A snapshot: the whole structure of a database as a value, one fact for each thing in it. Pure: nobody is asked here.

What a fact says is text, numbers, lists and mappings, as JSON has them, so that a snapshot can be kept in a file and
told apart from another one without knowing what its kinds mean.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT = 1
OWNERS = ("owner", "definer")  # the attributes that name whoever has made a thing
UNKNOWN = "unknown"  # the kind of what is there, and what we have no word for


class Key(NamedTuple):
    """Which thing it is: its kind (`column`) and its name in full (`public.users.email`)."""

    kind: str
    identity: str

    def __str__(self) -> str:
        return f"{self.kind} {self.identity}".rstrip()


Attributes = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing in a database. `parent` is what it belongs to: the table of a column, the schema of a table.

    An attribute that is not there has its usual value. `guarded` are attributes that only some roles may read: None
    where this one may not. They are no part of the fingerprint, which is the same for every role.
    """

    kind: str
    identity: str
    parent: Key | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    guarded: Mapping[str, Any] | None = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Which thing it is."""
        return Key(self.kind, self.identity)

    @property
    def document(self) -> dict[str, Any]:
        """The fact as JSON has it. What is empty is left out."""
        document: dict[str, Any] = {"kind": self.kind, "identity": self.identity}
        if self.parent is not None:
            document["parent"] = list(self.parent)
        if self.attributes:
            document["attributes"] = dict(self.attributes)
        if self.guarded is None or self.guarded:
            document["guarded"] = None if self.guarded is None else dict(self.guarded)
        return document


class Snapshot:
    """The structure of a database: its engine, the version of its server (`15.4`), and its facts in a fixed order.

    Two facts of one kind and name can't be. Equal are two snapshots of the same facts, whatever servers they are from.
    """

    __slots__ = ("engine", "facts", "server")

    def __init__(self, engine: str, server: str, facts: Iterable[Fact]) -> None:
        self.engine = engine
        self.server = server
        by_name: dict[tuple[str, str], Fact] = {}
        for fact in facts:
            if (fact.kind, fact.identity) in by_name:
                raise ValueError(f"two facts of one name: {fact.key}")
            by_name[fact.kind, fact.identity] = fact
        self.facts: tuple[Fact, ...] = tuple(by_name[name] for name in sorted(by_name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and (self.engine, self.facts) == (other.engine, other.facts)

    def __hash__(self) -> int:
        return hash((self.engine, self.fingerprint))

    def __repr__(self) -> str:
        # Without the fingerprint: when a run ends, asyncio asks for the text of its result, which nobody reads.
        return f"<Snapshot of {self.engine} {self.server}: {len(self.facts)} facts>"

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of what every role can read of the facts, in hexadecimal."""
        readable = [(fact.kind, fact.identity, fact.parent, fact.attributes) for fact in self.facts]
        return hashlib.sha256(_line([FORMAT, self.engine, readable]).encode()).hexdigest()

    @property
    def unknown(self) -> tuple[Fact, ...]:
        """What is there, but of a kind that stepwell does not know: only that it is there can be compared."""
        return tuple(fact for fact in self.facts if fact.kind == UNKNOWN)

    @property
    def unreadable(self) -> tuple[Fact, ...]:
        """What the role that asked may not read in full."""
        return tuple(fact for fact in self.facts if fact.guarded is None)

    @property
    def document(self) -> dict[str, Any]:
        """The snapshot as JSON has it."""
        return {
            "format": FORMAT,
            "engine": self.engine,
            "server": self.server,
            "fingerprint": self.fingerprint,
            "facts": [fact.document for fact in self.facts],
        }

    def dumps(self) -> str:
        """The snapshot as text: a line for each fact, so that version control shows what is different in it."""
        head = self.document
        facts = ",\n".join(f"  {_line(fact)}" for fact in head.pop("facts"))
        lines = [f' "{name}": {_line(value)},' for name, value in head.items()]
        body = f"[\n{facts}\n ]" if facts else "[]"
        return "\n".join(["{", *lines, f' "facts": {body}', "}"]) + "\n"


def loads(text: str, name: str = "the snapshot") -> Snapshot:
    """Read a snapshot from its text; `name` is what it is called in errors. Raises `UsageError` for anything else."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _no_snapshot(name, f"it is not JSON: {error}") from error
    if not isinstance(document, dict) or "facts" not in document:
        raise _no_snapshot(name, "it has no facts")
    if document.get("format") != FORMAT:
        raise UsageError(
            f"{name} is of the format {document.get('format')}, and this version of stepwell reads {FORMAT}",
            hint="take it again with 'stepwell snapshot'",
        )
    try:
        snapshot = Snapshot(document["engine"], document["server"], map(_fact, document["facts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _no_snapshot(name, f"{type(error).__name__}: {error}") from error
    if document.get("fingerprint") != snapshot.fingerprint:
        raise _no_snapshot(name, "its fingerprint does not belong to its facts: was it edited?")
    return snapshot


def _fact(document: Mapping[str, Any]) -> Fact:
    parent = document.get("parent")
    guarded = document.get("guarded", {})
    return Fact(
        _text(document["kind"]),
        _text(document["identity"]),
        None if parent is None else Key(*map(_text, parent)),
        dict(document.get("attributes", {})),
        None if guarded is None else dict(guarded),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _no_snapshot(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} is not a snapshot: {why}", hint="snapshots are made by 'stepwell snapshot -o FILE'"
    )


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def _line(value: object) -> str:
    """JSON on one line, the same for the same value."""
    return _ENCODER.encode(value)

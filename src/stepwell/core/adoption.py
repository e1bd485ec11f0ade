"""Which migrations of a database without a history are recorded as applied, and why. Pure: a decision as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.plan.words import listed
from stepwell.core.report import Adopted
from stepwell.core.schema.chain import without_administered
from stepwell.core.schema.diff import diff
from stepwell.core.schema.snapshot import Snapshot
from stepwell.core.schema.words import sentences, shown, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.migration import Migration, Version
    from stepwell.core.schema.chain import Chain, Reach, Trace
    from stepwell.core.schema.snapshot import Fact, Key


class Note(NamedTuple):
    """What people should know about one migration before it is recorded, or run."""

    version: Version
    text: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is recorded as applied, with the evidence; what is to be known; and what lacks for the next one."""

    adopted: tuple[Adopted, ...]
    notes: tuple[Note, ...] = ()
    missing: str | None = None


def decide(
    order: Sequence[Migration], chain: Chain, reach: Reach, answers: Mapping[Version, bool]
) -> Adoption:
    """Decide what of a chain is recorded. Takes the answers of `is_applied()`, of those that were asked and knew one.

    Where something can be seen in the structure of the database, that decides. Where nothing can be seen, as with rows,
    `is_applied()` decides; without it, one that is idempotent is run, and one between others that are there counts as
    they do. Behind them, it is run.
    """
    said = [at + 1 for at in range(reach.end) if answers.get(order[at].version)]
    decided = _Decided(answers, chain, reach, max(reach.steps, *said, 0))
    adopted, notes = [], []
    for index, migration in enumerate(order):
        evidence, note = decided.on(index, migration)
        if evidence is not None:
            adopted.append(Adopted(migration.version, migration.name, evidence))
        if note is not None:
            notes.append(Note(migration.version, f"{_title(migration)}: {note}"))
    return Adoption(tuple(adopted), tuple(notes), _next_missing(order, chain, reach))


@dataclass(frozen=True, slots=True)
class _Decided:
    """Decides on one migration after the other; at `last` the run ends of those that are there."""

    answers: Mapping[Version, bool]
    chain: Chain
    reach: Reach
    last: int

    def on(self, index: int, migration: Migration) -> tuple[str | None, str | None]:
        """What speaks for recording it, or None; and what people should know, or None."""
        answer = self.answers.get(migration.version)
        trace = self.chain.trace(index, max(self.reach.steps, index + 1))
        if index < self.reach.end and not trace.seen:
            return self._unseen(index, migration, answer)
        if index >= self.reach.steps:
            return None, f"{_SAYS} True, but what it gives is not there: it is run" if answer else None
        contradiction = f"{_SAYS} False, but what it gives is there: it is recorded"
        return _speaking(trace), contradiction if answer is False else None

    def _unseen(self, index: int, migration: Migration, answer: bool | None) -> tuple[str | None, str | None]:
        """On one that changes nothing that could be seen."""
        idempotent = migration.traits.idempotent
        if answer is not None:
            return (f"{_SAYS} so", None) if answer else (None, f"{_SAYS} False: it is run")
        if index >= self.last:
            known = _IDEMPOTENT if idempotent else _UNKNOWN
            return None, f"{known}, and nothing behind it is there: it is run"
        if idempotent:
            return None, f"{_IDEMPOTENT}, and what stands before and behind it is there: it is run"
        set_on = self.chain.remarks(index, max(self.reach.steps, index + 1))
        if set_on.not_there:
            return _BEHIND, f"{_sets(set_on.not_there)} is not there, but {_BEHIND}: it is recorded"
        if set_on.there:
            return f"{_sets(set_on.there)} is there", None
        return _BEHIND, f"{_UNKNOWN}, but {_BEHIND}: it is recorded"


_SAYS = "is_applied() says"
_BOTH = " (what it gives -> what is there)"
_BEHIND = "what stands behind it is there"
_IDEMPOTENT = "it is declared idempotent"
_UNKNOWN = "nothing tells whether it ran (is_applied() would)"


def torn(order: Sequence[Migration], chain: Chain, index: int, nearest: int) -> str:
    """What of a migration is there in part only, in a database that is nearest to that place of the chain."""
    return _lacking(order[index], chain.trace(index, max(nearest, index + 1)))


def _next_missing(order: Sequence[Migration], chain: Chain, reach: Reach) -> str | None:
    for index in range(reach.steps, len(order)):
        trace = chain.trace(index, index + 1)
        if trace.lacks:
            return _lacking(order[index], trace)
    return None


def _speaking(trace: Trace) -> str:
    told = _told(("there", trace.there), ("gone", trace.gone))
    return told or "what stands behind it, and changes what it made, is there"


def _lacking(migration: Migration, trace: Trace) -> str:
    lacking = _told(("not there", trace.not_there), ("still there", trace.not_gone))
    other = listed([_other(pair) for pair in trace.other]) + (_BOTH if trace.other else "")
    return f"{_title(migration)}: {', '.join(part for part in (lacking, other) if part)}"


def _title(migration: Migration) -> str:
    return f"{migration.version} {migration.name}"


def _told(*parts: tuple[str, Sequence[Key]]) -> str:
    return ", ".join(f"{_named([shown(key) for key in keys])} {what}" for what, keys in parts if keys)


def _sets(keys: Sequence[Key]) -> str:
    return f"what it sets on {listed([shown(key) for key in keys])}"


def _named(names: Sequence[str]) -> str:
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"


def _other(pair: tuple[Fact, Fact]) -> str:
    """`column users.email: type varchar(254) -> text`: as it should be, and as it is there."""
    before, after = (Snapshot("", "", [without_administered(fact)]) for fact in pair)
    return ", ".join(sentences(tell(diff(before, after))))

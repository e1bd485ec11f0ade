"""Evidence: what the catalog says before a statement that commits by itself, and what that tells if its answer is lost.

Such a statement happens whole or not at all. So: if nothing looks otherwise than before it, it has not happened;
if just what it names has become what it makes of it, it has; anything else, and nobody can tell but a person.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import FailureKind
from stepwell.core.evidence import Judgement, Verdict
from stepwell.engines.mysql.changes import DATABASE, RELATION, SEQUENCE, TABLE, Effect, change_of
from stepwell.engines.mysql.facts import OBJECTS, PARTS, Fact, facts_of, select_facts
from stepwell.engines.mysql.lexical import MARIADB, MYSQL
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stepwell.engines.mysql.changes import Change
    from stepwell.engines.mysql.channel import Channel

FORMAT = 1
# Each of the servers reads one of the two comments: a time limit for the statements of a migration is not meant for it.
_SESSION = (
    "/*M! SET STATEMENT max_statement_time = 0 FOR */ SELECT /*+ MAX_EXECUTION_TIME(3600000) */"
    " VERSION(), DATABASE(), @@GLOBAL.lower_case_table_names"
)


class _Expected(NamedTuple):
    """An object, what is to become of it, and what was said of it before: None where it was not there."""

    kind: str
    schema: str
    name: str
    effect: Effect
    before: str | None


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a fingerprint holds. `version` of the server: another one may tell the same otherwise."""

    version: str
    folds_case: bool
    own: tuple[str, ...]  # tables that don't count
    databases: tuple[str, ...]
    expected: tuple[_Expected, ...]
    named: str
    others: str
    repeatable: bool
    format: int = FORMAT

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), separators=(",", ":"))


async def fingerprint(channel: Channel, sql: str, own: Sequence[str] = ()) -> str | None:
    """What the catalog says now of what a statement would change, as text to be kept with its intent.

    `own` are the tool's tables, whose changes tell nothing. None where nothing could tell whether the statement has
    run, or where the catalog can't be read. Raises `EngineError` where the connection is lost.
    """
    try:
        return await _fingerprint(channel, sql, own)
    except EngineError as error:
        if error.kind is FailureKind.LOST:
            raise
        return None


async def _fingerprint(channel: Channel, sql: str, own: Sequence[str]) -> str | None:
    version, database, folds_case = await _session(channel)
    change = change_of(sql, MARIADB if _is_mariadb(version) else MYSQL)
    if change is None or database is None:
        return None
    databases = {database, *(target.path.schema or database for target in change.targets)}
    snapshot = await _snapshot(channel, version, sorted(databases), folds_case=folds_case, own=own)
    expected = _expectations(change, snapshot, database)
    if expected is None:
        return None
    named, others = snapshot.split(expected)
    return _Evidence(
        version=version,
        folds_case=folds_case,
        own=tuple(own),
        databases=tuple(sorted(databases)),
        expected=expected,
        named=named,
        others=others,
        repeatable=all(each.effect in {Effect.STAYS, Effect.REPLACED} for each in expected),
    ).text


async def judge(channel: Channel, fingerprint: str) -> Judgement:
    """Whether the statement has run that this is the fingerprint of. Raises `EngineError`."""
    evidence = _evidence(fingerprint)
    if evidence is None:
        return Judgement(
            Verdict.UNKNOWN, "its fingerprint can't be read: it is that of another version of stepwell"
        )
    version, _, _ = await _session(channel)
    if version != evidence.version:
        return Judgement(Verdict.UNKNOWN, f"the server was {evidence.version} then, and is {version} now")
    now = await _snapshot(
        channel, version, evidence.databases, folds_case=evidence.folds_case, own=evidence.own
    )
    named, others = now.split(evidence.expected)
    if others != evidence.others:
        return Judgement(Verdict.UNKNOWN, "the catalog has changed where the statement changes nothing")
    if named == evidence.named:
        return _as_before(evidence)
    return _changed(evidence.expected, now)


def _as_before(evidence: _Evidence) -> Judgement:
    names = _names(evidence.expected)
    if evidence.repeatable:
        # IF [NOT] EXISTS that finds nothing to do, OR REPLACE by the same: what a second time changes, if anything, is
        # what the first time made so already.
        return Judgement(Verdict.REPEATABLE, f"it makes of {names} what is there, however often it runs")
    # An ALTER that changes nothing that is seen (an engine that it has already) looks the same, and may run again.
    return Judgement(Verdict.NOT_RUN, f"the catalog says of {names} what it said before the statement")


def _changed(expected: Sequence[_Expected], now: _Snapshot) -> Judgement:
    met = [_is_met(each, now.state(each)) for each in expected]
    if all(met):
        return Judgement(Verdict.RAN, f"{_results(expected)}, and nothing else has changed")
    wrong = [each for each, right in zip(expected, met, strict=True) if not right]
    return Judgement(Verdict.UNKNOWN, f"{_names(wrong)} became something else than the statement makes of it")


def _is_met(expected: _Expected, state: str | None) -> bool:
    match expected.effect:
        case Effect.APPEARS:
            return expected.before is None and state is not None
        case Effect.VANISHES:
            return state is None
        case Effect.CHANGES | Effect.REPLACED:
            return state is not None and state != expected.before
        case Effect.STAYS:
            return state is not None if expected.kind == RELATION else state == expected.before


_WORDS = {
    Effect.APPEARS: "is there now",
    Effect.VANISHES: "is gone",
    Effect.CHANGES: "has changed",
    Effect.REPLACED: "is another one",
    Effect.STAYS: "is still there",
}


def _results(expected: Sequence[_Expected]) -> str:
    return ", ".join(f"{_shown(each)} {_WORDS[each.effect]}" for each in expected)


def _names(expected: Sequence[_Expected]) -> str:
    return ", ".join(map(_shown, expected))


def _shown(each: _Expected) -> str:
    kind = TABLE if each.kind == RELATION else each.kind
    return f"{kind} {each.name}" if kind == DATABASE else f"{kind} {each.schema}.{each.name}"


def _evidence(text: str) -> _Evidence | None:
    try:
        values: dict[str, Any] = json.loads(text)
        if values["format"] != FORMAT:
            return None
        values["expected"] = tuple(
            _Expected(kind, schema, name, Effect(effect), before)
            for kind, schema, name, effect, before in values["expected"]
        )
        values["own"], values["databases"] = tuple(values["own"]), tuple(values["databases"])
        return _Evidence(**values)
    except (ValueError, TypeError, KeyError):
        return None


# --- what is there ---


async def _session(channel: Channel) -> tuple[str, str | None, bool]:
    ((version, database, case),) = await channel.rows(_SESSION)
    return str(version), None if database is None else str(database), int(case) != 0


def _is_mariadb(version: str) -> bool:
    return "mariadb" in version.lower()


async def _snapshot(
    channel: Channel, version: str, databases: Sequence[str], *, folds_case: bool, own: Sequence[str]
) -> _Snapshot:
    sql = select_facts(is_mariadb=_is_mariadb(version))
    found = {name: facts_of(await channel.rows(sql, {"database": name})) for name in databases}
    return _Snapshot(found, folds_case, frozenset(own))


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The facts of some databases."""

    facts: Mapping[str, tuple[Fact, ...]]
    folds_case: bool
    own: frozenset[str]

    def state(self, target: _Expected) -> str | None:
        """A digest of all that is said of an object; None where it is not there."""
        facts = [fact for fact in self.facts.get(target.schema, ()) if self._is_about(fact, target)]
        kinds = {fact.kind for fact in facts}
        there = kinds & OBJECTS if target.kind == RELATION else target.kind in kinds
        return _digest((target.schema, *fact) for fact in facts) if there else None

    def split(self, expected: Sequence[_Expected]) -> tuple[str, str]:
        """A digest of all that has to do with these objects, and one of the rest."""
        sides: tuple[list[tuple[str, ...]], list[tuple[str, ...]]] = ([], [])
        for schema, facts in self.facts.items():
            for fact in facts:
                if fact.name in self.own and fact.kind in OBJECTS | PARTS:
                    continue
                named = any(self._concerns(fact, schema, target) for target in expected)
                sides[not named].append((schema, *fact))
        return _digest(sides[0]), _digest(sides[1])

    def _is_about(self, fact: Fact, target: _Expected) -> bool:
        """Whether a fact is one of the object, of its database; of a database, only what is said of itself."""
        if target.kind in OBJECTS or target.kind == RELATION:
            own = fact.kind in OBJECTS | PARTS and self._same(fact.name, target.name)
            return own and (fact.kind in PARTS or target.kind in {RELATION, fact.kind})
        return fact.kind == target.kind and self._is_named(fact, target)

    def _is_named(self, fact: Fact, target: _Expected) -> bool:
        # Names of routines and events are the same in any case on every server.
        always = fact.kind in {"procedure", "function", "event"}
        return self._same(fact.name, target.name, always=always)

    def _concerns(self, fact: Fact, schema: str, target: _Expected) -> bool:
        """Whether a fact may change with the object: also its triggers, and what refers to it."""
        if target.kind == DATABASE and target.effect is not Effect.CHANGES:
            return self._same(schema, target.schema)
        if schema != target.schema:
            return fact.kind in {"key", "reference"} and self._same(fact.of, target.name)
        relation = target.kind in OBJECTS or target.kind == RELATION
        return self._is_about(fact, target) or (
            relation and bool(fact.of) and self._same(fact.of, target.name)
        )

    def _same(self, one: str, other: str, *, always: bool = False) -> bool:
        return one.casefold() == other.casefold() if self.folds_case or always else one == other


def _digest(facts: Iterable[tuple[str, ...]]) -> str:
    return hashlib.sha256(json.dumps(list(facts)).encode()).hexdigest()[:32]


def _expectations(change: Change, snapshot: _Snapshot, database: str) -> tuple[_Expected, ...] | None:
    """What is to become of each object, given what is there; None where that would tell nothing."""
    found = []
    for target in change.targets:
        bare = _Expected(target.kind, target.path.schema or database, target.path.name, target.effect, None)
        expected = bare._replace(before=snapshot.state(bare))
        effect = _effect(expected, change)
        if effect is None:
            return None
        found.append(expected._replace(effect=effect))
    return tuple(found)


def _effect(expected: _Expected, change: Change) -> Effect | None:
    there = expected.before is not None
    if expected.effect is Effect.APPEARS and there:
        if not change.replaces:
            return Effect.STAYS  # with IF NOT EXISTS; else it fails
        # A table is replaced by an empty one: a second time, rows that came between are lost.
        return None if expected.kind in {TABLE, SEQUENCE} else Effect.REPLACED
    if expected.effect in {Effect.VANISHES, Effect.CHANGES} and not there:
        # What is not found may be of a kind that is not looked for.
        return Effect.STAYS if change.conditional else None
    return expected.effect

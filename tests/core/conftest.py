"""Graphs out of drawings, and situations and plans out of short texts, so that cases are data that can be read.

A drawing has a chain in every line: `001 <- 002 <- 004` says that 002 depends on 001, and 004 on 002. A version
may come again in further lines, and stand alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from stepwell.core.errors import Place
from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.facts import StepFacts
from stepwell.core.graph import Graph, Node, build
from stepwell.core.history import Attempt, History, JournalEntry, Record, compare, mark_of
from stepwell.core.migration import Direction, Language, Migration, PythonBody, SourceFile, Traits, Version
from stepwell.core.plan import Plan, Situation, plan

if TYPE_CHECKING:
    from stepwell.core.wish import Wish

Drawing = Mapping[str, tuple[str, ...]]


def read_drawing(drawing: str) -> Drawing:
    """The versions of a drawing, each with what it depends on."""
    found: dict[str, list[str]] = {}
    for line in drawing.split("\n"):
        chain = [part.strip() for part in line.split("<-") if part.strip()]
        for version in chain:
            found.setdefault(version, [])
        for dependency, version in itertools.pairwise(chain):
            found[version].append(dependency)
    return {version: tuple(dependencies) for version, dependencies in found.items()}


def nodes_of(drawing: Drawing) -> list[Node]:
    """The nodes of a drawing; each has a file of its own."""
    return [
        Node(Version(version), tuple(map(Version, dependencies)), Place(f"{version}.py", 1))
        for version, dependencies in drawing.items()
    ]


@pytest.fixture(scope="session")
def nodes() -> Callable[[str], list[Node]]:
    """Give a function from a drawing to its nodes."""
    return lambda drawing: nodes_of(read_drawing(drawing))


@pytest.fixture(scope="session")
def graph() -> Callable[[str], Graph]:
    """Give a function from a drawing to its graph."""
    return lambda drawing: build(nodes_of(read_drawing(drawing)))


@dataclass(frozen=True)
class World:
    """Files and a history, in short.

    `files` is a drawing. `applied` lists versions in the order of application, and marks: `002~` was changed since,
    `002?` has no checksum. `declared` gives files their traits: `open` (no transaction), `ends` (ends_segment), `stuck`
    (irreversible), `one-way` (no down), `enum` (adds an enum value), `refuses` (has a command that refuses a
    transaction), `commits` (ends the transaction), `sql`.
    `begun` gives the journal of unfinished steps, such as `up: intent done intent`.
    """

    files: str
    applied: str = ""
    declared: Mapping[str, str] = field(default_factory=dict)
    begun: Mapping[str, str] = field(default_factory=dict)

    def words(self, version: Version) -> list[str]:
        """What was declared of a version."""
        return self.declared.get(version.text, "").split()

    def migration(self, text: str, dependencies: tuple[str, ...]) -> Migration:
        """The migration of a file."""
        version = Version(text)
        words = self.words(version)
        language = Language.SQL if "sql" in words else Language.PYTHON
        path = f"db/migrations/{text}_step.{language}"
        return Migration(
            version,
            "step",
            f"Step {text}",
            tuple(map(Version, dependencies)),
            SourceFile(path, language, version, "step", b"", file_hash=f"hash of {text}"),
            PythonBody("Step", 5, has_up=True, has_down="one-way" not in words, has_is_applied=False),
            Traits(
                transactional="open" not in words,
                irreversible="stuck" in words,
                idempotent="idempotent" in words,
                ends_segment="ends" in words,
            ),
        )

    def facts(self, migration: Migration, direction: Direction) -> StepFacts:
        """What the text of a file tells of one direction."""
        words = self.words(migration.version)
        refuses = (("VACUUM can't run in a transaction", 7),) if "refuses" in words else ()
        forbidden = (("COMMIT is refused", 8),) if "commits" in words else ()
        return StepFacts(adds_enum_value="enum" in words, refuses_transaction=refuses, forbidden=forbidden)

    @property
    def history(self) -> History:
        """The history, with the records in their order."""
        records = tuple(
            Record(
                id=number,
                version=Version(word.rstrip("~?")),
                name="step",
                description=None,
                dependencies=(),
                applied_at=None,
                checksum=None
                if word.endswith("?")
                else f"sum of {'another' if word.endswith('~') else word}",
            )
            for number, word in enumerate(self.applied.split(), 1)
        )
        attempts = tuple(_attempt(version, journal) for version, journal in self.begun.items())
        return History(records=records, attempts=attempts, mark=mark_of(record.id for record in records))

    @property
    def situation(self) -> Situation:
        """What a plan is made from."""
        migrations = [self.migration(*file) for file in read_drawing(self.files).items()]
        history = self.history
        found = compare(migrations, history, lambda migration: f"sum of {migration.version}")
        entries = {entry.version: entry for entry in found}
        graph = build(
            Node(each.version, each.dependencies, Place(f"{each.version}.py")) for each in entries.values()
        )
        attempts = {attempt.version: attempt for attempt in history.attempts}
        return Situation(entries, graph, attempts, history.mark)

    def plan(self, wish: Wish, *, transactional_ddl: bool = True) -> Plan:
        """The plan for a wish."""
        return plan(self.situation, wish, self.facts, transactional_ddl=transactional_ddl)

    def after(self, made: Plan) -> World:
        """The world after a plan was carried out."""
        done = {step.version.text for step in made.steps}
        applied = self.applied.split()
        if made.direction is Direction.UP:
            return replace(
                self, applied=" ".join([*applied, *(step.version.text for step in made.steps)]), begun={}
            )
        return replace(
            self, applied=" ".join(each for each in applied if each.rstrip("~?") not in done), begun={}
        )


def _attempt(version: str, journal: str) -> Attempt:
    """`up: intent done intent ran` is a journal in short; the verdict of the catalog is the last word."""
    direction, _, told = journal.partition(":")
    number, entries, judgement = 0, [], None
    for word in told.split():
        if word in set(Verdict):
            judgement = Judgement(Verdict(word), "as it is")
            continue
        number += word == "intent"
        entries.append(JournalEntry(number, word, f"digest {number}"))
    return Attempt(Version(version), direction, tuple(entries), judgement)


@pytest.fixture(scope="session")
def world() -> type[World]:
    """Files and a history in short; see `World`."""
    return World


def shown(made: Plan) -> str:
    """A plan in a line: segments with bars between them, those without a transaction in brackets."""
    texts = ((segment, " ".join(step.version.text for step in segment.steps)) for segment in made.segments)
    return " | ".join(text if segment.transactional else f"[{text}]" for segment, text in texts)


@pytest.fixture(scope="session")
def show() -> Callable[[Plan], str]:
    """Give a function that shows a plan in a line."""
    return shown

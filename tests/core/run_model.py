"""A database in which anything may fail at any action of the run machine, and the plans that run on it.

It keeps what stands, and what would be undone; it fails as it was told to; and it asserts of every action that it
comes when it may.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from stepwell.core.actions import (
    Abort,
    Acquire,
    Action,
    Apply,
    Busy,
    Commit,
    Committed,
    Confirm,
    Confirmed,
    Execute,
    Failed,
    Held,
    Inquire,
    Inquired,
    Keep,
    Log,
    LogEvent,
    LogLine,
    Ok,
    Outcome,
    Prepare,
    Resume,
    Sleep,
    Wants,
)
from stepwell.core.errors import FailureKind, Fault
from stepwell.core.evidence import Judgement, Verdict
from stepwell.core.history import Attempt, HistoryMark
from stepwell.core.migration import Direction, Version
from stepwell.core.plan import Plan, Segment, Step
from stepwell.core.tables import JOURNAL_EVENTS, attempts_of

if TYPE_CHECKING:
    from tests.core.conftest import World

UNANSWERED = {FailureKind.LOST, FailureKind.INTERRUPTED}
# After an interruption the machine only cleans up.
GOING_ON = Prepare | Acquire | Apply | Execute | Keep | Commit | Sleep


@dataclass
class Fate:
    """Draws what happens: mostly it goes well, but trouble does not come alone."""

    data: st.DataObject
    faulty: bool = True
    luck: int = 9  # of ten

    def failure(self) -> FailureKind | None:
        if not self.faulty or self.data.draw(st.integers(0, 9)) < self.luck:
            return None
        self.luck = 6
        kind: FailureKind = self.data.draw(st.sampled_from(FailureKind))
        return kind

    def coin(self) -> bool:
        return self.faulty and self.data.draw(st.booleans())

    def rarely(self) -> bool:
        return self.faulty and self.data.draw(st.integers(0, 19)) == 19


@dataclass
class Database:
    """The model. `records` is where each version stands as its step wants it; `statements` is how many a step has."""

    statements: dict[str, int]
    direction: Direction
    fate: Fate
    records: set[Version] = field(default_factory=set)
    executed: Counter[tuple[str, int]] = field(default_factory=Counter)
    journal: list[LogLine] = field(default_factory=list)
    writes: int = 0  # in place of the mark: how often the history was written
    held: Segment | None = None
    changes: set[Version] = field(default_factory=set)  # of the open transaction
    kept: set[Version] = field(default_factory=set)  # its records
    at: int = 0  # the statement that the open step wants to run
    interrupted: bool = False
    attempts: Counter[int] = field(default_factory=Counter)
    traceless: dict[tuple[str, int], bool] = field(default_factory=dict)  # whose statements leave no trace

    @property
    def mark(self) -> HistoryMark:
        return HistoryMark(self.writes)

    def perform(self, action: Action) -> Outcome:
        assert not (self.interrupted and isinstance(action, GOING_ON)), f"{action} after an interruption"
        kind = self.fate.failure()
        # Whatever was asked for may have been done all the same, where no answer comes.
        done = kind is None or (kind in UNANSWERED and self.fate.coin())
        outcome = self.of_a_step(action, done=done) or self.of_a_segment(action, done=done) or Ok()
        if kind is None:
            return outcome
        self.interrupted = self.interrupted or kind is FailureKind.INTERRUPTED
        if kind is FailureKind.LOST or self.refused(action, kind):
            self.undo()
        return Failed(Fault(kind.value, version=self.blame(action)), kind)

    def refused(self, action: Action, kind: FailureKind) -> bool:
        """A COMMIT that the server refuses ends its transaction; a lock without one stays."""
        return (
            kind is not FailureKind.INTERRUPTED
            and isinstance(action, Commit)
            and action.segment.transactional
        )

    def blame(self, action: Action) -> str | None:
        """As in a pipeline: an earlier step of the segment may turn out to be the one that failed."""
        if self.held is None or not self.held.transactional or not isinstance(action, Apply | Commit):
            return None
        return self.fate.data.draw(st.sampled_from([None, *(str(each) for each in sorted(self.changes))]))

    def of_a_segment(self, action: Action, *, done: bool) -> Outcome | None:
        match action:
            case Acquire(segment):
                return self.acquire(segment, done=done)
            case Commit(segment):
                return self.commit(segment, done=done)
            case Confirm():
                return self.confirm()
            case Inquire(step):
                return self.inquire(step)
            case Abort():
                self.undo()
            case Prepare() | Sleep():
                assert self.held is None, "nobody else should wait while we sleep"
        return None

    def of_a_step(self, action: Action, *, done: bool) -> Outcome | None:
        match action:
            case Apply(step, segment):
                return self.apply(step, segment)
            case Execute(step):
                return self.execute(step, done=done)
            case Resume(step):
                self.at += 1
                return self.wants(step)
            case Keep(step, line):
                self.keep(step, line, done=done)
            case Log(lines):
                self.log(lines, done=done)
        return None

    def acquire(self, segment: Segment, *, done: bool) -> Outcome:
        assert self.held is None, "the last one was not ended"
        if self.fate.rarely():
            return Busy("somebody")
        if self.fate.rarely():
            self.writes += 100  # by somebody else
        if done:
            self.held = segment
            self.attempts[segment.number] += 1
        return Held(self.mark)

    def apply(self, step: Step, segment: Segment) -> Outcome:
        assert self.held is segment
        if segment.transactional:
            self.changes.add(step.version)
            return Ok(1.0)
        self.at = 0
        return self.wants(step)

    def wants(self, step: Step) -> Outcome:
        if self.at < self.statements[step.version.text]:
            return Wants(self.at, f"digest {self.at}")
        return Ok(1.0)

    def execute(self, step: Step, *, done: bool) -> Outcome:
        last = self.journal[-1]
        assert (last.event, last.version, last.statement) == (LogEvent.INTENT, step.version, self.at + 1)
        self.executed[step.version.text, self.at] += done
        return Ok(1.0)

    def keep(self, step: Step, line: LogLine, *, done: bool) -> None:
        assert self.held is not None
        assert line.event is (LogEvent.APPLIED if self.direction is Direction.UP else LogEvent.REVERTED)
        if self.held.transactional:
            assert step.version in self.changes, "a record stands in the transaction of its change"
            self.kept.add(step.version)
            return
        assert self.whole(step.version), "a record is for what was done, all of it"
        if done:
            self.records.add(step.version)
            self.writes += 1

    def whole(self, version: Version) -> bool:
        return all(self.executed[version.text, index] for index in range(self.statements[version.text]))

    def log(self, lines: tuple[LogLine, ...], *, done: bool) -> None:
        assert lines
        assert self.held is None or not self.held.transactional, "it would be undone with the transaction"
        for line in lines:
            if line.event is LogEvent.DONE:
                assert self.executed[line.version.text, (line.statement or 0) - 1] == 1
        self.journal += [line for line in lines if done and line.event in JOURNAL_EVENTS]

    def commit(self, segment: Segment, *, done: bool) -> Outcome:
        assert self.held is segment
        assert self.kept == self.changes, "every change has its record"
        if done:
            self.records |= self.kept
            self.writes += len(self.kept)
            self.undo()
        return Committed(self.mark)

    def confirm(self) -> Outcome:
        assert self.held is None, "inside of the transaction its own rows would be seen"
        return Confirmed(None if self.fate.rarely() else frozenset(self.records))

    def inquire(self, step: Step) -> Outcome:
        assert self.held is None, "whoever asks whether the old session has ended must not hold the lock"
        return Inquired(self.begun(frozenset(self.recorded())).get(step.version))

    def recorded(self) -> set[Version]:
        """The versions that have a record: what a step down wants is that there is none."""
        if self.direction is Direction.UP:
            return self.records
        return {Version(version) for version in self.statements} - self.records

    def begun(self, recorded: frozenset[Version]) -> dict[Version, Attempt]:
        """Unfinished attempts, with what the catalog tells: the truth, or nothing."""
        rows = [
            (
                line.version.text,
                line.direction.value,
                line.statement or 0,
                line.event.value,
                line.digest,
                line.fingerprint,
            )
            for line in self.journal
        ]
        return {each.version: self.judged(each) for each in attempts_of(rows, recorded)}

    def judged(self, attempt: Attempt) -> Attempt:
        cut = attempt.cut_off
        if cut is None:
            return attempt
        where = (attempt.version.text, cut.statement)
        if where not in self.traceless:
            self.traceless[where] = self.fate.coin()
        if self.traceless[where]:
            return attempt
        ran = self.executed[attempt.version.text, cut.statement - 1] == 1
        return attempt._replace(judgement=Judgement(Verdict.RAN if ran else Verdict.NOT_RUN, "as it is"))

    def undo(self) -> None:
        self.held = None
        self.changes, self.kept = set(), set()


@dataclass(frozen=True)
class Migrations:
    """What is to be run: segments of versions (an open one has a number of statements), up or down."""

    segments: tuple[tuple[str, ...] | int, ...]
    direction: Direction

    @property
    def named(self) -> list[tuple[tuple[str, ...], int | None]]:
        """The versions of each segment, and for one without a transaction the number of its statements."""
        return [
            ((f"open-{index}",), each) if isinstance(each, int) else (each, None)
            for index, each in enumerate(self.segments)
        ]

    def plan(self, world: type[World], database: Database) -> Plan:
        """The plan for what does not stand yet, with what a former run began."""
        recorded = {Version(version) for versions, _ in self.named for version in versions} - database.records
        if self.direction is Direction.UP:
            recorded = database.records
        attempts = database.begun(frozenset(recorded))
        segments: list[Segment] = []
        for versions, statements in self.named:
            steps = tuple(
                Step(world("").migration(text, ()), self.direction, attempt=attempts.get(Version(text)))
                for text in versions
                if Version(text) not in database.records
            )
            if steps:
                segments.append(Segment(len(segments) + 1, steps, transactional=statements is None))
        return Plan(self.direction, tuple(segments), database.mark)

    def database(self, fate: Fate) -> Database:
        """A database on which nothing of this was run."""
        counts = {versions[0]: count for versions, count in self.named if count is not None}
        return Database(counts, self.direction, fate)

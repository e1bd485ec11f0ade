"""The values around a plan: what was wished for, in which situation, and what is to be done. They decide nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.history import HistoryMark
from stepwell.core.report import SegmentReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stepwell.core.facts import StepFacts
    from stepwell.core.graph import Graph
    from stepwell.core.history import Attempt, Entry, Record
    from stepwell.core.migration import Direction, Migration, Version

    Facts = Callable[[Migration, Direction], StepFacts]


class Step(NamedTuple):
    """One migration in one direction. `record` is what a rollback removes; `attempt` is what a former run began."""

    migration: Migration
    direction: Direction
    record: Record | None = None
    attempt: Attempt | None = None

    @property
    def version(self) -> Version:
        """The version of the migration."""
        return self.migration.version


class Segment(NamedTuple):
    """The steps that commit as one transaction, or one step that has none; `ends_because` is None for the last one."""

    number: int
    steps: tuple[Step, ...]
    transactional: bool
    ends_because: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it, with the mark of the history that it was made for, and what people should know beforehand."""

    direction: Direction
    segments: tuple[Segment, ...]
    mark: HistoryMark = field(default_factory=HistoryMark)
    warnings: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order."""
        return tuple(step for segment in self.segments for step in segment.steps)

    @property
    def segment_reports(self) -> tuple[SegmentReport, ...]:
        """The segments as reports have them."""
        return tuple(
            SegmentReport(
                segment.number,
                tuple(step.version for step in segment.steps),
                segment.transactional,
                segment.ends_because,
            )
            for segment in self.segments
        )


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made from: entries (files and records together), their order, unfinished attempts, the mark."""

    entries: Mapping[Version, Entry]
    graph: Graph
    attempts: Mapping[Version, Attempt]
    mark: HistoryMark

    @property
    def ordered(self) -> tuple[Entry, ...]:
        """The entries in plan order."""
        return tuple(self.entries[version] for version in self.graph.order)

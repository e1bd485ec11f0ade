"""What stepwell wants to reach, and whether it did: ratios of medians, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.contest import Present, Result
from bench.measure import Timings
from bench.peer import Kind

FASTEST_TOOL = "the fastest other tool"

Medians = Mapping[str, Mapping[str, float]]  # of a load's key, of a peer's name: seconds


@dataclass(frozen=True, slots=True)
class Goal:
    """At this load, stepwell takes at most `limit` times what `against` takes."""

    load: str
    against: str
    limit: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a goal for one of our entries; `ratio` is None where one side was not measured."""

    goal: Goal
    tool: str
    against: str
    ratio: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the goal was reached; None where it could not be told."""
        return None if self.ratio is None else self.ratio <= self.goal.limit


GOALS = (
    Goal("apply-large", "psql", 1.0),
    Goal("link", "psql", 0.3),
    Goal("link", FASTEST_TOOL, 1 / 6),
    Goal("nothing", "bare script", 1.3),
    Goal("help", "bare interpreter", 5.0),
)


def medians(results: Sequence[Result]) -> Medians:
    """The medians of what was measured."""
    found: dict[str, dict[str, float]] = {}
    for result in results:
        if isinstance(result.outcome, Timings):
            found.setdefault(result.load.key, {})[result.peer] = result.outcome.median
    return found


def judge(results: Sequence[Result], present: Sequence[Present]) -> list[Verdict]:
    """Judge every goal for every entry of ours."""
    measured = medians(results)
    ours = [peer.name for peer in present if peer.kind is Kind.OURS]
    tools = [peer.name for peer in present if peer.kind is Kind.TOOL]
    return [_verdict(goal, tool, measured.get(goal.load, {}), tools) for goal in GOALS for tool in ours]


def _verdict(goal: Goal, tool: str, load: Mapping[str, float], tools: Sequence[str]) -> Verdict:
    against = goal.against
    if against == FASTEST_TOOL and (measured := [name for name in tools if name in load]):
        against = min(measured, key=load.__getitem__)
    ratio = load[tool] / load[against] if tool in load and against in load else None
    return Verdict(goal, tool, against, ratio)

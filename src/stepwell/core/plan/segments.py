"""Where a batch has to commit: steps become segments, each one transaction, or one step that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.plan.values import Segment
from stepwell.core.plan.words import listed
from stepwell.core.settings import Atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.plan.values import Facts, Step


STATEMENT_BY_STATEMENT = (
    "this engine can't undo changes of the schema: the batch is not atomic, it commits after each statement; "
    "if one fails, what was done before it stands, and the next run resumes there"
)


def segments_of(
    steps: Sequence[Step], atomic: Atomic, facts: Facts, *, transactional_ddl: bool
) -> tuple[Segment, ...]:
    """Put steps into segments, as few as can be. Every segment but the last says why it ends."""
    segments: list[Segment] = []
    members: list[Step] = []
    for index, step in enumerate(steps):
        members.append(step)
        following = steps[index + 1] if index + 1 < len(steps) else None
        why = _why_it_ends(step, following, atomic, facts, transactional_ddl=transactional_ddl)
        if why is not None or following is None:
            within = _transactional(step, transactional_ddl=transactional_ddl)
            because = why if following is not None else None
            segments.append(Segment(len(segments) + 1, tuple(members), within, because))
            members = []
    return tuple(segments)


def warnings_of(segments: Sequence[Segment], atomic: Atomic, *, transactional_ddl: bool) -> tuple[str, ...]:
    """Say beforehand that a batch is not one transaction, unless that was asked for."""
    if segments and not transactional_ddl:
        return (STATEMENT_BY_STATEMENT,)
    if atomic is Atomic.MIGRATION:
        return ()
    ends = [
        f"after {segment.steps[-1].version} ({segment.ends_because})"
        for segment in segments
        if segment.ends_because is not None
    ]
    if not ends:
        return ()
    return (f"not one transaction but {len(segments)} segments: it commits {listed(ends, '; ')}",)


def _transactional(step: Step, *, transactional_ddl: bool) -> bool:
    return transactional_ddl and step.migration.transactional(step.direction)


def _why_it_ends(
    step: Step, following: Step | None, atomic: Atomic, facts: Facts, *, transactional_ddl: bool
) -> str | None:
    """Why a segment ends after a step: by itself, or because what follows has no transaction."""
    if not _transactional(step, transactional_ddl=transactional_ddl):
        return f"{step.version} runs without a transaction"
    if step.migration.traits.ends_segment:
        return f"{step.version} declares ends_segment"
    if facts(step.migration, step.direction).adds_enum_value:
        return f"{step.version} adds an enum value, which can be used only after a commit"
    if atomic is Atomic.MIGRATION:
        return "--atomic migration"
    if following is not None and not _transactional(following, transactional_ddl=transactional_ddl):
        return f"{following.version} runs without a transaction"
    return None

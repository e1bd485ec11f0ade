"""What would be done: target and policy, states and order, become a plan of segments and steps, as a value.

Decides; does nothing. Whether the plan still holds when the lock has been taken is the run machine's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.migration import Direction
from stepwell.core.plan.blocks import refuse_wrong_blocks
from stepwell.core.plan.down import plan_down
from stepwell.core.plan.segments import segments_of, warnings_of
from stepwell.core.plan.up import plan_up
from stepwell.core.plan.values import Plan, Segment, Situation, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.plan.values import Facts
    from stepwell.core.wish import Wish

__all__ = ["Plan", "Segment", "Situation", "Step", "plan"]


def plan(situation: Situation, wish: Wish, facts: Facts, *, transactional_ddl: bool = True) -> Plan:
    """Make the plan for a wish.

    Takes the situation, the wish, a function that gives what is known of a step's statements, and whether the engine
    can undo schema changes. Raises `TargetError` for a target that can't be, `ContradictionError` where history and
    files contradict each other, `IrreversibleError` and `MigrationFileError` where the migrations don't allow it.
    """
    steps, warnings = (plan_up if wish.direction is Direction.UP else plan_down)(situation, wish)
    refuse_wrong_blocks(steps, facts, transactional_ddl=transactional_ddl)
    segments = segments_of(steps, wish.atomic, facts, transactional_ddl=transactional_ddl)
    told = (
        *warnings,
        *_resumed(steps),
        *warnings_of(segments, wish.atomic, transactional_ddl=transactional_ddl),
    )
    return Plan(wish.direction, segments, situation.mark, told)


def _resumed(steps: Sequence[Step]) -> Iterable[str]:
    """Most plans resume nothing."""
    if all(step.attempt is None for step in steps):
        return ()
    from stepwell.core.plan.resumed import resumed

    return resumed(steps)

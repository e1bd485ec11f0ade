"""From history and wish to a plan with everything that has to be known before its first statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.gather import gather, with_bodies
from stepwell.core.migration import Direction
from stepwell.core.plan import plan

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.app.drive import Classes
    from stepwell.app.gather import Gathered
    from stepwell.app.shelf import Shelf
    from stepwell.core.history import History
    from stepwell.core.plan import Plan
    from stepwell.core.wish import Wish
    from stepwell.ports import Connection


class Ready(NamedTuple):
    """A plan with everything that has to be known before its first statement."""

    plan: Plan
    classes: Classes
    history: History


def ready_for(context: Context, shelf: Shelf, history: History, wish: Wish, *, load: bool = True) -> Ready:
    """Plan, and load what will run; anew where a class turns out to be other than its text told."""
    while True:
        gathered = gather(shelf, history)
        made = _plan(context, shelf, gathered, wish)
        if not load:
            return Ready(made, {}, history)
        classes, told_otherwise = _load(context, shelf, made)
        if not told_otherwise:
            return Ready(made, classes, history)


def _plan(context: Context, shelf: Shelf, gathered: Gathered, wish: Wish) -> Plan:
    down = wish.direction is Direction.DOWN
    situation = with_bodies(gathered.situation, shelf) if down else gathered.situation
    can_undo = context.dialect.abilities.transactional_ddl
    return plan(situation, wish, shelf.facts, transactional_ddl=can_undo)


def _load(context: Context, shelf: Shelf, made: Plan) -> tuple[Classes, bool]:
    classes = {}
    told_otherwise = False
    for step in made.steps:
        effective, cls = context.loader.load(step.migration)
        if effective != step.migration:
            shelf.replace(effective)
            told_otherwise = True
        classes[step.version] = cls
    return classes, told_otherwise


async def before_first(connection: Connection, ready: Ready, *, strict: bool) -> None:
    """Everything that may still refuse the run before its first statement."""
    await connection.check_rights(ready.history)
    if any(not segment.transactional for segment in ready.plan.segments):
        await connection.check_sessions(strict=strict)

"""From history and wish to a plan with everything that has to be known before its first statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.gather import gather, with_bodies
from stepwell.core.errors import ContradictionError
from stepwell.core.migration import Direction
from stepwell.core.plan import MANY, plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.app.context import Context
    from stepwell.app.drive import Classes
    from stepwell.app.gather import Gathered
    from stepwell.app.shelf import Shelf
    from stepwell.core.history import History
    from stepwell.core.plan import Plan, Step
    from stepwell.core.sql.kinds import CreatedObject
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


async def before_first(shelf: Shelf, connection: Connection, ready: Ready, *, strict: bool) -> None:
    """Everything that may still refuse the run before its first statement."""
    await connection.check_rights(ready.history)
    if any(not segment.transactional for segment in ready.plan.segments):
        await connection.check_sessions(strict=strict)
    if ready.plan.direction is Direction.UP:
        await refuse_existing(shelf, connection, ready)


async def refuse_existing(shelf: Shelf, connection: Connection, ready: Ready) -> None:
    """A first run that would create what is there already stops here: `baseline` takes such a database over."""
    if ready.history.records or ready.history.attempts:
        return
    creators: dict[tuple[str, str | None, str], Step] = {}
    objects: list[CreatedObject] = []
    for step in ready.plan.steps:
        for created in shelf.facts(step.migration, Direction.UP).creates:
            if not (created.or_replace or created.temporary):
                creators.setdefault((created.kind, created.schema, created.name), step)
                objects.append(created)
    found = await connection.existing(objects)
    if not found:
        return
    now = await connection.read()
    if now.records or now.attempts:
        return  # another runner has made them just now, and the plan will be found to be stale
    raise _exists_already(found, creators)


def _exists_already(
    found: tuple[CreatedObject, ...], creators: Mapping[tuple[str, str | None, str], Step]
) -> ContradictionError:
    first = found[0]
    step = creators[first.kind, first.schema, first.name]
    named = ", ".join(f"{each.kind.lower()} {_qualified(each)}" for each in found[:MANY])
    more = f" and {len(found) - MANY} more" if len(found) > MANY else ""
    return ContradictionError(
        f"this database has no history, but it has already what pending migrations create: {named}{more}"
        f" (created by {step.version} {step.migration.name})",
        place=step.migration.place,
        hint="nothing was changed; if the database was built by these migrations, 'stepwell baseline' records those of "
        "which everything is there, and 'stepwell baseline --to V' all up to V",
    )


def _qualified(created: CreatedObject) -> str:
    return f"{created.schema}.{created.name}" if created.schema else created.name

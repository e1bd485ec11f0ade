"""What `migrate` and `rollback` have in common: read, plan, load, drive; again where somebody else was faster."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.gather import Shelf, with_bodies
from stepwell.app.outcome import Course, finish, planned
from stepwell.core.errors import ConnectionFailedError, ContradictionError, LockTimeoutError
from stepwell.core.events import Connected, Planned, Replanned, Waiting, Warned
from stepwell.core.migration import Direction
from stepwell.core.plan import MANY, plan
from stepwell.core.report import SegmentReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.app.context import Context
    from stepwell.app.drive import Classes
    from stepwell.app.gather import Gathered
    from stepwell.core.history import History
    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan, Step, Wish
    from stepwell.core.report import RunReport, StepReport
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.ports import Batch, Connection

POLL = 0.2  # seconds between two looks at a statement of somebody else that runs
MOST_PLANS = 100  # how often a plan is made anew before something is told to be wrong


class Ready(NamedTuple):
    """A plan with everything that has to be known before its first statement."""

    plan: Plan
    classes: Classes
    history: History


async def run_wish(
    context: Context, wish: Wish, *, dry_run: bool = False, preview: bool = False
) -> RunReport:
    """Do what was wished for, and tell what came of it.

    Gives the report of a success (also: nothing to do). Raises the error of a failure, with the report in `report`;
    `InterruptedRun` where the task was cancelled.
    """
    course = Course(wish, context.new_batch(), context.clock())
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=dry_run or preview)
    try:
        about = await connection.about()
        context.emit(Connected(about.url, about.engine))
        for warning in about.warnings:
            context.emit(Warned(warning))
        if dry_run or preview:
            return await _only_told(context, shelf, connection, course, preview=preview)
        return await _really(context, shelf, connection, course)
    finally:
        await connection.close()


async def connected(context: Context, shelf: Shelf, *, read_only: bool) -> Connection:
    """Connect, and read the files while the server is busy with that. Wrong files are told first, whatever it says."""
    connecting = asyncio.ensure_future(context.connect(read_only))
    await asyncio.sleep(0)  # let it send its first message
    try:
        _ = shelf.listing
    except BaseException:
        await _give_up(connecting)
        raise
    try:
        return await connecting
    except ConnectionFailedError:
        shelf.parse_all()
        raise


async def _give_up(connecting: asyncio.Future[Connection]) -> None:
    connecting.cancel()
    await asyncio.wait({connecting})
    if not connecting.cancelled() and connecting.exception() is None:
        await connecting.result().close()


async def _really(context: Context, shelf: Shelf, connection: Connection, course: Course) -> RunReport:
    stands: tuple[StepReport, ...] = ()
    for _ in range(MOST_PLANS):
        ready = _ready(context, shelf, await _settled(context, connection), course.wish)
        course = _told(course, ready.plan)
        if not ready.plan.steps:
            return finish(context, course, stands)
        await _before_first(shelf, connection, ready)
        _tell(context, ready.plan)
        end = await _drive(context, shelf, connection, course.batch, ready)
        if end.ending is None or not end.ending.stale:
            return finish(context, course, (*stands, *end.steps), end.ending)
        stands += end.finished
        context.emit(Replanned())
        course = replace(
            course, wish=_rest_of(course.wish, end.finished), segments=_begun(course.segments, stands)
        )
    raise ContradictionError(
        f"the history changed {MOST_PLANS} times while it was planned",
        hint="something else writes into it: look who does",
    )


async def _drive(
    context: Context, shelf: Shelf, connection: Connection, batch: Batch, ready: Ready
) -> RunEnd:
    from stepwell.app.drive import Shell
    from stepwell.core.run import RunPolicy, run

    shell = Shell(
        context,
        connection,
        ready.plan,
        classes=ready.classes,
        batch=batch,
        checksum=lambda step: shelf.checksum(step.migration),
    )
    policy = RunPolicy(lock_wait=context.settings.lock_wait, jitter=context.jitter)
    return await shell.drive(run(ready.plan, policy, prepare=not ready.history.ready))


def _begun(segments: tuple[SegmentReport, ...], stands: tuple[StepReport, ...]) -> tuple[SegmentReport, ...]:
    """Those segments of a plan that had to be made anew of which something stands."""
    versions = {step.version for step in stands}
    return tuple(segment for segment in segments if versions & set(segment.versions))


def _told(course: Course, made: Plan) -> Course:
    """The course with what this plan says; after a plan that had to be made anew, what was warned of is kept."""
    warnings = tuple(dict.fromkeys((*course.warnings, *made.warnings)))
    return replace(course, warnings=warnings, segments=course.segments + planned_segments(made))


def _rest_of(wish: Wish, finished: tuple[StepReport, ...]) -> Wish:
    """What is left to wish for when some steps of a rollback by number are done."""
    if wish.direction is Direction.UP or wish.target is not None:
        return wish
    return wish._replace(steps=(1 if wish.steps is None else wish.steps) - len(finished))


async def _only_told(
    context: Context, shelf: Shelf, connection: Connection, course: Course, *, preview: bool
) -> RunReport:
    ready = _ready(context, shelf, await connection.read(), course.wish, load=not preview)
    steps = planned(ready.plan)
    if not preview:
        if course.wish.direction is Direction.UP:
            await _refuse_existing(shelf, connection, ready)
        from stepwell.app.dry_run import record  # not needed where there is nothing to do, as below

        steps = await record(context, connection, ready.plan, ready.classes, steps)
    return replace(finish(context, _told(course, ready.plan), steps), dry_run=True)


def _ready(context: Context, shelf: Shelf, history: History, wish: Wish, *, load: bool = True) -> Ready:
    """Plan, and load what will run; anew where a class turns out to be other than its text told."""
    while True:
        gathered = shelf.gather(history)
        made = _plan(context, shelf, gathered, wish)
        if not load:
            return Ready(made, {}, history)
        classes, told_otherwise = _load(context, shelf, made)
        if not told_otherwise:
            return Ready(made, classes, history)


async def _settled(context: Context, connection: Connection) -> History:
    """The history. A statement that seems to be in doubt may just be running: whoever holds the lock is waited for.

    Raises `LockTimeoutError` where that takes too long.
    """
    began = context.clock()
    while True:
        history = await connection.read()
        if not any(attempt.in_doubt for attempt in history.attempts):
            return history
        holder = await connection.holder()
        if holder is None:
            # Nobody is at work, but somebody may have been when we read.
            return await connection.read()
        waited, limit = context.clock() - began, context.settings.lock_wait
        if waited >= limit:
            raise LockTimeoutError(
                f"locked: {holder} holds the lock, waited {limit:g} s",
                hint="wait for that run, wait longer with --lock-wait, or see 'stepwell unlock'",
            )
        context.emit(Waiting(holder, waited, limit))
        await asyncio.sleep(POLL)


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


async def _before_first(shelf: Shelf, connection: Connection, ready: Ready) -> None:
    await connection.check_rights(ready.history)
    if ready.plan.direction is Direction.UP:
        await _refuse_existing(shelf, connection, ready)


async def _refuse_existing(shelf: Shelf, connection: Connection, ready: Ready) -> None:
    """Until databases can be adopted: a first run that would create what is there already stops here."""
    if ready.history.records:
        return
    creators: dict[tuple[str, str | None, str], Step] = {}
    objects: list[CreatedObject] = []
    for step in ready.plan.steps:
        for created in shelf.facts(step.migration, Direction.UP).creates:
            if not (created.or_replace or created.temporary):
                creators.setdefault((created.kind, created.schema, created.name), step)
                objects.append(created)
    found = await connection.existing(objects)
    if not found or (await connection.read()).records:
        return  # with records: another runner has made them just now, and the plan will be found to be stale
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
        hint=f"nothing was changed; if the database was built by these migrations, record each that is there: "
        f"stepwell mark {step.version}",
    )


def _qualified(created: CreatedObject) -> str:
    return f"{created.schema}.{created.name}" if created.schema else created.name


def planned_segments(made: Plan) -> tuple[SegmentReport, ...]:
    """The segments of a plan as reports have them."""
    return tuple(
        SegmentReport(
            segment.number,
            tuple(step.version for step in segment.steps),
            segment.transactional,
            segment.ends_because,
        )
        for segment in made.segments
    )


def _tell(context: Context, made: Plan) -> None:
    context.emit(Planned(made.direction, len(made.steps), planned_segments(made)))
    for warning in made.warnings:
        context.emit(Warned(warning))

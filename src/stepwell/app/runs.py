"""What `migrate` and `rollback` have in common: read, plan, load, drive; again where somebody else was faster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.app.connecting import connected, introduced, settled
from stepwell.app.fingerprint import followed
from stepwell.app.outcome import Course, finish, planned
from stepwell.app.shelf import Shelf
from stepwell.core.errors import ContradictionError
from stepwell.core.events import Planned, Replanned, Warned
from stepwell.core.history import History
from stepwell.core.migration import Direction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.app.context import Context
    from stepwell.app.ready import Ready
    from stepwell.core.ledger import RunEnd
    from stepwell.core.plan import Plan
    from stepwell.core.report import Adopted, RunReport, SegmentReport, StepReport
    from stepwell.core.wish import Wish
    from stepwell.ports import Batch, Connection

    Adopt = Callable[["Run", Ready, Course], Awaitable["Taken | None"]]

MOST_PLANS = 100  # how often a plan is made anew before something is told to be wrong


class Taken(NamedTuple):
    """What a database without a history was found to have: the history with that, and what people should know."""

    history: History
    adopted: tuple[Adopted, ...] = ()
    notes: tuple[str, ...] = ()


class Run(NamedTuple):
    """What a run works with. `adopt` is None where nothing is taken over: on a scratch database, on the way back."""

    context: Context
    shelf: Shelf
    connection: Connection
    dry_run: bool
    adopt: Adopt | None


async def run_wish(
    context: Context,
    wish: Wish,
    *,
    dry_run: bool = False,
    preview: bool = False,
    adopt: Adopt | None = None,
) -> RunReport:
    """Do what was wished for, and tell what came of it. `adopt` is asked where there is something to do.

    Gives the report of a success (also: nothing to do). Raises the error of a failure, with the report in `report`;
    `CancelledError`, with the report too, where the task was cancelled.
    """
    course = Course(wish, context.new_batch(), context.clock())
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=dry_run or preview)
    async with introduced(context, connection) as about:
        for warning in about.warnings:
            context.emit(Warned(warning))
        if dry_run or preview:
            run = Run(context, shelf, connection, dry_run=True, adopt=None if preview else adopt)
            return await _only_told(run, course, preview=preview)
        run = Run(context, shelf, connection, dry_run=False, adopt=adopt)
        return await followed(context, connection, _really(run, course))


async def _really(run: Run, course: Course) -> RunReport:
    context, shelf = run.context, run.shelf
    history = await settled(context, run.connection)
    if not isinstance(history, History):
        return finish(context, course, (), history)
    if course.wish.takes_all and shelf.all_applied(history):
        return finish(context, course, ())
    return await _as_planned(run, course, history)


async def _as_planned(run: Run, course: Course, history: History) -> RunReport:
    from stepwell.app.ready import (  # most runs have nothing to do, and do not get here
        before_first,
        ready_for,
    )

    context, shelf, connection, *_ = run
    stands: tuple[StepReport, ...] = ()
    for _ in range(MOST_PLANS):
        course = replace(course, wish=await _known(connection, history, course.wish))
        ready = ready_for(context, shelf, history, course.wish)
        if run.adopt is not None and (taken := await run.adopt(run, ready, course)):
            course, history = _with_taken(course, taken), taken.history
            continue
        course = _told(course, ready.plan)
        if not ready.plan.steps:
            return finish(context, course, stands)
        await before_first(connection, ready, strict=course.wish.strict)
        _tell(context, ready.plan)
        end = await _drive(context, shelf, connection, course.batch, ready)
        if end.ending is None or not end.ending.stale:
            return finish(context, course, (*stands, *end.steps), end.ending)
        stands += end.finished
        context.emit(Replanned())
        course = replace(
            course,
            wish=_rest_of(course.wish, end.finished),
            segments=_begun(course.segments, stands),
            warnings=course.warnings
            if stands
            else (),  # of a plan of which nothing was done nobody wants to know
        )
        again = await settled(context, connection)
        if not isinstance(again, History):
            return finish(context, course, stands, again)
        history = again
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


async def _known(connection: Connection, history: History, wish: Wish) -> Wish:
    """The wish with what the log says of its batch, if it is about one; which one that is does not change any more."""
    if wish.batch is None:
        return wish
    from stepwell.core.plan.batch import batch_named

    batch, members = batch_named(wish.batch, await connection.read_log(None, None), history)
    return wish._replace(batch=batch, members=members)


def _begun(segments: tuple[SegmentReport, ...], stands: tuple[StepReport, ...]) -> tuple[SegmentReport, ...]:
    """Those segments of a plan that had to be made anew of which something stands."""
    versions = {step.version for step in stands}
    return tuple(segment for segment in segments if versions & set(segment.versions))


def _told(course: Course, made: Plan) -> Course:
    """The course with what this plan says; where something of a former plan stands, what that one warned of is kept."""
    warnings = tuple(dict.fromkeys((*course.warnings, *made.warnings)))
    return replace(course, warnings=warnings, segments=course.segments + made.segment_reports)


def _rest_of(wish: Wish, finished: tuple[StepReport, ...]) -> Wish:
    """What is left to wish for when some steps of a rollback by number are done."""
    if wish.direction is Direction.UP or wish.target is not None or wish.batch is not None:
        return wish
    return wish._replace(steps=(1 if wish.steps is None else wish.steps) - len(finished))


def _with_taken(course: Course, taken: Taken) -> Course:
    """The course with what was taken over, and what is to be known of that."""
    return replace(course, adopted=(*course.adopted, *taken.adopted), notes=(*course.notes, *taken.notes))


async def _only_told(run: Run, course: Course, *, preview: bool) -> RunReport:
    """The plan with what it would send; in a preview the plan alone, for which no code of a migration runs."""
    from stepwell.app.dry_run import record
    from stepwell.app.ready import ready_for

    context, shelf, connection, *_ = run
    history = await connection.read()
    wish = await _known(connection, history, course.wish)
    ready = ready_for(context, shelf, history, wish, load=not preview)
    if run.adopt is not None and (taken := await run.adopt(run, ready, course)):
        course = _with_taken(course, taken)
        ready = ready_for(context, shelf, taken.history, wish)
    steps = planned(ready.plan)
    if not preview:
        steps = await record(context, connection, ready.plan, ready.classes, steps)
    return finish(context, _told(course, ready.plan), steps)._replace(dry_run=True)


def _tell(context: Context, made: Plan) -> None:
    context.emit(Planned(made.direction, len(made.steps), made.segment_reports))
    for warning in made.warnings:
        context.emit(Warned(warning))

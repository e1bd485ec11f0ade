"""Adoption: a database without a history that has what migrations give is taken over, by the evidence of a replay.

`migrate` and `baseline` share it: `surveyed` finds out how far the database is, `adopt` is what `migrate` does then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stepwell.app.asking import can_be_asked, is_applied
from stepwell.app.correcting import mark_applied, written
from stepwell.app.gather import in_order
from stepwell.app.ready import ready_for
from stepwell.app.replay import scratch_of, states
from stepwell.app.runs import Taken
from stepwell.app.snapshot import read
from stepwell.core.adoption import decide, torn
from stepwell.core.errors import ContradictionError, MigrationError, MisuseError, StepError, StepwellError
from stepwell.core.events import Adopting, Replanned, Replaying, Warned
from stepwell.core.history import Record
from stepwell.core.migration import Direction
from stepwell.core.plan.words import listed
from stepwell.core.schema.chain import chain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.context import Context
    from stepwell.app.outcome import Course
    from stepwell.app.ready import Ready
    from stepwell.app.runs import Run
    from stepwell.app.shelf import Shelf
    from stepwell.core.adoption import Adoption
    from stepwell.core.migration import Migration, Version
    from stepwell.core.plan import Step
    from stepwell.core.report import Adopted
    from stepwell.core.schema.chain import Reach
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.ports import Connection

BY_HAND = "stepwell baseline --to V"
CANT_TELL = "what is there can't be found out"

Found = tuple["CreatedObject", "Step"]


async def surveyed(context: Context, connection: Connection, order: Sequence[Migration]) -> Adoption:
    """How far the database is along these migrations, which stand in plan order. Writes nothing there.

    Raises `ContradictionError` where only a part is there, or nobody can tell; what `is_applied()` raises.
    """
    if not context.dialect.abilities.snapshots:
        raise ContradictionError(
            f"{CANT_TELL} on {context.dialect.name} yet",
            hint=f"say up to which version it was built: {BY_HAND}",
        )
    context.emit(Replaying(len(order)))
    live = await read(connection)
    found = chain(await _replayed(context, order), live)
    reach = found.reach()
    if reach.torn is not None:
        raise ContradictionError(
            f"what the migrations give is there in part: {torn(order, found, reach.torn, reach.end)}",
            place=order[reach.torn].place,
            hint="nothing was recorded; give the database what it lacks, or record all up to V, whatever is there:"
            f" {BY_HAND} (a replay on a scratch database tells what lacks; --scratch-url says where)",
        )
    return decide(order, found, reach, await _answers(context, connection, order, reach))


async def _replayed(context: Context, order: Sequence[Migration]) -> list[Snapshot]:
    """What a scratch database has, before the first of these migrations and after each."""
    try:
        async with scratch_of(context) as place:
            return [state async for state in states(place, order)]
    except MigrationError:
        raise
    except asyncio.CancelledError as error:
        vars(error).pop("report", None)  # it tells of the scratch database
        raise
    except StepwellError as error:
        failed = (
            f"{CANT_TELL} by a replay on a scratch database" if isinstance(error, StepError) else CANT_TELL
        )
        hint = error.hint or "see --scratch-url"
        if "--scratch-url" not in hint:
            hint += "; another place for scratch databases: --scratch-url"
        raise ContradictionError(
            f"{failed}: {error.message}",
            place=error.place,
            hint=f"{hint}; or say up to which version it was built: {BY_HAND}",
        ) from error


async def _answers(
    context: Context, connection: Connection, order: Sequence[Migration], reach: Reach
) -> dict[Version, bool]:
    """What `is_applied()` says of those that define it. Behind what is there it may not know: then it is not told."""
    answers = {}
    for index, migration in enumerate(order):
        if not can_be_asked(migration):
            continue
        try:
            answers[migration.version] = await is_applied(context, connection, migration)
        except MisuseError:
            raise
        except StepError:
            if index < reach.end:
                raise
    return answers


# --- migrate ---


async def adopt(run: Run, ready: Ready, course: Course) -> Taken | None:
    """Record what is there of a first plan, before its first step; None where nothing of it is there.

    In a dry run nothing is recorded, and the history is as it would be. Raises as `surveyed` does.
    """
    context, shelf, connection, dry_run, _ = run
    found = await _existing(shelf, connection, ready)
    if not found:
        return None
    history = await connection.read()
    if history.records or history.attempts:  # another runner has made them just now
        return Taken(history)
    try:
        adoption = await surveyed(context, connection, in_order(shelf.parse_all()))
    except ContradictionError as error:
        error.message = f"{_has_already(found)}; {error.message}"
        error.place = error.place or found[0][1].migration.place
        raise
    steps = {step.version: step for step in ready.plan.steps}
    adopted = tuple(each for each in adoption.adopted if each.version in steps)
    if not adopted:
        _refuse_strange(found)
        return None
    migrations = [steps[each.version].migration for each in adopted]
    expected = history._replace(records=tuple(map(_record, range(1, len(adopted) + 1), migrations)))
    ready_for(context, shelf, expected, course.wish)  # what would be refused then is refused before
    notes = tuple(note.text for note in adoption.notes if note.version in steps)
    if dry_run:
        return Taken(expected, adopted, notes)
    _tell(context, adopted, notes)
    if not await written(
        context, connection, history, lambda: mark_applied(connection, shelf, migrations, course.batch)
    ):
        context.emit(Replanned())
        return Taken(await connection.read())
    return Taken(await connection.read(), adopted, notes)


async def _existing(shelf: Shelf, connection: Connection, ready: Ready) -> list[Found]:
    """What is there of what the steps of a plan create, with the first step that does."""
    creators: dict[tuple[str, str | None, str], Step] = {}
    objects: list[CreatedObject] = []
    for step in ready.plan.steps:
        for created in shelf.facts(step.migration, Direction.UP).creates:
            if not (created.or_replace or created.temporary):
                creators.setdefault((created.kind, created.schema, created.name), step)
                objects.append(created)
    found = await connection.existing(objects)
    return [(each, creators[each.kind, each.schema, each.name]) for each in found]


def _refuse_strange(found: Sequence[Found]) -> None:
    """Raise where a step would meet what no step leaves behind, unless it creates only what is not there."""
    if all(created.if_not_exists for created, _ in found):
        return
    raise ContradictionError(
        f"{_has_already(found)}; and nothing else of what they give is there",
        place=found[0][1].migration.place,
        hint="nothing was changed; give what is there another name, or if the database was built by these migrations, "
        f"record all up to V: {BY_HAND} (a replay on a scratch database tells what lacks; --scratch-url says where)",
    )


def _has_already(found: Sequence[Found]) -> str:
    names = [f"{created.kind.lower()} {_qualified(created)}" for created, _ in found]
    first = found[0][1]
    names[0] += f" (created by {first.version} {first.migration.name})"
    return f"this database has no history, but it has already what pending migrations create: {listed(names)}"


def _qualified(created: CreatedObject) -> str:
    return f"{created.schema}.{created.name}" if created.schema else created.name


def _record(number: int, migration: Migration) -> Record:
    """The record as it will be, as far as a plan asks."""
    source = migration.source
    return Record(
        number,
        migration.version,
        migration.name,
        migration.description,
        migration.dependencies,
        applied_at=None,
        file_hash=source.file_hash,
    )


def _tell(context: Context, adopted: Sequence[Adopted], notes: Sequence[str]) -> None:
    for each in adopted:
        context.emit(Adopting(each.version, each.name, each.evidence))
    for note in notes:
        context.emit(Warned(note))

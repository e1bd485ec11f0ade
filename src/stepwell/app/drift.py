"""`drift`: what the applied migrations give on a scratch database, against what the live one has. Only asks there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.app.connecting import connected, introduced
from stepwell.app.gather import gather
from stepwell.app.replay import scratch_of
from stepwell.app.runs import run_wish
from stepwell.app.shelf import Shelf
from stepwell.app.snapshot import must_be_able, read, side, taken
from stepwell.core.answers import DiffReport
from stepwell.core.errors import ContradictionError
from stepwell.core.history import State
from stepwell.core.migration import Direction
from stepwell.core.schema.diff import diff
from stepwell.core.schema.ignoring import sieve
from stepwell.core.schema.snapshot import OWNERS, Snapshot
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Collection

    from stepwell.app.context import Context
    from stepwell.core.migration import Version
    from stepwell.core.plan import Situation
    from stepwell.core.schema.snapshot import Fact, Key

EXPECTED = "what the applied migrations give"


async def drift(context: Context) -> DiffReport:
    """Compare the structure of the database with that which its applied migrations give, but for what is ignored.

    Raises `ContradictionError` where the history can't be replayed, and `UsageError` for an engine without snapshots.
    """
    must_be_able(context)
    shelf = Shelf(context)
    connection = await connected(context, shelf, read_only=True)
    async with introduced(context, connection) as about:
        situation = gather(shelf, await connection.read(), whole=True).situation
        live = await read(connection)
    expected = await _replayed(context, _applied(situation), about.user)
    sieved = sieve(expected, live, diff(expected, live), context.settings.ignore)
    return DiffReport(side(expected, EXPECTED), side(live, f"live ({about.url})"), *sieved)


def _applied(situation: Situation) -> list[Version]:
    """The applied ones in plan order. Raises `ContradictionError` for one that can't be replayed as it was."""
    applied = [entry for entry in situation.ordered if entry.applied]
    for entry in applied:
        if entry.state is not State.APPLIED:
            raise ContradictionError(
                f"{entry.title} is {entry.state.value.replace('_', ' ')}: what it gave can't be found out any more",
                hint="see 'stepwell status'",
            )
    return [entry.version for entry in applied]


async def _replayed(context: Context, versions: list[Version], owner: str | None) -> Snapshot:
    """The structure that they give. Whoever runs migrations there stands for the one who runs them on the live one."""
    async with scratch_of(context) as place:
        empty, user = await _empty(place)
        for version in versions:
            await run_wish(place, Wish(Direction.UP, target=version.text, only_needed=True))
        return _owned(await taken(place), {fact.key for fact in empty.facts}, user, owner)


async def _empty(place: Context) -> tuple[Snapshot, str | None]:
    """What is there before anything runs, and who runs it."""
    connection = await place.connect(True)
    try:
        return await connection.snapshot(), (await connection.about()).user
    finally:
        await connection.close()


def _owned(made: Snapshot, before: Collection[Key], user: str | None, owner: str | None) -> Snapshot:
    """With another owner of what migrations have made; what was there before belongs to the server."""
    facts = [fact if fact.key in before else _given(fact, user, owner) for fact in made.facts]
    return Snapshot(made.engine, made.server, facts)


def _given(fact: Fact, user: str | None, owner: str | None) -> Fact:
    """The same thing of another owner, if it is that user's."""
    theirs = {name: owner for name in OWNERS if user is not None and fact.attributes.get(name) == user}
    return replace(fact, attributes={**fact.attributes, **theirs}) if theirs else fact

"""The same trial once more on tables with rows: whether up() takes them, and whether down() gives them back.

The rows live as those of a real database do: made before the first migration, and taken along by each.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import UsageError
from stepwell.core.rows.compare import compare, kept_values, left_behind, losses, many, worded
from stepwell.core.rows.filled import Filled, told
from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.app.ground import Ground
    from stepwell.core.migration import Migration
    from stepwell.core.proof import Trial
    from stepwell.core.rows.compare import Change
    from stepwell.core.rows.contents import Contents
    from stepwell.ports import Connection, Rehearsal


class Back(NamedTuple):
    """What down() did not bring back of the rows, which it left behind, and what else is to be said, in words."""

    losses: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


class Data(NamedTuple):
    """A script of the user's own, which is run before the migration at this place of the order."""

    script: str
    at: int


class RowTrials:
    """Trials on a database whose tables have rows, in plan order; those between them are only applied."""

    def __init__(self, ground: Ground, data: Data | None) -> None:
        self._ground, self._data = ground, data
        self._filled: Filled | None = None
        self._empty_up_to = 0  # one below does not take rows, so that they are made above it

    async def tried(self, trial: Trial, index: int) -> Trial:
        """The trial of the migration at that place, with what was seen on tables with rows."""
        if failed := await self._carried(index):
            why = f"{failed.version} {failed.name}, which stands before it, fails on another scratch database"
            return replace(trial, untried=why)
        filled = await self._fill(index)
        before = await self._contents()
        tried = replace(trial, unfilled=tuple(told(filled)))
        if failure := await self._ground.up("up", index):
            halfway = await self._ground.halfway()
            await self._begin_above(index + 1)
            return replace(tried, rows_failure=failure, halfway=halfway)
        self._ground.height = index + 1
        return await self._back(tried, index, before) if trial.migration.reversible else tried

    async def _back(self, trial: Trial, index: int, before: Contents) -> Trial:
        above = await self._contents()
        if failure := await self._ground.down("down", index):
            await self._ground.close()
            return replace(trial, rows_failure=failure)
        after = await self._contents()
        failure = await self._ground.up("up again", index)
        changes = compare(before, after)
        if failure or left_behind(changes):  # what came twice would be held against those that follow
            await self._ground.close()
        back = _told(trial.migration, changes, above=compare(before, above))
        return replace(trial, rows_failure=failure, **back._asdict())

    async def _carried(self, height: int) -> Migration | None:
        """Go up with rows. One that does not take them is passed on empty tables; gives one that fails there too."""
        while self._ground.height < height:
            index = self._ground.height
            if index < self._empty_up_to:
                if failed := await self._ground.rise(self._empty_up_to):
                    return failed
                continue
            await self._fill(index)
            if await self._ground.up("up", index) is None:
                self._ground.height = index + 1
            else:
                await self._begin_above(index + 1)
        return None

    async def _begin_above(self, height: int) -> None:
        """From here on rows are made only above that height, on a new database."""
        self._empty_up_to = height
        await self._ground.close()

    async def _fill(self, index: int) -> Filled:
        if self._ground.height <= self._empty_up_to:
            self._filled = None  # what a former database had
        if self._data is not None and self._data.at == index:
            script = self._data.script
            await self._ground.ask(lambda connection: _load(_of(connection), script))
        self._filled = await self._ground.ask(lambda connection: _of(connection).fill(self._filled))
        return self._filled

    async def _contents(self) -> Contents:
        return await self._ground.ask(lambda connection: _of(connection).contents())


def _told(migration: Migration, changes: Sequence[Change], *, above: Sequence[Change]) -> Back:
    """What is other than it was; what is missing is told by what up() did to it, where that can be seen."""
    missing = losses(changes)
    told = [worded(change) for change in (losses(above) or missing)] if missing else []
    kept = [f"{worded(change)}, and keeps it" for change in kept_values(changes)]
    left = left_behind(changes)
    named = [change for change in left if _names(migration, change.table)]
    return Back(
        (*told, *kept),
        tuple(many(change) for change in named),
        tuple(f"after down(), {worded(change)}: by a trigger?" for change in left if change not in named),
    )


def _names(migration: Migration, table: str) -> bool:
    """Whether the text of a migration has the name of a table: rows that it does not put there come by a trigger."""
    bare = table.rpartition(".")[2].strip('"')
    text = migration.source.content.decode(errors="replace")
    return re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", text, re.IGNORECASE) is not None


async def _load(rehearsal: Rehearsal, script: str) -> None:
    try:
        await rehearsal.load(script)
    except (EngineError, SqlSyntaxError) as error:
        message = error.fault.message if isinstance(error, EngineError) else str(error)
        raise UsageError(
            f"the data can't be loaded: {message}",
            hint="they have to fit the tables as they are before the first migration that is tried",
        ) from error


def _of(connection: Connection) -> Rehearsal:
    rehearsal = connection.rehearsal()
    if rehearsal is None:
        raise UsageError(
            f"no rows can be made for {connection.dialect.name}", hint="leave them out: --no-rows"
        )
    return rehearsal

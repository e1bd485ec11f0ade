"""`snapshot` and `diff`: the structure of a database as a value, and what differs between two. Asks, never writes."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.app.connecting import introduced
from stepwell.core.answers import DiffReport, Side
from stepwell.core.errors import ConnectionFailedError, FailureKind, Refusal, UsageError
from stepwell.core.schema.diff import diff as compared
from stepwell.core.schema.snapshot import Snapshot, loads
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.ports import Connection

Given = Snapshot | str | PathLike[str]
LIVE = "live"  # in the place of a file: the database itself


async def snapshot(context: Context, *, own_tables: bool = False) -> Snapshot:
    """The structure of the database. Raises `UsageError` for an engine without snapshots."""
    return (await _live(context, own_tables=own_tables))[0]


def must_be_able(context: Context) -> None:
    """Raise `UsageError` for an engine without snapshots."""
    if not context.dialect.abilities.snapshots:
        raise UsageError(f"there are no snapshots of {context.dialect.name} yet")


async def taken(context: Context) -> Snapshot:
    """The structure of a database of which people are not told here, such as a scratch one."""
    connection = await context.connect(True)
    try:
        return await connection.snapshot()
    finally:
        await connection.close()


async def read(connection: Connection, *, own_tables: bool = False) -> Snapshot:
    """The structure of a database that people work with. Raises `ConnectionFailedError` where it refuses to tell it.

    It may have to wait for one who changes a table, and then gives up; that is no failure of a migration.
    """
    try:
        return await connection.snapshot(own_tables=own_tables)
    except EngineError as error:
        raise ConnectionFailedError(
            f"the structure can't be read: {error.fault.message}",
            refusal=Refusal.LOST if error.kind is FailureKind.LOST else Refusal.OTHER,
            hint=error.fault.hint,
        ) from error


def side(of: Snapshot, name: str) -> Side:
    """A snapshot as one side of a comparison."""
    return Side(name, of.engine, of.server, of.fingerprint)


async def _live(context: Context, *, own_tables: bool = False) -> tuple[Snapshot, str]:
    """The snapshot, and the URL that it is of."""
    must_be_able(context)
    connection = await context.connect(True)
    async with introduced(context, connection) as about:
        return await read(connection, own_tables=own_tables), about.url


async def diff(context: Context, before: Given, after: Given) -> DiffReport:
    """Compare two snapshots: each a value, the path of a file, or `live` for that of the database now.

    Raises `UsageError` for a file that holds none.
    """
    (one, first), (other, second) = [await _given(context, each) for each in (before, after)]
    return DiffReport(side(one, first), side(other, second), compared(one, other))


async def _given(context: Context, given: Given) -> tuple[Snapshot, str]:
    if isinstance(given, Snapshot):
        return given, "a snapshot"
    if not isinstance(given, str | PathLike):
        raise UsageError(f"a snapshot, the path of a file or '{LIVE}' is wanted, not {given!r}")
    if given == LIVE:
        now, url = await _live(context)
        return now, f"{LIVE} ({url})"
    try:
        return loads(_text(given), str(given)), str(given)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{given} can't be read: {error}", hint="'live' stands for the database itself"
        ) from error


def _text(name: str | PathLike[str]) -> str:
    return Path(name).read_text(encoding="utf-8")

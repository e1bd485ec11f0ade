"""Throw-away databases on a MySQL or MariaDB server: made, kept by a lock, dropped; also those that a kill left."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.engines.mysql.tables import quote
from stepwell.engines.mysql.target import Target
from stepwell.ports import EngineError, Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.core.url import DatabaseUrl
    from stepwell.engines.mysql.channel import Channel
    from stepwell.ports import ConnectOptions

PREFIX = "stepwell_scratch_"
DENIED = "1044"
# Whoever uses one holds the lock of its name, so that those whose lock is free are nobody's.
_LEFT = (
    f"SELECT schema_name FROM information_schema.schemata WHERE schema_name REGEXP '^{PREFIX}[0-9a-f]{{16}}$'"
)


_OTHERS = "SELECT schema_name FROM information_schema.schemata WHERE schema_name <> :name"
_DEFAULTS = "SELECT @@character_set_database, @@collation_database"


@asynccontextmanager
async def scratch(server: DatabaseUrl, options: ConnectOptions) -> AsyncIterator[Scratch]:
    """Make an empty database on that server, and drop it in the end."""
    target = Target(server, options._replace(connect=None))
    await target.open()
    try:
        name = f"{PREFIX}{secrets.token_hex(8)}"
        await target.channel.rows("SELECT GET_LOCK(:name, 0)", {"name": name})
        await _drop_left(target.channel)
        charset, collation = await _defaults(target.channel, server, options)
        try:
            await target.channel.execute(
                f"CREATE DATABASE {quote(name)} CHARACTER SET {charset} COLLATE {collation}"
            )
        except EngineError as error:
            raise ConnectionFailedError(
                f"{server.shown}: no scratch database can be made ({error.fault.message})",
                refusal=Refusal.RIGHTS if error.fault.sqlstate == DENIED else Refusal.OTHER,
                hint=f"give a scratch_url whose user may: GRANT ALL ON `{PREFIX}%`.* TO USER",
            ) from None
        try:
            others = tuple(str(each) for (each,) in await target.channel.rows(_OTHERS, {"name": name}))
            yield Scratch(replace(server, database=name), others=others)
        finally:
            with suppress(EngineError):
                await target.channel.execute(f"DROP DATABASE {quote(name)}")
    finally:
        await target.close()


async def _defaults(channel: Channel, server: DatabaseUrl, options: ConnectOptions) -> tuple[str, str]:
    """The character set and the collation of the database that it stands for: tables take them over.

    Without such a one, those of the database in the URL.
    """
    if options.like is None or options.like == server:
        ((charset, collation),) = await channel.rows(_DEFAULTS)
        return str(charset), str(collation)
    stood_for = Target(options.like, options._replace(connect=None, read_only=True))
    await stood_for.open()
    try:
        return await _defaults(stood_for.channel, options.like, options)
    finally:
        await stood_for.close()


async def _drop_left(channel: Channel) -> None:
    for (name,) in await channel.rows(_LEFT):
        ((free,),) = await channel.rows("SELECT IS_FREE_LOCK(:name)", {"name": name})
        if free == 1:
            with suppress(EngineError):  # somebody else was faster
                await channel.execute(f"DROP DATABASE {quote(name)}")

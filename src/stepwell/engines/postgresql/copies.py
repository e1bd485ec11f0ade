"""Copies of a filled throw-away database on a PostgreSQL server, which takes it as the template of new ones.

Nobody may be connected to a template while it is copied, so that a lock keeps it: whoever uses or fills one holds the
advisory lock of its name, shared, in the database that the connection is made to; whoever drops it, exclusively. Who
fills one holds a second lock, so that the others wait for that.
"""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from stepwell.engines.postgresql.scratch import create, drop, drop_left, made, master_of
from stepwell.engines.postgresql.tables import quote
from stepwell.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from psycopg import AsyncConnection

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions, Copy, Fill

PREFIX = "stepwell_template_"
FILLING = " filling"  # behind the name of a template: that of the lock of whoever fills it
FILLED = "stepwell: filled"  # the comment of a template that is ready: a kill while it is filled leaves none
# Locks belong to a database: templates are told apart by the one in which theirs are.
_OURS = f"""
SELECT d.datname::text FROM pg_catalog.pg_database d
WHERE d.datname::text LIKE '{PREFIX}' || %s || '%%' AND d.datdba = (
  SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)"""
_COMMENT = """
SELECT pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database d
WHERE d.datname = %s::name"""
# What ALTER DATABASE has set belongs to the server, which does not copy it. A value that is a list is kept quoted.
_SETTINGS = """
SELECT pg_catalog.format('%%I TO ', c.name) || CASE
  WHEN c.name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'temp_tablespaces')
  THEN c.value ELSE pg_catalog.quote_literal(c.value) END
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = %s::name
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS given(text)
CROSS JOIN LATERAL (
  SELECT pg_catalog.split_part(given.text, '=', 1) AS name,
    pg_catalog.substr(given.text, pg_catalog.strpos(given.text, '=') + 1) AS value) AS c
WHERE s.setrole = 0"""


@asynccontextmanager
async def copies(server: DatabaseUrl, options: ConnectOptions, key: str, fill: Fill) -> AsyncIterator[Copy]:
    """Have a database filled, once for all who give this key; give what makes copies of it."""
    async with master_of(server, options) as master:
        place = _digest(server.database or server.user or "", 8)
        name = f"{PREFIX}{place}{_digest(key, 16)}"
        await drop_left(master)
        await _drop_left_templates(master, place)

        @asynccontextmanager
        async def copy() -> AsyncIterator[Scratch]:
            async with made(master, server, options, template=name) as url:
                for setting in settings:
                    await master.execute(f"ALTER DATABASE {quote(url.database or '')} SET {setting}".encode())
                yield Scratch(url)

        await _lock(master, "pg_advisory_lock", name + FILLING)
        await _lock(master, "pg_advisory_lock_shared", name)
        try:
            try:
                if not await _is_filled(master, name):
                    await _filled(master, server, options, name, fill)
            finally:
                await _lock(master, "pg_advisory_unlock", name + FILLING)
            settings = await _settings(master, name)
            yield copy
        finally:
            # Where the connection is gone, so is the lock, and the next one drops it.
            with suppress(psycopg.Error):
                await _lock(master, "pg_advisory_unlock_shared", name)
                await _drop_unused(master, name)


async def _filled(
    master: AsyncConnection, server: DatabaseUrl, options: ConnectOptions, name: str, fill: Fill
) -> None:
    await drop(master, name)  # half of one that a kill has left
    await create(master, name, server, "template0")
    url = replace(server, database=name)
    try:
        if schema := options.settings.schema:
            async with master_of(url, options) as inside:
                await inside.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}".encode())
        await fill(Scratch(url))
        await master.execute(f"COMMENT ON DATABASE {quote(name)} IS '{FILLED}'".encode())
    except BaseException:
        await drop(master, name)
        raise


async def _is_filled(master: AsyncConnection, name: str) -> bool:
    row = await (await master.execute(_COMMENT.encode(), [name])).fetchone()
    return row == (FILLED,)


async def _settings(master: AsyncConnection, name: str) -> list[str]:
    """What is set for a database, as it stands behind SET."""
    return [str(text) for (text,) in await (await master.execute(_SETTINGS.encode(), [name])).fetchall()]


async def _drop_left_templates(master: AsyncConnection, place: str) -> None:
    for (name,) in await (await master.execute(_OURS.encode(), [place])).fetchall():
        await _drop_unused(master, name)


async def _drop_unused(master: AsyncConnection, name: str) -> None:
    """Drop a template, unless somebody uses it."""
    if await _lock(master, "pg_try_advisory_lock", name):
        with suppress(psycopg.Error):
            await drop(master, name)
        await _lock(master, "pg_advisory_unlock", name)


async def _lock(master: AsyncConnection, how: str, name: str) -> bool:
    """Take or leave the lock of a template; whether that was done, where it is only tried."""
    number = int(_digest(name, 16), 16) - 2**63
    row = await (await master.execute(f"SELECT pg_catalog.{how}(%s)".encode(), [number])).fetchone()
    return row == (True,)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]

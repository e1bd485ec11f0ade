"""The lock in PostgreSQL: one advisory key for database, schema and table, polled and never waited for in SQL.

Why not a blocking lock statement: whoever waits in one holds a snapshot, and deadlocks with CREATE INDEX CONCURRENTLY.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.core.tables import TableNames
    from stepwell.engines.postgresql.channel import Channel

TRY_TRANSACTION = "SELECT pg_catalog.pg_try_advisory_xact_lock($1::bigint)"
TRY_SESSION = "SELECT pg_catalog.pg_try_advisory_lock($1::bigint)"
UNLOCK_SESSION = "SELECT pg_catalog.pg_advisory_unlock($1::bigint)"

# Of all locks, those of our kind under our key.
_OURS = """l.locktype = 'advisory'::text AND l.granted AND l.objsubid = 1::smallint
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.classid = (($1::bigint >> 32) & 4294967295::bigint)::oid AND l.objid = ($1::bigint & 4294967295::bigint)::oid"""
_HOLDER_ROWS = f"""
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE {_OURS} AND a.pid <> pg_catalog.pg_backend_pid()
LIMIT 1"""

_WHO = (
    "SELECT a.pid, a.usename, coalesce(a.client_addr::text, 'this machine'::text), a.application_name,"
    " pg_catalog.to_char(pg_catalog.timezone('UTC'::text, coalesce(a.xact_start, a.query_start)),"
    " 'YYYY-MM-DD HH24:MI:SS'::text), a.state, a.wait_event_type"
)
_HOLDER = _WHO + _HOLDER_ROWS
_ORPHAN = f"""{_WHO}
FROM pg_catalog.pg_stat_activity a
WHERE a.state = 'active'::text AND a.pid <> pg_catalog.pg_backend_pid() AND a.query ~~ $1::text
LIMIT 1"""
_BLOCKING = f"""{_WHO}
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(coalesce((SELECT o.pid FROM pg_catalog.pg_stat_activity o
  WHERE o.state = 'active'::text AND o.query ~~ $2::text LIMIT 1), $1::int)))
ORDER BY coalesce(a.xact_start, a.query_start)
LIMIT 1"""
_END_HOLDER = "SELECT pg_catalog.pg_terminate_backend(a.pid)" + _HOLDER_ROWS
_IS_OURS = f"SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE {_OURS} AND l.pid = pg_catalog.pg_backend_pid())"


def key_of(database: str, schema: str, table: str) -> int:
    """The advisory key, a signed 64-bit number: per history table, so that tenants do not wait for each other."""
    text = f"stepwell\0{database}\0{schema}\0{table}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def fence_of(names: TableNames) -> int:
    """The key under which a transaction writes marks and records behind a guard: one at a time."""
    digest = hashlib.sha256(f"stepwell fence\0{names.history}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def orphan_mark(key: int) -> str:
    """What a statement begins with whose session does not hold the lock: so it is found if its client has gone."""
    return f"/* stepwell:{key} */"


def in_words(row: tuple[object, ...]) -> str:
    """Tell people who holds the lock."""
    pid, user, address, application, since, state, waits = row
    if state is None:
        return f"process {pid}, which this role may not see (pg_read_all_stats shows who it is)"
    doing = "waiting for a lock" if waits == "Lock" else state or "unknown"
    name = f" ({application})" if application else ""
    return f"process {pid} of {user} at {address}{name}, since {since} UTC, {doing}"


async def holder(channel: Channel, key: int) -> str | None:
    """Say who holds the lock, in words; None where nobody does."""
    rows = await channel.rows(_HOLDER, [key]) or await channel.rows(_ORPHAN, [f"{orphan_mark(key)}%"])
    return in_words(rows[0]) if rows else None


async def orphan(channel: Channel, key: int) -> str | None:
    """A statement of a runner behind a pooler that goes on though its client has gone, in words."""
    rows = await channel.rows(_ORPHAN, [f"{orphan_mark(key)}%"])
    return in_words(rows[0]) if rows else None


async def blocker(channel: Channel, key: int, number: int) -> str | None:
    """The oldest of those for whom the statement of a process waits, in words.

    Behind a pooler the number is not that of the process, which is known by the mark of its statement.
    """
    text = _BLOCKING.replace("$1::int", f"({number})::int").replace(
        "$2::text", f"'{orphan_mark(key)}%'::text"
    )
    rows = await channel.rows(text)  # without parameters, since a guard may ask: see `plainly`
    return in_words(rows[0]) if rows else None


async def end_holder(channel: Channel, key: int) -> bool:
    """End the session that holds the lock; false where nobody does."""
    return bool(await channel.rows(_END_HOLDER, [key]))


async def is_ours(channel: Channel, key: int) -> bool:
    """Whether this session still holds the lock: a migration may have given it away."""
    ((ours,),) = await channel.rows(plainly(_IS_OURS, key))
    return bool(ours)


def plainly(sql: str, key: int) -> str:
    """With the key in the text. A statement with parameters leaves a portal open, in a transaction to its end.

    That holds a snapshot, for which CREATE INDEX CONCURRENTLY waits: what a guard does must not leave any.
    """
    return sql.replace("$1::bigint", f"({key})::bigint")

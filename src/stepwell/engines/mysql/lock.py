"""The lock: `GET_LOCK` on the session that works, polled and never waited for in SQL.

It survives every commit, also the implicit ones, and goes with its session: also where that one still runs a statement
whose client is gone, so that nobody takes over before it has ended.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stepwell.ports import EngineError

if TYPE_CHECKING:
    from stepwell.engines.mysql.channel import Channel

# The first has it in MySQL since 8.0.22, the second everywhere; there MySQL warns of it.
_PROCESSES = ("performance_schema.processlist", "information_schema.processlist")


def name_of(database: str, table: str, *, folds_case: bool) -> str:
    """The name of the lock: names are the whole server's, at most 64 characters, and the same in any case."""
    text = f"{database}\0{table}"
    digest = hashlib.sha256((text.casefold() if folds_case else text).encode()).hexdigest()
    return f"stepwell:{digest[:48]}"


async def take(channel: Channel, name: str) -> bool:
    """Try once, without waiting. A session may hold it only once: it counts."""
    ((got,),) = await channel.rows("SELECT GET_LOCK(:name, 0)", {"name": name})
    return bool(got == 1)


async def is_ours(channel: Channel, name: str) -> bool:
    """Whether this session holds it: a migration may have released it, or the session may be another one."""
    ((ours,),) = await channel.rows("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()", {"name": name})
    return bool(ours == 1)


async def give_back(channel: Channel, name: str) -> None:
    """Release it."""
    await channel.rows("SELECT RELEASE_LOCK(:name)", {"name": name})


async def holder(channel: Channel, name: str, *, is_mariadb: bool) -> str | None:
    """Say who holds it, in words; None where nobody else does."""
    number = await _holding(channel, name)
    if number is None:
        return None
    for table in _PROCESSES[is_mariadb:]:
        try:
            rows = await channel.rows(
                f"SELECT user, host, command, time, state FROM {table} WHERE id = :id", {"id": number}
            )
        except EngineError:  # not on this server
            continue
        if rows:
            user, host, command, seconds, state = rows[0]
            doing = ", ".join(str(each) for each in (command, state) if each)
            return f"connection {number} of {user} at {host}, {doing} for {seconds} s"
    return f"connection {number}, which this user may not see (GRANT PROCESS shows who it is)"


async def end_holder(channel: Channel, name: str) -> bool:
    """End the session that holds it; false where nobody else does."""
    number = await _holding(channel, name)
    if number is None:
        return False
    await channel.execute(f"KILL {number}")
    return True


async def _holding(channel: Channel, name: str) -> int | None:
    ((number, own),) = await channel.rows("SELECT IS_USED_LOCK(:name), CONNECTION_ID()", {"name": name})
    return int(number) if number is not None and number != own else None

"""The lock: `GET_LOCK` on the session that works, polled and never waited for in SQL.

It survives every commit, also the implicit ones, and goes with its session: also where that one still runs a statement
whose client is gone, so that nobody takes over before it has ended.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.engines.mysql.channel import Channel

# The first has it in MySQL since 8.0.22, the second everywhere; there MySQL warns of it.
_PROCESSES = ("performance_schema.processlist", "information_schema.processlist")


class Lock(Protocol):
    """What keeps other runners out. Everything raises `EngineError`."""

    @property
    def fences(self) -> bool:
        """Whether what is written may come too late, so that each transaction has to be sealed."""

    async def take(self) -> bool:
        """Try once, without waiting."""

    async def is_ours(self) -> bool:
        """Whether it is held by the very session that works."""

    async def seal(self) -> None:
        """Directly before a commit: raises where the lock was lost since."""

    async def give_back(self) -> None:
        """Release it."""

    async def forget(self) -> None:
        """The session is gone, and with it what it held."""

    async def holder(self) -> str | None:
        """Say who else holds it, in words."""

    async def end_holder(self) -> bool:
        """End whoever else holds it; false where nobody does."""


class SessionLock:
    """`GET_LOCK`. `channel_of` gives the channel to work on, which is another one after a lost connection."""

    def __init__(self, channel_of: Callable[[], Channel], name: str, *, is_mariadb: bool) -> None:
        self._channel_of, self._name, self._is_mariadb = channel_of, name, is_mariadb

    @property
    def channel(self) -> Channel:
        """The channel that works."""
        return self._channel_of()

    @property
    def fences(self) -> bool:
        """It goes with the session: what is lost can't write any more."""
        return False

    async def take(self) -> bool:
        """Try once. A session may hold it only once: it counts."""
        ((got,),) = await self.channel.rows("SELECT GET_LOCK(:name, 0)", {"name": self._name})
        return bool(got == 1)

    async def is_ours(self) -> bool:
        """A migration may have released it, or a proxy may have given us another session."""
        ((ours,),) = await self.channel.rows(
            "SELECT IS_USED_LOCK(:name) = CONNECTION_ID()", {"name": self._name}
        )
        return bool(ours == 1)

    async def seal(self) -> None:
        """Nothing has to be done."""

    async def give_back(self) -> None:
        """Release it."""
        await self.channel.rows("SELECT RELEASE_LOCK(:name)", {"name": self._name})

    async def forget(self) -> None:
        """The server has released it."""

    async def holder(self) -> str | None:
        """Say who else holds it, as far as this user may see."""
        number = await self._holding()
        if number is None:
            return None
        for table in _PROCESSES[self._is_mariadb :]:
            try:
                rows = await self.channel.rows(
                    f"SELECT user, host, command, time, state FROM {table} WHERE id = :id", {"id": number}
                )
            except EngineError:  # not on this server
                continue
            if rows:
                user, host, command, seconds, state = rows[0]
                doing = ", ".join(str(each) for each in (command, state) if each)
                return f"connection {number} of {user} at {host}, {doing} for {seconds} s"
        return f"connection {number}, which this user may not see (GRANT PROCESS shows who it is)"

    async def end_holder(self) -> bool:
        """End the session that holds it. A statement of it that can't be stopped keeps the lock to its end."""
        number = await self._holding()
        if number is None:
            return False
        await self.channel.execute(f"KILL {number}")
        return True

    async def _holding(self) -> int | None:
        ((number, own),) = await self.channel.rows(
            "SELECT IS_USED_LOCK(:name), CONNECTION_ID()", {"name": self._name}
        )
        return int(number) if number is not None and number != own else None


def name_of(database: str, table: str, *, folds_case: bool) -> str:
    """The name of the lock: names are the whole server's, at most 64 characters, and the same in any case."""
    text = f"{database}\0{table}"
    digest = hashlib.sha256((text.casefold() if folds_case else text).encode()).hexdigest()
    return f"stepwell:{digest[:48]}"

"""The lock of a cluster in which several nodes write: a row that is taken by compare-and-set, for a time.

`GET_LOCK` and row locks of one node keep nobody out on another. What does is the order in which the cluster takes
changes: of two that set the same row, one is refused. Whoever holds the row has its epoch, renews the lease by a second
connection, and names the epoch in every transaction that writes marks or records, so that after it was taken over
nothing more is kept of it. Two rows, because renewing must not collide with what the run itself writes.

On its own node the session's lock is taken besides: it is kept by a statement whose client is gone, until it ends.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.errors import FailureKind, Fault
from stepwell.engines.mysql.heartbeat import Heartbeat
from stepwell.engines.mysql.inspect import DESCRIBE_ONE, trusted_lock
from stepwell.engines.mysql.tables import UTC_NOW, quote
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stepwell.engines.mysql.channel import Channel
    from stepwell.engines.mysql.driver import DriverConnection
    from stepwell.engines.mysql.lock import SessionLock

NO_TABLE = "1146"
LEASE = 30  # seconds, by the clock of the servers
UNATTENDED = 600  # seconds, where there is no second connection to renew it by


class _Row(NamedTuple):
    epoch: int
    owner: str | None
    who: str | None
    left: float  # seconds until it ends


class Lease:
    """See `stepwell.engines.mysql.lock.Lock` for what each method promises.

    `guard` is the lock of the session; `open_second` opens a connection by which the lease is renewed.
    """

    def __init__(
        self,
        guard: SessionLock,
        database: str,
        table: str,
        open_second: Callable[[], Awaitable[DriverConnection]] | None,
    ) -> None:
        self._guard = guard
        self._database, self._table = database, table
        self._quoted = f"{quote(database)}.{quote(table)}"
        self._open_second = open_second
        self._token = uuid.uuid4().hex
        self._epoch: int | None = None
        self._lost = False
        self._heartbeat: Heartbeat | None = None
        self._trusted = False

    @property
    def _channel(self) -> Channel:
        return self._guard.channel

    @property
    def _seconds(self) -> int:
        return UNATTENDED if self._open_second is None else LEASE

    # --- taking and giving ---

    async def take(self) -> bool:
        """Try once. What was ours before the connection was lost is taken anew at once."""
        if not await self._guard.take():
            return False
        try:
            won = await self._take_row()
        except BaseException:
            await self._guard.give_back()
            raise
        if not won:
            await self._guard.give_back()
        return won

    async def _take_row(self) -> bool:
        if not self._trusted:
            await self._make_sure()
        row = await self._row()
        if row is None or (row.owner not in {None, self._token} and row.left > 0):
            return False
        who = await self._who()
        won = await self._won(
            f"UPDATE {self._quoted} SET epoch = :next, owner = :token, who = :who,"
            f" until = {UTC_NOW} + INTERVAL :seconds SECOND WHERE name = 'lock' AND epoch = :epoch",
            epoch=row.epoch,
            next=row.epoch + 1,
            token=self._token,
            who=who,
            seconds=self._seconds,
        )
        if won:
            self._epoch, self._lost = row.epoch + 1, False
            self._begin_beating()
        return won

    async def _won(self, sql: str, **values: object) -> bool:
        """Whether this one of several that want to set the row has set it."""
        try:
            return await self._channel.execute(sql, values, shown="the lock of this run") == 1
        except EngineError as error:
            if error.kind is FailureKind.RETRYABLE:  # another node was first
                return False
            raise

    async def _make_sure(self) -> None:
        """The table is made where it is not there; one that is there must be plain."""
        rows = await self._channel.rows(DESCRIBE_ONE, {"database": self._database, "table": self._table})
        if not trusted_lock(rows, self._table):
            await self._channel.execute(_CREATE.format(table=self._quoted))
        await self._won(_FILL.format(table=self._quoted))
        self._trusted = True

    async def is_ours(self) -> bool:
        """Whether it is held still, and by this very session."""
        row = await self._row()
        ours = row is not None and (row.epoch, row.owner) == (self._epoch, self._token)
        self._lost = self._lost or not ours
        return ours and await self._guard.is_ours()

    async def give_back(self) -> None:
        """Let others have it."""
        epoch = self._epoch
        await self.forget()
        if epoch is not None:
            await self._won(
                f"UPDATE {self._quoted} SET owner = NULL, who = NULL, until = {UTC_NOW}"
                " WHERE name = 'lock' AND epoch = :epoch AND owner = :token",
                epoch=epoch,
                token=self._token,
            )
        await self._guard.give_back()

    async def forget(self) -> None:
        """The session is gone: the lease is not renewed any more."""
        self._epoch, self._lost = None, False
        if self._heartbeat is not None:
            beating, self._heartbeat = self._heartbeat, None
            await beating.stop()

    async def seal(self) -> None:
        """Make what is written now, and committed next, depend on the lock. Raises `EngineError` where it was lost."""
        if self._epoch is None:
            return  # the segment has ended: what is written now only tells of it
        kept = not self._lost and await self._channel.execute(
            f"UPDATE {self._quoted} SET until = {UTC_NOW} + INTERVAL :seconds SECOND"
            " WHERE name = 'lock' AND epoch = :epoch AND owner = :token",
            {"seconds": self._seconds, "epoch": self._epoch, "token": self._token},
            shown="the lock of this run",
        )
        if not kept:
            self._lost = True
            raise EngineError(
                Fault(
                    "the lock was lost: it was not renewed in time, or somebody else has broken it",
                    code="lock_lost",
                    hint="nothing was written since; run again",
                )
            )

    @property
    def fences(self) -> bool:
        """Every transaction has to be sealed."""
        return True

    # --- who has it ---

    async def holder(self) -> str | None:
        """Say who else holds it, on any node."""
        row = await self._row()
        if row is None or row.owner in {None, self._token} or row.left <= 0:
            return await self._guard.holder()  # a statement of theirs may still run here
        return f"{row.who}, by a lease that ends in {row.left:.0f} s unless it is renewed"

    async def end_holder(self) -> bool:
        """Take it away from whoever holds it, and end the session if it is on this node."""
        row = await self._row()
        ended = False
        if row is not None and row.owner is not None:
            ended = await self._won(
                f"UPDATE {self._quoted} SET epoch = epoch + 1, owner = NULL, who = NULL, until = {UTC_NOW}"
                " WHERE name = 'lock' AND epoch = :epoch",
                epoch=row.epoch,
            )
        return await self._guard.end_holder() or ended

    async def _row(self) -> _Row | None:
        try:
            rows = await self._channel.rows(_SELECT.format(table=self._quoted))
        except EngineError as error:
            if error.fault.sqlstate != NO_TABLE:
                raise
            return None
        return _Row(int(rows[0][0]), rows[0][1], rows[0][2], float(rows[0][3])) if rows else None

    async def _who(self) -> str:
        ((number, user, host, port),) = await self._channel.rows(
            "SELECT CONNECTION_ID(), USER(), @@GLOBAL.hostname, @@GLOBAL.port"
        )
        return f"connection {number} of {user} on the node {host}:{port}"

    # --- renewing ---

    def _begin_beating(self) -> None:
        if self._open_second is None:
            return
        sql = _BEAT.format(table=self._quoted, epoch=self._epoch, seconds=self._seconds)
        self._heartbeat = Heartbeat(self._open_second, sql, LEASE / 6)
        self._heartbeat.start()


_CREATE = """CREATE TABLE IF NOT EXISTS {table} (
    name VARCHAR(10) NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    owner VARCHAR(32),
    who VARCHAR(500),
    until DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"""
_FILL = (
    f"INSERT IGNORE INTO {{table}} (name, epoch, until) VALUES ('lock', 0, {UTC_NOW}), ('beat', 0, {UTC_NOW})"
)
_SELECT = (
    "SELECT l.epoch, l.owner, l.who, TIMESTAMPDIFF(MICROSECOND, "
    f"{UTC_NOW}, GREATEST(l.until, IF(b.epoch = l.epoch, b.until, l.until))) / 1000000"
    " FROM {table} l JOIN {table} b ON b.name = 'beat' WHERE l.name = 'lock'"
)
_BEAT = (
    f"UPDATE {{table}} SET epoch = {{epoch}}, until = {UTC_NOW} + INTERVAL {{seconds}} SECOND"
    " WHERE name = 'beat' AND epoch <= {epoch}"
)

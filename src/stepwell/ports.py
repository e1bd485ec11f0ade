"""The seams between the core and the world: what an engine, a connection and a source must offer. Types only.

An engine is a package under `stepwell.engines` (or an installed one with the entry point of that name) whose module has
`ENGINE`, an object of the shape `Engine`. What its connections must do is defined by the suite in `stepwell.testing`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from stepwell.core.errors import FailureKind, StepError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from stepwell.core.abilities import Abilities
    from stepwell.core.actions import Busy, Held, LogLine
    from stepwell.core.answers import LogEntry
    from stepwell.core.errors import Fault, Place
    from stepwell.core.history import History, HistoryMark, Record
    from stepwell.core.migration import Migration, Version
    from stepwell.core.plan import Step
    from stepwell.core.rows.contents import Contents
    from stepwell.core.rows.filled import Filled
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.core.settings import Settings
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.style import ParameterStyle
    from stepwell.core.standing import Left
    from stepwell.core.url import DatabaseUrl


class EngineError(StepError):
    """How a connection tells that the database refused something: a fault, and what kind of failure it is."""

    def __init__(self, fault: Fault, kind: FailureKind = FailureKind.STEP) -> None:
        super().__init__(fault)
        self.kind = kind


class Dialect(NamedTuple):
    """What is text and policy about an engine: nothing here acts.

    `load_rules` gives the lexical rules, which are needed only where SQL is read. `hints` maps SQLSTATEs (or what the
    engine has in their place) to advice for the author of a migration.
    """

    name: str
    load_rules: Callable[[], LexRules]
    abilities: Abilities
    parameters: ParameterStyle
    hints: Mapping[str, str]

    @property
    def rules(self) -> LexRules:
        """The lexical rules."""
        return self.load_rules()


class Origin(NamedTuple):
    """Where a statement comes from: the version of its step, and the line that issued it."""

    version: str
    place: Place | None


class BoundStatement(NamedTuple):
    """One statement, ready for the driver: its text, its parameters in the dialect's style, its data if it is a COPY.

    `shown` is the statement as its author wrote it, and `values` what they gave with it, for messages.
    """

    sql: str
    params: Any
    origin: Origin
    shown: str
    copy_data: str | None = None
    values: Any = None


class Wire(Protocol):
    """How statements of a step reach the database, one at a time. Everything raises `EngineError`."""

    async def run(self, statement: BoundStatement) -> None:
        """Send a statement; its result may be awaited as late as `flush`."""

    async def run_many(self, statement: BoundStatement, rows: Sequence[Any]) -> None:
        """Send a statement once for every row of parameters; may be awaited as late as `flush`."""

    async def count(self, statement: BoundStatement) -> int:
        """Send a statement, wait, and give the number of rows affected."""

    async def rows(self, statement: BoundStatement, *, limit: int | None = None) -> list[dict[str, Any]]:
        """Send a statement, wait, and give its rows, at most `limit`."""

    def stream(self, statement: BoundStatement) -> AsyncGenerator[dict[str, Any], None]:
        """Send a statement and give its rows without holding all in memory."""

    async def savepoint(self, name: str) -> None:
        """Open a savepoint; waits for everything before it."""

    async def release(self, name: str) -> None:
        """Keep what happened since the savepoint; waits."""

    async def abort_to(self, name: str) -> None:
        """Undo what happened since the savepoint, and forget the failure that led to it; waits."""

    async def flush(self) -> None:
        """Wait for everything that was sent; raise what failed."""

    def driver(self) -> AbstractAsyncContextManager[Any]:
        """Lend the driver's own connection; waits before and after."""


class About(NamedTuple):
    """What a connection knows of its database; `table` is the history table, schema-qualified if there are schemas."""

    url: str
    engine: str
    table: str
    user: str | None = None
    warnings: tuple[str, ...] = ()


class Batch(NamedTuple):
    """One run of the tool, as its log rows tell it."""

    id: str
    host: str
    tool: str


class Kept(NamedTuple):
    """What a record is made of: the checksum and the hash of the file belong to the bytes that ran."""

    migration: Migration
    checksum: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that stands: the mark of the history with it; where only the server knows them, the times of steps."""

    mark: HistoryMark
    elapsed_ms: Mapping[Version, float] = field(default_factory=dict)


class Connection(Protocol):
    """One connection to one database, for one run. It decides nothing about migrations."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of this database: that of the engine, narrowed to what this server can do."""

    async def about(self) -> About:
        """Say what database this is. Reads only."""

    async def server(self) -> str | None:
        """What tells this server from every other one, whatever it is called; None for what is no server."""

    async def read(self) -> History:
        """Read the history, without a lock and without writing. Raises `HistoryTableError` for a table to distrust."""

    async def existing(self, objects: Sequence[CreatedObject]) -> tuple[CreatedObject, ...]:
        """Say which of these objects are there already. Reads only."""

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure of the database; of the tool's own tables only with `own_tables`. Reads only.

        Asked only where there is the ability `snapshots`; not while a segment is begun. Raises `EngineError`.
        """

    async def check_rights(self, history: History) -> None:
        """Name what this role may not do, before anything is tried. Raises `ConnectionFailedError`."""

    async def check_sessions(self, *, strict: bool) -> None:
        """See beforehand that steps without a transaction can run here; `strict` refuses what has only a way round.

        Raises `UsageError`.
        """

    async def prepare(self) -> Busy | None:
        """Create or extend the tool's own tables in a short transaction of their own, under the lock."""

    async def acquire(self, *, transactional: bool) -> Held | Busy:
        """Begin, try the lock once, read the mark of the history under it. `Busy`: nothing is left begun."""

    async def begin_step(self, step: Step) -> Wire:
        """Start a step: its timeouts are set from here on."""

    async def end_step(self, step: Step, *, wrote_data: bool) -> None:
        """End a step: deferred constraints are checked if it may have touched rows; its timeouts are taken back."""

    async def record(self, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Write the record of a migration and its log line together."""

    async def forget(self, record: Record, line: LogLine, batch: Batch) -> None:
        """Remove a record and write its log line, together."""

    async def revise(self, record: Record, kept: Kept, line: LogLine, batch: Batch) -> None:
        """Let a record say what the file is now, in its place in the order, and write its log line."""

    async def log(self, lines: Sequence[LogLine], batch: Batch) -> None:
        """Write log lines; in a transaction of their own where none is open."""

    async def commit(self) -> Sealed:
        """End the segment so that it stands. Raises `EngineError`."""

    async def abort(self) -> None:
        """End the segment so that nothing of it stands. Quiet where the connection is gone."""

    async def cut(self) -> None:
        """Give the connection up at once, since nobody knows how it is. Never raises."""

    async def recover(self) -> None:
        """Where the connection is gone: connect again, and see that nothing of the old one is at work any more.

        For the time between segments. Raises `ConnectionFailedError`; what may pass is tried again by the caller.
        """

    async def confirm(self, batch: Batch) -> frozenset[Version]:
        """Which versions this batch has applied or reverted, by the log."""

    async def read_log(self, limit: int | None, batch: str | None) -> tuple[LogEntry, ...]:
        """The newest rows of the log about migrations, oldest first. Reads only."""

    async def last_fingerprint(self) -> Left | None:
        """The last fingerprint of the structure that the log has; None: there is none. Reads only."""

    async def holder(self) -> str | None:
        """Say who holds the lock, in words, or None. Reads only."""

    async def end_holder(self) -> bool:
        """End whoever holds the lock; false where nobody does."""

    async def cancel(self) -> None:
        """Stop the statement that is running on the server."""

    async def obstacle(self) -> str | None:
        """Whom the running statement waits for, in words; asked while it runs. None: nobody, or nobody knows."""

    def reader(self) -> AbstractAsyncContextManager[Wire]:
        """A short read-only transaction of its own, for the reads of a dry run."""

    def rehearsal(self) -> Rehearsal | None:
        """The rows of a rehearsal on this database; None where the engine makes none."""

    async def close(self) -> None:
        """Give everything back. Never raises."""


class Scratch(NamedTuple):
    """A throw-away database: where it is, or how to connect to one in memory.

    `shared`: databases that matter can be reached from it, on its server or as files, so that nothing may be done there
    that reaches beyond its own.
    `others` are the names of those, where a statement can name them.
    """

    url: DatabaseUrl | None
    connect: Callable[[], Any] | None = None
    shared: bool = False
    others: tuple[str, ...] = ()


Fill = Callable[[Scratch], Awaitable[None]]
"""What makes a scratch database what its copies are to be."""

Copy = Callable[[], AbstractAsyncContextManager[Scratch]]
"""What gives a copy of a filled scratch database, which is dropped in the end."""


class Forbidden(NamedTuple):
    """Why a statement must not run in a scratch database, and what can be done instead."""

    why: str
    hint: str


class Rehearsal(Protocol):
    """Rows for a scratch database, on which migrations are tried. Everything raises `EngineError`.

    The two tables of the tool are left alone. Nothing may be open on the connection; each call has transactions of
    its own, and what it did stands when it returns.
    """

    async def fill(self, known: Filled | None = None) -> Filled:
        """Give rows to every table, next to those that it has. Tables that `known` filled, unchanged, are left."""

    async def contents(self) -> Contents:
        """Every row of every table, as digests. Reads only."""

    async def load(self, script: str) -> None:
        """Run a script of the user's own data, with COPY blocks where the engine has them. Raises `SqlSyntaxError`."""


class Engine(Protocol):
    """A kind of database."""

    @property
    def dialect(self) -> Dialect:
        """Its text and policy."""

    async def connect(self, url: DatabaseUrl | None, options: ConnectOptions) -> Connection:
        """Open a connection. Raises `ConnectionFailedError` that tells why not."""

    def scratch(
        self, server: DatabaseUrl | None, options: ConnectOptions
    ) -> AbstractAsyncContextManager[Scratch]:
        """Make an empty throw-away database, on the server of that URL, and drop it in the end.

        What a killed process left is dropped too. Without a URL the engine brings a server of its own, if it can.
        Raises `ConnectionFailedError`, or `UsageError` where it can't.
        """

    def copies(
        self, server: DatabaseUrl | None, options: ConnectOptions, key: str, fill: Fill
    ) -> AbstractAsyncContextManager[Copy]:
        """Have a throw-away database filled once, and give what makes copies of it. As `scratch` besides.

        Whoever gives the same key at the same time shares it; the last one drops it. Asked only where there is the
        ability `copies`: an engine without it needs none of this.
        """


class ConnectOptions(NamedTuple):
    """How to connect. `connect` is the caller's own way to get a driver connection, who stays its owner.

    `root` is the folder that relative paths start from; `read_only`: the run only asks. `tell` tells people something
    that stops nothing. A scratch database gets the defaults of the one that it stands for, `like`.
    """

    settings: Settings
    root: str
    read_only: bool = False
    connect: Any = None
    tell: Callable[[str], None] = lambda _: None
    like: DatabaseUrl | None = None

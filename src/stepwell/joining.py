"""How adapters are joined: settings become the context of a verb, for the database itself or for a scratch one."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.app.context import Context
from stepwell.core.errors import ConnectionFailedError, Refusal, no_database
from stepwell.core.events import Event, WaitingForServer, Warned
from stepwell.core.redact import Redactor
from stepwell.core.ulid import RANDOM_BITS, ulid
from stepwell.core.url import parse_url
from stepwell.parts import find_engine, forbidden, open_source
from stepwell.ports import Batch, ConnectOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from stepwell.app.context import CopyContext, FillContext
    from stepwell.core.changes import Changes
    from stepwell.core.settings import Settings
    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import Connection, Engine, Scratch

Listener = Callable[[Event], None]

_NOT_THERE = "is the server running, and is the address right?"
_NOT_COME = {
    Refusal.STARTING: "it is still starting up or shutting down: see its log",
    Refusal.TOO_MANY: "no connection has become free: end some, or let the server take more",
}
WAIT_STEP = 0.5  # seconds between two attempts to reach a server that is starting


class Place(NamedTuple):
    """Where a database is: its URL, or what gives a connection to it."""

    url: DatabaseUrl | None
    connect: Callable[[], Any] | None


@dataclass(frozen=True, slots=True)
class Joiner:
    """Joins engine, source and loader for a project.

    `tool` is what the log calls this program; `wait`, in seconds, for how long a server is waited for.
    """

    settings: Settings
    root: Path
    connect: Callable[[], Any] | None
    engine_name: str
    emit: Listener
    tool: str
    wait: float | None = None

    def context(self) -> Context:
        """What a verb needs for the database of the settings."""
        url = parse_url(self.settings.url) if self.settings.url else None
        made = self._joined(self._engine(url), Place(url, self.connect), self.settings, self.emit)
        return made._replace(
            scratch=lambda: self._scratch(url), copies=lambda key, fill: self._copies(url, key, fill)
        )

    @asynccontextmanager
    async def _scratch(self, target: DatabaseUrl | None) -> AsyncIterator[Context]:
        """The same migrations for a throw-away database; nobody hears of what is done there."""
        from stepwell.scratch import scratch

        async with scratch(target, self._kind(target), self._for_scratch(target)) as made:
            yield self._there(target, made)

    @asynccontextmanager
    async def _copies(
        self, target: DatabaseUrl | None, key: str, fill: FillContext
    ) -> AsyncIterator[CopyContext]:
        """The same for copies of a throw-away database that is filled once."""
        from stepwell.scratch import copies

        @asynccontextmanager
        async def there() -> AsyncIterator[Context]:
            async with copy() as made:
                yield self._there(target, made)

        async with copies(
            target,
            self._kind(target),
            self._for_scratch(target),
            key,
            lambda made: fill(self._there(target, made)),
        ) as copy:
            yield there

    def _engine(self, target: DatabaseUrl | None) -> Engine:
        """That of the database; without one, that of the place for scratch databases."""
        if target is None and self.connect is None and self.settings.scratch_url is not None:
            target = parse_url(self.settings.scratch_url)
        return find_engine(target.engine if target is not None else self.engine_name)

    def _kind(self, target: DatabaseUrl | None) -> str:
        return self._engine(target).dialect.name

    def _for_scratch(self, target: DatabaseUrl | None) -> ConnectOptions:
        like = target if self.connect is None else None  # else the URL may not lead there by itself
        return ConnectOptions(self.settings, str(self.root), connect=self.connect, like=like)

    def _there(self, target: DatabaseUrl | None, made: Scratch) -> Context:
        """What a verb needs on a throw-away database for that target, whose others are made as those of the target."""
        kind = self._kind(target)
        settings = replace(self.settings, direct_url=None, role=None, fingerprint=False)
        found = find_engine(made.url.engine if made.url is not None else kind)
        joined = self._joined(found, Place(made.url, made.connect), settings, lambda _: None)
        return joined._replace(
            forbid=lambda sql: forbidden(sql, kind, made), scratch=lambda: self._scratch(target)
        )

    def changes(self, since: str | None) -> Changes:
        """What git says has changed since a ref, by default since the main branch. Raises `UsageError`."""
        from stepwell.sources.git import changes_since

        # A package is known by the folder that it has in the project; one that is installed, not at all.
        folders = [
            each.removeprefix("package:").replace(".", "/") if each.startswith("package:") else each
            for each in self.settings.migrations
        ]
        return changes_since(self.root, folders, since)

    def folder(self) -> Path | None:
        """The folder of the project for what is kept; None where what it holds may be from others."""
        from stepwell.folder import KEPT_VERDICTS, NAME
        from stepwell.sources.git import is_tracked

        folder = self.root / NAME
        kept = folder / KEPT_VERDICTS
        return None if kept.exists() and is_tracked(kept) else folder

    def _joined(self, engine: Engine, place: Place, settings: Settings, emit: Listener) -> Context:
        from stepwell.sources.loader import PythonLoader

        url, lent = place
        options = ConnectOptions(
            settings, str(self.root), connect=lent, tell=lambda message: emit(Warned(message))
        )

        async def connect(read_only: bool) -> Connection:
            if url is None and lent is None:
                raise no_database()
            return await self._patiently(engine, url, options._replace(read_only=read_only))

        return Context(
            settings=settings,
            source=open_source(settings.migrations, self.root),
            loader=PythonLoader(self.root),
            dialect=engine.dialect,
            connect=connect,
            url=url,
            absent=url is not None and url.path is not None and not (self.root / url.path).exists(),
            emit=emit,
            clock=time.monotonic,
            jitter=random.random,
            new_batch=lambda: new_batch(self.tool),
            clean=Redactor(url.secrets if url is not None else ()).clean,
        )

    async def _patiently(
        self, engine: Engine, url: DatabaseUrl | None, options: ConnectOptions
    ) -> Connection:
        """Connect; with `wait`, again until the server answers or the time is over."""
        began = time.monotonic()
        while True:
            try:
                return await engine.connect(url, options)
            except ConnectionFailedError as error:
                waited = time.monotonic() - began
                if self.wait is None or not error.refusal.passes:
                    raise
                if waited >= self.wait:
                    error.hint = f"waited {self.wait:g} s in vain; {_NOT_COME.get(error.refusal, _NOT_THERE)}"
                    raise
                self.emit(WaitingForServer(error.message, waited))
            await asyncio.sleep(WAIT_STEP)


def new_batch(tool: str) -> Batch:
    """A new batch: its id, this host, the tool."""
    return Batch(
        id=ulid(time.time_ns() // 1_000_000, random.SystemRandom().getrandbits(RANDOM_BITS)),
        host=socket.gethostname()[:255],
        tool=tool,
    )

"""A proxy that understands PostgreSQL's protocol, and does harm at a chosen message. For tests and for the comparison.

It sits between a client and a server (or a pooler), in a thread of its own. Requests for encryption it declines
itself, so that it can read everything. Messages are numbered, in each direction, over all connections.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from tests.faults.framing import CANCEL, FLUSH, GSS, QUEUED, SSL, Answers, Framer, Message, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Address = str | tuple[str, int]

HOST = "127.0.0.1"
CHUNK = 1 << 16


class When(StrEnum):
    """Before a message is passed on, or after: the server has done what it asks for, and its answer has not arrived."""

    BEFORE = "before"
    AFTER = "after"


class Harm(StrEnum):
    """What happens there."""

    NONE = "none"  # for the sake of `call`
    CUT = "cut"  # the connection ends
    SWALLOW = "swallow"  # it stays open, and nothing passes any more
    HOLD = "hold"  # everything waits until `let_go`


@dataclass(slots=True)
class Rule:
    """Does harm at the first message that `matches`, once; `fired` says whether it has.

    `call` is called there first, in the thread of the proxy: to kill the client, or to stop it.
    """

    matches: Callable[[Message], bool]
    when: When = When.BEFORE
    harm: Harm = Harm.CUT
    call: Callable[[], object] | None = None
    fired: bool = False


def nth(number: int, side: Side = Side.CLIENT) -> Callable[[Message], bool]:
    """The message of this number on its side."""
    return lambda message: message.side is side and message.number == number


def executing(text: bytes, *, skip: int = 0) -> Callable[[Message], bool]:
    """The message that lets the server run a statement with this text: of parse, bind and execute it is the last.

    With `skip`, not the first one, but that many later.
    """
    parsed, left = False, skip

    def matches(message: Message) -> bool:
        nonlocal parsed, left
        if message.side is Side.SERVER:
            return False
        if message.tag == "P":
            parsed = text in message.data
        found = (message.tag == "E" and parsed) or (message.tag == "Q" and text in message.data)
        left -= found
        return found and left < 0

    return matches


class Proxy:
    """Listens while it is entered. Takes the URL of the database behind it; `url` is the same through the proxy."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self.address = _address(url)
        self.port = 0
        self.rules: Sequence[Rule] = ()
        self.messages: list[Message] = []
        self._numbers = dict.fromkeys(Side, 0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Event()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        user = self._parts.netloc.rpartition("@")[0]
        return f"postgresql://{user}@{HOST}:{self.port}{self._parts.path}?sslmode=disable"

    def plan(self, *rules: Rule) -> None:
        """Begin anew: end every connection, count from 1, follow these rules."""
        asyncio.run_coroutine_threadsafe(self._plan(rules), self._loop).result(10)

    def let_go(self) -> None:
        """Let pass what is held."""
        self._loop.call_soon_threadsafe(self._gone.set)

    def count(self, side: Side) -> int:
        """How many messages have come from this side."""
        return self._numbers[side]

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._begin, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Session(self, reader, writer).serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.close())  # one that is cancelled may not have begun

    async def _plan(self, rules: Sequence[Rule]) -> None:
        await self._end_all()
        self.rules, self.messages = rules, []
        self._numbers = dict.fromkeys(Side, 0)
        self._gone.clear()

    async def _end_all(self) -> None:
        for task in (tasks := tuple(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        self._server.close()
        await self._end_all()

    # --- for its sessions ---

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to what is behind. Cancelled meanwhile, it leaves nothing open."""
        opening = asyncio.ensure_future(self._open())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            with suppress(OSError):
                (await opening)[1].close()
            raise

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.address, str):
            return await asyncio.open_unix_connection(self.address)
        return await asyncio.open_connection(*self.address)

    def met(self, side: Side, tag: str, data: bytes) -> Rule | None:
        """Count a message, and give the rule that it meets."""
        self._numbers[side] += 1
        message = Message(side, tag, data, self._numbers[side])
        self.messages.append(message)
        for rule in self.rules:
            if not rule.fired and rule.matches(message):
                rule.fired = True
                return rule
        return None

    async def gone(self) -> None:
        """Wait for `let_go`."""
        await self._gone.wait()


class Session:
    """One client and its connection to the server."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._to_server: asyncio.StreamWriter
        self._answers = Answers()
        self._heard = asyncio.Event()  # of the server, since it was last cleared
        self._swallowing = False  # nothing passes any more, not even the end
        self._kept: list[bytes] | None = None  # what the server has answered since harm was decided on

    async def serve(self) -> None:
        """Pass on what both say, until one of them ends it or a rule does."""
        from_server = None
        try:
            from_server, self._to_server = await self._proxy.connect()
        except OSError:
            self._writer.transport.abort()
            return
        both = [
            asyncio.create_task(self._client_speaks()),
            asyncio.create_task(self._server_speaks(from_server)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for side in (self._to_server, self._writer):
                side.close()

    async def _client_speaks(self) -> None:
        framer = Framer(Side.CLIENT)
        with suppress(ConnectionError):
            while data := await self._reader.read(CHUNK):
                for tag, message in framer.feed(data):
                    if not await self._client_says(tag, message):
                        return
        await self._end_seen()

    async def _server_speaks(self, reader: asyncio.StreamReader) -> None:
        framer = Framer(Side.SERVER)
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                for tag, message in framer.feed(data):
                    if not await self._server_says(tag, message):
                        return
        await self._end_seen()

    async def _end_seen(self) -> None:
        if self._swallowing:
            await asyncio.Event().wait()  # the other side does not hear of it

    async def _client_says(self, tag: str, data: bytes) -> bool:
        """Pass a message on, or do what the rules say. False: the connection ends."""
        if tag in {SSL, GSS}:
            self._writer.write(b"N")
            return True
        rule = self._proxy.met(Side.CLIENT, tag, data)
        if rule is not None and rule.when is When.BEFORE and not await self._harm(rule):
            return False
        if self._swallowing:
            return True
        after = rule if rule is not None and rule.when is When.AFTER else None
        if after is not None:
            self._kept = []
        number = self._answers.sent(tag)
        self._to_server.write(data)
        await self._to_server.drain()
        if after is None:
            return True
        await self._answered(number, tag)
        return await self._harm(after) and self._pass_on_kept()

    def _pass_on_kept(self) -> bool:
        kept, self._kept = self._kept, None
        if not self._swallowing:
            self._writer.writelines(kept or ())
        return True

    async def _answered(self, number: int, tag: str) -> None:
        """Wait until the server has done what it was told. What is only queued it is asked for by a Flush of ours."""
        if tag == CANCEL:
            return
        if tag in QUEUED:
            self._to_server.write(FLUSH)
        while self._answers.open(number):
            self._heard.clear()
            await self._heard.wait()

    async def _server_says(self, tag: str, data: bytes) -> bool:
        self._answers.heard(tag)
        rule = self._proxy.met(Side.SERVER, tag, data)
        if rule is not None and rule.when is When.BEFORE and not await self._harm(rule):
            return False
        if self._kept is not None:
            self._kept.append(data)
        elif not self._swallowing:
            self._writer.write(data)
            await self._writer.drain()
        self._heard.set()
        return rule is None or rule.when is When.BEFORE or await self._harm(rule)

    async def _harm(self, rule: Rule) -> bool:
        if rule.call is not None:
            rule.call()
        match rule.harm:
            case Harm.CUT:
                return False
            case Harm.SWALLOW:
                self._swallowing = True
            case Harm.HOLD:
                await self._proxy.gone()
        return True


def _address(url: str) -> Address:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host = query.get("host", [parts.hostname or HOST])[0]
    port = int(query.get("port", [str(parts.port or 5432)])[0])
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)

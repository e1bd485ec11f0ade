"""The messages of PostgreSQL's protocol in a stream of bytes, and which of them the server has answered. No I/O."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTUP, SSL, GSS, CANCEL = "startup", "ssl", "gss", "cancel"
_UNTYPED = {80877102: CANCEL, 80877103: SSL, 80877104: GSS}


class Side(StrEnum):
    """Who says it."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its letter (or name, where it has none), its bytes, its number from 1 among those of its side."""

    side: Side
    tag: str
    data: bytes
    number: int

    def __str__(self) -> str:
        text = self.data[5 if len(self.tag) == 1 else 4 :].replace(b"\0", b" ").decode("ascii", "replace")
        return f"{self.side} {self.number} {self.tag} {text.strip()[:60]!r}"


class Framer:
    """Cuts what one side sends into messages. A client begins with messages that have no letter."""

    def __init__(self, side: Side) -> None:
        self._untyped = side is Side.CLIENT
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Take more bytes; give the messages that are whole now."""
        self._buffer += data
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[str, bytes] | None:
        header = 0 if self._untyped else 1
        if len(self._buffer) < header + 4:
            return None
        (length,) = struct.unpack_from("!i", self._buffer, header)
        if len(self._buffer) < header + length:
            return None
        data = bytes(self._buffer[: header + length])
        del self._buffer[: header + length]
        return (self._name(data) if self._untyped else chr(data[0])), data

    def _name(self, data: bytes) -> str:
        (code,) = struct.unpack_from("!i", data, 4)
        name = _UNTYPED.get(code, STARTUP)
        self._untyped = name in {SSL, GSS}
        return name


# What ends the answer to a message of the client; G and W wait for data of the client, and count as an answer.
_ENDS = {"P": "1", "B": "2", "D": "Tn", "E": "CIsGW", "C": "3", "S": "Z", "Q": "ZGW", "F": "Z", STARTUP: "Z"}
# To these the server says nothing before it is asked to, by Flush or Sync.
QUEUED = frozenset("PBDEC")
FLUSH = b"H\0\0\0\4"


class Answers:
    """What a client has sent that the server has not answered yet."""

    def __init__(self) -> None:
        self._open: deque[tuple[int, str]] = deque()
        self._failed = False  # the server passes over everything until the next Sync
        self._sent = 0

    def sent(self, tag: str) -> int:
        """The client has sent a message; gives a number for `open`."""
        self._sent += 1
        self._failed = self._failed and tag != "S"
        if tag in _ENDS and not self._failed:
            self._open.append((self._sent, tag))
        return self._sent

    def heard(self, tag: str) -> None:
        """The server has sent a message."""
        if tag == "E":
            self._error()
        elif self._open and tag in _ENDS[self._open[0][1]]:
            self._open.popleft()

    def open(self, number: int) -> bool:
        """Whether anything up to the message of this number lacks its answer."""
        return bool(self._open) and self._open[0][0] <= number

    def _error(self) -> None:
        if self._open and self._open[0][1] in {"Q", "F", STARTUP}:
            return  # it ends with ReadyForQuery all the same
        while self._open and self._open[0][1] != "S":
            self._open.popleft()
        self._failed = not self._open

"""The kinds of faults, and how each is done to the process that is running. None is simulated."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torture.points import Points

LATE = 0.02  # seconds after which the answer to what was sent is there, and nobody has read it


class Kind(StrEnum):
    """What is done at an await point."""

    KILL = "kill"
    EXCEPTION = "exception"
    CANCEL = "cancel"
    TERMINATE = "terminate"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    SERVER = "server"


class InjectedError(Exception):
    """What is thrown at an await point: nobody expects it."""


class Fault(NamedTuple):
    """A kind, the number of the await point (from 1), and whether it is done late."""

    kind: Kind
    point: int
    late: bool = False


class Striking(NamedTuple):
    """What a fault needs: how to say that it happens, how to end the sessions, how to kill the server."""

    say: Callable[[str], None]
    end_sessions: Callable[[], None]
    kill_server: Callable[[], None]
    old_sockets: frozenset[int]


def strike(fault: Fault, where: str, points: Points, means: Striking) -> BaseException | None:
    """Do it to this process. Gives the exception that is to be thrown at the await point, if any."""
    if fault.late:
        time.sleep(LATE)  # blocks the loop, so that nobody reads
    means.say(where)
    match fault.kind:
        case Kind.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Kind.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        case Kind.EXCEPTION:
            return InjectedError("thrown by the sweep")
        case Kind.CANCEL:
            assert points.main is not None
            points.main.cancel()
        case Kind.TERMINATE:
            means.end_sessions()
        case Kind.SHUTDOWN:
            _shut(sockets() - means.old_sockets)
        case Kind.SERVER:
            means.kill_server()
    return None


def sockets() -> frozenset[int]:
    """The descriptors of this process that are sockets."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if str(entry.readlink()).startswith("socket:"):
                found.add(int(entry.name))
        except OSError:  # the one that read the folder
            continue
    return frozenset(found)


def _shut(numbers: frozenset[int]) -> None:
    """Shut both directions, as a firewall or a router does that has lost the connection."""
    for number in numbers:
        with socket.socket(fileno=os.dup(number)) as shut:
            try:
                shut.shutdown(socket.SHUT_RDWR)
            except OSError:  # not connected yet, or not any more
                continue

"""A program of its own: runs the server as its child, and ends it when no user is left. Not a library.

It is started detached, by the first user, and imports next to nothing. It inherits two open files:

* the users' lock, of which every user holds a share: once the keeper gets it exclusively, nobody is left. It
  keeps it while the server stops, so that whoever arrives meanwhile waits, and then starts a new one;
* the server's lock, already held: all processes of the server inherit it, so that it is free exactly when
  none of them is alive.

Being the parent, it can never signal a process that merely got the number of a server that is gone.

    keeper.py USERS_FD UID GID FOLDER COMMAND...

UID and GID are -1 for our own. FOLDER is that of the socket: it is removed at the end.
"""

from __future__ import annotations

import _thread
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FAST_SHUTDOWN = signal.SIGINT  # sessions are ended, the data are written
IMMEDIATE_SHUTDOWN = signal.SIGQUIT  # nothing is written: the next start recovers from the log
SMART_SHUTDOWN = signal.SIGTERM  # once the sessions have ended by themselves
PATIENCE = 60.0  # seconds that a fast shutdown may take
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Leave whoever started us, start the command, and stay until it has ended."""
    if os.fork():
        return
    users_fd, uid, gid = (int(text) for text in arguments[:3])
    folder, command = arguments[3], arguments[4:]
    os.set_inheritable(users_fd, False)
    prctl = process_control()
    keeper = os.getpid()
    server = os.fork()
    if server == 0:
        become_server(command, uid, gid, lambda: follow_into_death(prctl, keeper))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: send(server, FAST_SHUTDOWN))
    _thread.start_new_thread(stop_after_last_user, (users_fd, server))
    os.waitpid(server, 0)
    with suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106 - pathlib would be most of what we import


def become_server(command: list[str], uid: int, gid: int, tie: Callable[[], None]) -> None:
    """Turn this new process into the server, under its account. Does not return."""
    try:
        if uid >= 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        tie()  # after the change of account, which would undo it
        os.umask(0o077)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except BaseException as error:  # noqa: BLE001 - whatever it is, two keepers must not go on from here
        sys.stderr.write(f"can't run {command[0]}: {error}\n")
        sys.stderr.flush()
    os._exit(1)


def process_control() -> Callable[..., int] | None:
    """Load `prctl` where there is one; early, since the server's account may not read our libraries."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes
    except ImportError:  # Python can be built without it
        return None
    prctl: Callable[..., int] = ctypes.CDLL(None).prctl
    return prctl


def follow_into_death(prctl: Callable[..., int] | None, keeper: int) -> None:
    """Have the kernel end the server gently should the keeper be killed; else its next user's end does."""
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(SMART_SHUTDOWN), 0, 0, 0)
    if os.getppid() != keeper:  # it was killed before we asked
        os._exit(1)


def stop_after_last_user(users_fd: int, server: int) -> None:
    """Wait until no user is left, then stop the server; runs in a thread of its own."""
    fcntl.flock(users_fd, fcntl.LOCK_EX)
    send(server, FAST_SHUTDOWN)
    time.sleep(PATIENCE)
    send(server, IMMEDIATE_SHUTDOWN)


def send(server: int, number: int) -> None:
    """Signal the server, which is gone at most for the instant in which we are ending too."""
    with suppress(ProcessLookupError):
        os.kill(server, number)


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # the thread may still wait for a lock

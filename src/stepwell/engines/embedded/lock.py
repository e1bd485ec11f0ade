"""Locks on files that the kernel gives back when their holder dies, however it dies. Knows no servers.

They are `flock` locks: they belong to an open file, not to a process. Two in one process exclude each other,
a child that inherits the open file holds the lock too, and the last one to close it ends it.
"""

from __future__ import annotations

import fcntl
import os
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from stepwell.core.errors import ConnectionFailedError, Refusal

if TYPE_CHECKING:
    from pathlib import Path

_POLL = 0.01  # seconds between two tries


class Share(IntEnum):
    """Whether others may hold the lock at the same time."""

    SHARED = fcntl.LOCK_SH
    EXCLUSIVE = fcntl.LOCK_EX


class LockFile:
    """An open lock file, held or not. Closing it is the only way to give the lock back.

    (`LOCK_UN` would take it from a process that was forked off as well.)
    """

    __slots__ = ("_file", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "ab", buffering=0, opener=_private)  # noqa: SIM115 - closed by `close`

    def fileno(self) -> int:
        """The descriptor, for a process that is to share the open file."""
        return self._file.fileno()

    def take(self, share: Share) -> bool:
        """Try once, without waiting; true if it is held now."""
        try:
            fcntl.flock(self._file, share | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return self.is_current()

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def is_current(self) -> bool:
        """Whether the path still leads to the open file: a lock on a deleted one excludes nobody."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._file.fileno()))


def attempt(path: Path, share: Share) -> LockFile | None:
    """Take the lock on a file, which is made where it is missing; None if it is held. Raises `OSError`."""
    lock = LockFile(path)
    try:
        if lock.take(share):
            return lock
    except BaseException:
        lock.close()
        raise
    lock.close()
    return None


def acquire(path: Path, share: Share, deadline: float) -> LockFile:
    """Wait for the lock until `deadline` (of `time.monotonic`).

    Raises `ConnectionFailedError` when the time is up, `OSError` where the file can't be made.
    """
    while True:
        # Opened anew for each try: the file may have been deleted, and made again by somebody else.
        if (lock := attempt(path, share)) is not None:
            return lock
        if time.monotonic() >= deadline:
            raise ConnectionFailedError(
                f"another process has held {path} for too long",
                refusal=Refusal.STARTING,
                hint="see which process has that file open (lsof, fuser), end it, and try again",
            )
        time.sleep(_POLL)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)

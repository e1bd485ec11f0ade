"""The lock of steps without a transaction, which can't hold SQLite's own: a file lock beside the database.

The file stays: to remove it would let two runners lock two files of the same name. The kernel frees the lock when its
holder ends, however it ends. A database in memory belongs to one connection, and needs none.
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = "-stepwell"  # beside SQLite's own -journal, -wal and -shm


class SessionLock:
    """Held from `take` to `give_back`. Two in one process exclude each other too."""

    def __init__(self, database: Path | None) -> None:
        self._path = None if database is None else database.with_name(database.name + SUFFIX)
        self._file: BinaryIO | None = None

    def take(self) -> bool:
        """Try once, without waiting."""
        if self._path is None or self._file is not None:
            return True
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def give_back(self) -> None:
        """May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_free(self) -> bool:
        """Whether nobody else holds it; makes no file."""
        if self._path is None or self._file is not None or not self._path.exists():
            return True
        if self.take():
            self.give_back()
            return True
        return False

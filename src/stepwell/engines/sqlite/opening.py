"""Opens an SQLite file, and tells why it can't be. A file that is only read is never made."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from stepwell.core.errors import ConnectionFailedError, Refusal, UsageError
from stepwell.engines.sqlite.plain import execute

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import ThreadPoolExecutor

    from stepwell.core.url import DatabaseUrl
    from stepwell.ports import ConnectOptions

MEMORY = "file::memory:"
# What SQLite understands behind the `?`; it passes over all else without a word.
OPTIONS = ("mode", "cache", "immutable", "modeof", "nolock", "psow", "vfs")
MODES = ("ro", "rw", "rwc", "memory")
FOREVER = 24 * 3600.0  # seconds; SQLite has no word for a wait without limit


def open_file(url: DatabaseUrl, options: ConnectOptions, *, thread: ThreadPoolExecutor) -> sqlite3.Connection:
    """Open the database of a URL in its thread. Raises `ConnectionFailedError`, `UsageError` for a wrong option."""
    _check_options(url.query)
    patience = options.settings.lock_timeout or FOREVER
    if url.path is None:
        return thread.submit(_open, MEMORY, patience).result()
    path = Path(options.root) / url.path
    if not path.exists() and options.read_only:
        # There is nothing to read, and nothing may be made: an empty database in memory answers the same.
        return thread.submit(_open, MEMORY, patience).result()
    _refuse(path, url.shown)
    try:
        return thread.submit(_open_recovered, path, url, patience, read_only=options.read_only).result()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            raise ConnectionFailedError(
                f"{url.shown}: this is not an SQLite database", refusal=Refusal.NO_DATABASE
            ) from error
        raise ConnectionFailedError(
            f"{url.shown}: the file can't be opened ({error})",
            refusal=Refusal.REFUSED if os.access(path.parent, os.X_OK) else Refusal.RIGHTS,
            hint="check the path and the rights on file and folder",
        ) from error


def _check_options(query: Mapping[str, str]) -> None:
    if set(query) - set(OPTIONS):
        # The name is not told: it may be a piece of a password that holds a `?`.
        raise UsageError("an option of the database URL is not known", hint=f"known are {', '.join(OPTIONS)}")
    if query.get("mode", MODES[0]) not in MODES:
        raise UsageError(f"the option mode of the database URL is not one of {', '.join(MODES)}")


def _open_recovered(path: Path, url: DatabaseUrl, patience: float, *, read_only: bool) -> sqlite3.Connection:
    """Open. What a killed writer left half written is taken back by whoever opens the file next: by us."""
    name = f"file:{quote(str(path))}?"
    try:
        return _open(name + urlencode({"mode": "ro" if read_only else "rwc", **url.query}), patience)
    except sqlite3.Error as error:
        if not (read_only and _needs_recovery(error)):
            raise
    return _open(name + urlencode({"mode": "rw", **url.query}), patience)


def _needs_recovery(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "") in {"SQLITE_READONLY_ROLLBACK", "SQLITE_READONLY_RECOVERY"}


def file_of(connection: sqlite3.Connection) -> Path | None:
    """The file of a connection; None for a database in memory."""
    rows = execute(connection, "PRAGMA database_list").fetchall()
    name = next((file for _, schema, file in rows if schema == "main"), "")
    return Path(name) if name else None


def _open(name: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") not in {"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY"}:
            connection.close()
            raise
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _refuse(path: Path, shown: str) -> None:
    """Tell what is plainly wrong. The file itself is not opened here: closing it again would take the locks of every
    other connection of this process to it, since POSIX locks belong to the process.
    """
    if path.is_dir():
        raise ConnectionFailedError(f"{shown}: this is a folder, not a file", refusal=Refusal.NO_DATABASE)
    if not path.parent.is_dir():
        raise ConnectionFailedError(
            f"{shown}: the folder {path.parent} does not exist",
            refusal=Refusal.NO_DATABASE,
            hint="create the folder first; the file is made when it is needed",
        )

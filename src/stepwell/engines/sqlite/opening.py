"""Opens an SQLite file, and tells why it can't be. A file that is only read is never made."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from stepwell.core.errors import ConnectionFailedError, Refusal

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from stepwell.core.url import DatabaseUrl

MAGIC = b"SQLite format 3\x00"


def open_file(
    url: DatabaseUrl, root: str, *, read_only: bool, thread: ThreadPoolExecutor
) -> sqlite3.Connection:
    """Open the database of a URL in its thread. Raises `ConnectionFailedError`."""
    if url.path is None:
        return thread.submit(_open, ":memory:", uri=False).result()
    path = Path(root) / url.path
    if not path.exists() and read_only:
        # There is nothing to read, and nothing may be made: an empty database in memory answers the same.
        return thread.submit(_open, ":memory:", uri=False).result()
    _refuse(path, url.shown)
    options = {"mode": "ro" if read_only else "rwc", **url.query}
    name = f"file:{quote(str(path))}?{urlencode(options)}"
    try:
        return thread.submit(_open, name, uri=True).result()
    except sqlite3.Error as error:
        raise ConnectionFailedError(
            f"{url.shown}: the file can't be opened ({error})",
            refusal=Refusal.REFUSED,
            hint="check the path and the rights on file and folder",
        ) from error


def _open(name: str, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=uri, timeout=0, isolation_level=None, check_same_thread=False)
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
    if path.is_dir():
        raise ConnectionFailedError(f"{shown}: this is a folder, not a file", refusal=Refusal.NO_DATABASE)
    if not path.parent.is_dir():
        raise ConnectionFailedError(
            f"{shown}: the folder {path.parent.name} does not exist",
            refusal=Refusal.NO_DATABASE,
            hint="create the folder first; the file is made when it is needed",
        )
    if path.exists() and path.is_file():
        try:
            with path.open("rb") as file:
                start = file.read(len(MAGIC))
        except OSError as error:
            raise ConnectionFailedError(
                f"{shown}: the file can't be read ({error.strerror})", refusal=Refusal.RIGHTS
            ) from error
        if start and start != MAGIC:
            raise ConnectionFailedError(
                f"{shown}: this is not an SQLite database", refusal=Refusal.NO_DATABASE
            )

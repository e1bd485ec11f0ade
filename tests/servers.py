"""Servers of MySQL's family for tests: asked by the driver's blocking half, shared by several processes."""

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from stepwell.core.url import DatabaseUrl, parse_url

PATIENCE = 60.0  # seconds
PORTS = range(12_000, 32_000)  # below those that systems give to whoever asks for any
USERS = (
    "CREATE USER tester@'%' IDENTIFIED BY 'secret-of-tests';\n"
    "GRANT ALL PRIVILEGES ON *.* TO tester@'%' WITH GRANT OPTION;\n"
)


def ask(url: str, sql: str, *, options: str = "") -> list[tuple[Any, ...]]:
    """Run one statement by the driver's blocking half; commit; give the rows, if any."""
    import pymysql

    with pymysql.connect(**connecting(parse_url(url)), autocommit=True) as connection:
        cursor = connection.cursor()
        if options:
            cursor.execute(options)
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def connecting(url: DatabaseUrl) -> dict[str, Any]:
    """What PyMySQL is told."""
    ((host, port),) = url.hosts
    return {
        "host": host,
        "port": port or 3306,
        "user": url.user,
        "password": url.password.reveal() if url.password else "",
        "database": url.database,
        "charset": "utf8mb4",
        "ssl_disabled": True,
    }


def drop_database(server: str, name: str) -> None:
    """Drop a database, and end first whatever is still connected to it."""
    for (thread,) in ask(server, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
        with contextlib.suppress(Exception):  # it may be gone by now
            ask(server, f"KILL {thread}")
    ask(server, f"DROP DATABASE `{name}`")


class SharedServer:
    """Servers in a folder, for several processes: the first one starts them, the last one stops them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._users: IO[bytes] | None = None

    def make(self) -> None:
        """Start what is to be shared. In the end the file `ready` is there."""
        raise NotImplementedError

    def pid_files(self) -> Iterator[Path]:
        """Where the numbers of its processes are."""
        yield self.folder / "pid"

    def start(self) -> None:
        """Start or join it."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder.parent / f"{self.folder.name}.starting").open("wb") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self._users = (self.folder.parent / f"{self.folder.name}.users").open("wb")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not (self.folder / "ready").exists():
                self.make()
                (self.folder / "ready").touch()

    def release(self) -> None:
        """Leave it; stop it where nobody else uses it."""
        assert self._users is not None
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            self._users.close()
        for path in self.pid_files():
            _kill(int(path.read_text()))


def _kill(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
        while Path(f"/proc/{number}").exists():
            os.kill(number, 0)
            time.sleep(0.01)


def account() -> str | None:
    """Who runs a server: somebody else than root; None: we do."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("mysql", "nobody") if name in names)


def as_account() -> list[str]:
    """The option that says so."""
    return [f"--user={name}"] if (name := account()) else []


def hand_over(*paths: Path) -> None:
    """Let the account of the server own files."""
    if name := account():
        for path in paths:
            shutil.chown(path, name)


def launch(command: Sequence[str | Path], log: Path) -> None:
    """Start a program that outlives us."""
    subprocess.run(
        ["sh", "-c", 'log=$1; shift; "$@" >"$log" 2>&1 &', "start", log, *command],
        check=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(url: str, sql: str = "SELECT 1", answer: object = 1) -> None:
    """Wait until a server answers, and with this."""
    import pymysql

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            rows: Any = ask(url, sql)
        except pymysql.err.Error as error:
            rows = error
        if isinstance(rows, list) and rows and rows[0][-1] == answer:
            return
        assert time.monotonic() < deadline, f"{url} does not say {answer!r}, but {rows!r}"
        time.sleep(0.05)


def free_port() -> int:
    """A port at which nothing listens."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port

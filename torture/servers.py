"""Servers of the sweep's own, each a child of the process that uses it: they may be killed, and are started again.

Their data are in memory where that is possible. Commits are written as by default, so that a killed server loses none.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql

from stepwell.core.errors import ConnectionFailedError
from stepwell.engines.embedded.account import identity, server_account
from stepwell.engines.embedded.binaries import choose, installed, readable_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 60.0  # seconds until a server has to answer
PASSWORD = "pw-of-the-sweep"  # nothing that stepwell says may hold it
POSTGRESQL_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "autovacuum": "off",  # it would make the runs differ from each other
    "shared_buffers": "16MB",
    "max_connections": "40",
    "max_wal_size": "128MB",
}
MARIADB_OPTIONS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--innodb-flush-log-at-trx-commit=2",  # written at commit: it survives the server, which is all that is killed
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=16M",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--event-scheduler=OFF",
)
POOLER = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 4
server_login_retry = 1
unix_socket_dir =
logfile = {folder}/log
"""


class NoServerError(Exception):
    """A server can't be started; the message says why."""


class Server:
    """A process that is started, killed and started again, always at the same port."""

    def __init__(self, command: list[str], account: Any, log: Path, answers: Callable[[], object]) -> None:
        self._command, self._account, self._log, self._answers = command, account, log, answers
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers. Raises `NoServerError`."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **identity(self._account),
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._answers()
            except (psycopg.Error, pymysql.Error, OSError) as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    tail = self._log.read_text(errors="replace")[-2000:]
                    raise NoServerError(f"{self._command[0]} does not answer ({error}):\n{tail}") from error
                time.sleep(0.02)
            else:
                return

    def restart(self) -> None:
        """Wait for the end of one that was killed, and start it again."""
        assert self._process is not None
        self._process.wait(PATIENCE)
        self.start()

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class PostgreSQL(Server):
    """A cluster from the binaries of the wheel, or of a folder of programs."""

    def __init__(self, folder: Path, programs: Path | None) -> None:
        account = server_account()
        self.port = free_port()
        data = folder / "data"
        folder.mkdir()
        if account is not None:
            account.receive(folder)
        found = programs or _of_the_wheel(folder)
        subprocess.run(
            [found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True, capture_output=True, cwd="/", **identity(account),
        )  # fmt: skip
        settings = [f"--{name}={value}" for name, value in POSTGRESQL_SETTINGS.items()]
        command = [str(found / "postgres"), "-D", str(data), f"--port={self.port}", *settings]
        super().__init__(
            command, account, folder.parent / "postgresql.log", lambda: self.connect("postgres").close()
        )

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the harness."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True,
            application_name="torture", connect_timeout=10,
        )  # fmt: skip


class PgBouncer(Server):
    """A pooler in transaction mode, with a pool of 4."""

    def __init__(self, folder: Path, server: PostgreSQL) -> None:
        program = _program("pgbouncer")
        account = server_account()
        self.port = free_port()
        folder.mkdir()
        settings = folder / "pgbouncer.ini"
        settings.write_text(POOLER.format(server=server.port, port=self.port, folder=folder))
        if account is not None:
            account.receive(folder)
            account.receive(settings)
        super().__init__(
            [program, "-q", str(settings)], account, folder.parent / "pgbouncer.log", self._answer
        )

    def _answer(self) -> None:
        psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", connect_timeout=5
        ).close()


class MariaDB(Server):
    """A server from the `mariadbd` of this machine; `tester` runs migrations, `root` is the harness."""

    def __init__(self, folder: Path) -> None:
        program, install = _program("mariadbd"), _program("mariadb-install-db")
        account = _mysql_account()
        data, temporary, self._port = folder / "data", folder / "tmp", free_port()
        temporary.mkdir(parents=True)
        as_account = [f"--user={account}"] if account else []
        subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db", *as_account],
            check=True, capture_output=True,
        )  # fmt: skip
        if account:
            shutil.chown(folder, account)
            shutil.chown(temporary, account)
        users = folder / "users.sql"
        users.write_text(
            f"CREATE USER IF NOT EXISTS tester@'%' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO tester@'%';\n"
            "CREATE USER IF NOT EXISTS root@'127.0.0.1'; GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1';\n"
        )
        command = [
            program, *MARIADB_OPTIONS, f"--datadir={data}", f"--socket={folder / 's'}", f"--port={self._port}",
            f"--pid-file={folder / 'pid'}", f"--tmpdir={temporary}", f"--init-file={users}", *as_account,
        ]  # fmt: skip
        super().__init__(command, None, folder.parent / "mariadb.log", lambda: self.connect().close())

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def connect(self) -> pymysql.Connection[Any]:
        """A connection of the harness."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self._port,
            user="root",
            autocommit=True,
            connect_timeout=10,
            ssl_disabled=True,
        )


def _of_the_wheel(folder: Path) -> Path:
    try:
        installation = choose(installed(), None)
    except ConnectionFailedError as error:
        raise NoServerError(f"{error}: {error.hint}") from error
    account = server_account()
    assert installation is not None
    if account is not None:
        installation = readable_by(installation, account, folder.parent)
    return installation.folder / "bin"


def _program(name: str) -> str:
    """Debian keeps programs of servers where only root's path leads."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise NoServerError(f"{name} is not installed")
    return found


def _mysql_account() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("mysql", "nobody") if name in names)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port

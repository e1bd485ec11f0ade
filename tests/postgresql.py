"""A PostgreSQL server of one's own, from a folder of programs: another version, a replica, one with odd settings.

As a program it runs a command with `STEPWELL_TEST_POSTGRESQL` set to such a server, and gives the command's exit code:
`python tests/postgresql.py FOLDER COMMAND...`, where FOLDER holds `bin`, `lib` and `share`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import psycopg

SERVER_URL = "STEPWELL_TEST_POSTGRESQL"
PATIENCE = 60.0  # seconds
# Durability is not tested with these, and the suites open many connections at once.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class PostgreSQLServer:
    """One server; `programs` holds `bin`, `lib` and `share`, `folder` is new and gets its data, socket and log.

    `inside` are the words that run a command as another user elsewhere, for example in a network namespace, where it
    listens at `host`.
    """

    def __init__(
        self, programs: Path, folder: Path, *, host: str = "127.0.0.1", inside: Sequence[str] = ()
    ) -> None:
        self.programs = programs
        self.folder = folder
        self.host = host
        self.port = _free_port()
        self._inside = inside
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The URL of its superuser, by TCP, without a password."""
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    @property
    def socket_url(self) -> str:
        """The same by its Unix socket, which is reached from every network namespace."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}&port={self.port}"

    @property
    def running(self) -> bool:
        """Whether it was started, and has not been stopped."""
        return self._process is not None

    def make(self) -> None:
        """Make the cluster."""
        self._make_folder()
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def copy(self, primary: "PostgreSQLServer") -> None:
        """Become a standby of another server, which runs, and which it follows."""
        self._make_folder()
        self.run(
            "pg_basebackup", "-D", self.data, "-d", primary.url, "-R", "-N", "-c", "fast", "-X", "stream"
        )

    def start(self, settings: Mapping[str, str] = SETTINGS) -> None:
        """Start it, and wait until it takes connections."""
        options = {
            **settings,
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        command = [*self._inside, str(self.programs / "bin" / "postgres"), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=None if self._inside else account(), cwd="/",
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait()

    def stop(self) -> None:
        """Stop it at once, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(PATIENCE)
            self._process = None

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of the programs to its end, as whoever the server runs as."""
        command = [self.programs / "bin" / program, *arguments]
        done = subprocess.run(command, user=account(), cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _make_folder(self) -> None:
        self.folder.mkdir()
        if (owner := account()) is not None:
            shutil.chown(self.folder, owner)

    def wait(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.socket_url, connect_timeout=5).close()
            except psycopg.Error:
                log = (self.folder / "log").read_text(errors="replace")
                assert self._process is not None
                assert self._process.poll() is None, log
                assert time.monotonic() < deadline, log
                time.sleep(0.02)
            else:
                return


@contextmanager
def running(programs: Path) -> Iterator[PostgreSQLServer]:
    """A new server in a folder of its own, which is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="stepwell-server-", dir=_memory()) as folder:
        Path(folder).chmod(0o711)
        server = PostgreSQLServer(programs, Path(folder) / "server")
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def embedded_programs(place: Path, unavailable: Callable[[str], NoReturn]) -> Path:
    """The folder of the newest PostgreSQL of the wheel, copied into `place` where root's server could not read it."""
    from stepwell.core.errors import ConnectionFailedError
    from stepwell.engines.embedded.account import server_account
    from stepwell.engines.embedded.binaries import installed, readable_by

    try:
        newest, *_ = installed()
    except ConnectionFailedError as error:
        unavailable(f"{error}: {error.hint}")
    owner = server_account()
    return newest.folder if owner is None else readable_by(newest, owner, place).folder


def account() -> str | None:
    """Who runs it: somebody else than root; None: we do."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _memory() -> Path | None:
    folder = Path("/dev/shm")
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def main(programs: str, command: Sequence[str]) -> int:
    """Run the command on a server of these programs. Who ends us with SIGTERM ends the server too."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with running(Path(programs).resolve()) as server:
        return subprocess.run(command, env={**os.environ, SERVER_URL: server.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

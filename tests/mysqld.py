"""A MySQL server of one's own.

As a program it runs a command with `STEPWELL_TEST_MYSQL` set to such a server, and gives the command's exit code:
`python tests/mysqld.py PROGRAM COMMAND...`, where PROGRAM is its `mysqld`, or a script that runs it.
"""

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.mariadb import mariadb_server_url
from tests.servers import (
    USERS,
    SharedServer,
    as_account,
    ask,
    drop_database,
    free_port,
    hand_over,
    launch,
    wait_for,
)

SERVER_URL = "STEPWELL_TEST_MYSQL"
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--mysqlx=OFF",
    "--skip-log-bin",
    "--secure-file-priv=",
    "--event-scheduler=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-redo-log-capacity=16M",
)


class MySQLServer(SharedServer):
    """A server by itself."""

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder)
        self._program = program

    @property
    def url(self) -> str:
        """Where it listens."""
        port = (self.folder / "port").read_text()
        return f"mysql://tester:secret-of-tests@127.0.0.1:{port}"

    def make(self) -> None:
        """Start it."""
        data, init, port = self.folder / "data", self.folder / "init.sql", free_port()
        data.mkdir()
        hand_over(self.folder, data)
        init.write_text(USERS)
        (self.folder / "port").write_text(str(port))
        command = [self._program, "--no-defaults", f"--datadir={data}", *as_account()]
        subprocess.run([*command, "--initialize-insecure"], check=True, capture_output=True)
        launch(
            [
                *command, *OPTIONS, f"--socket={self.folder / 's'}", f"--port={port}",
                f"--pid-file={self.folder / 'pid'}", f"--init-file={init}",
            ],
            self.folder / "log",
        )  # fmt: skip
        wait_for(self.url)


@pytest.fixture(scope="session", name="mariadb_server")
def either_server(request: pytest.FixtureRequest) -> str:
    """The server for what both have: MySQL where one is named, else MariaDB."""
    return os.environ.get(SERVER_URL) or mariadb_server_url(request)


@pytest.fixture
def mysql_url() -> Iterator[str]:
    """The URL of a new, empty database on the server that is named."""
    server, name = os.environ[SERVER_URL].rstrip("/"), f"test_{uuid.uuid4().hex}"
    ask(server, f"CREATE DATABASE {name}")
    yield f"{server}/{name}"
    drop_database(server, name)


def main(program: str, command: Sequence[str]) -> int:
    """Run the command on a server of this program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped then, too
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="stepwell-mysql-", dir=place) as folder:
        Path(folder).chmod(0o711)
        server = MySQLServer(Path(folder) / "server", program)
        server.start()
        try:
            return subprocess.run(command, env={**os.environ, SERVER_URL: server.url}, check=False).returncode
        finally:
            server.release()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

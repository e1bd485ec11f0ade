"""PgBouncer for tests: one of its own in front of a database."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, quote, urlsplit

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
unix_socket_dir =
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def pooler(
    url: str, size: int, unavailable: Callable[[str], NoReturn], *, mode: str = "transaction"
) -> Iterator[str]:
    """Run one with this many server connections; give the URL of the same database behind it."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        unavailable("there is no pgbouncer")
    # Not in a folder of pytest's, which belongs to whoever runs the tests.
    with tempfile.TemporaryDirectory(prefix="stepwell-pooler-") as name:
        folder, port, account = Path(name), _free_port(), _account()
        file = folder / "pgbouncer.ini"
        text = SETTINGS.format(server=_server_of(url), port=port, mode=mode, size=size, folder=folder)
        file.write_text(text)
        if account is not None:
            os.chown(folder, account, -1)
            os.chown(file, account, -1)
        with subprocess.Popen([program, "-q", str(file)], user=account, stderr=subprocess.DEVNULL) as process:
            parts = urlsplit(url)
            user = parts.username or "postgres"
            pooled = f"postgresql://{quote(user)}@127.0.0.1:{port}{parts.path}?sslmode=disable"
            try:
                _await(pooled)
                yield pooled
            finally:
                process.terminate()


def _server_of(url: str) -> str:
    """Where the pooler finds the server, in its own words."""
    parts = urlsplit(url)
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    host = options.get("host") or parts.hostname or ""
    port = options.get("port") or str(parts.port or 5432)
    password = f" password={parts.password}" if parts.password else ""
    return f"host={host} port={port} user={parts.username}{password}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _account() -> int | None:
    """Whom it runs as, since it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    numbers = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return numbers.get("postgres", numbers.get("nobody"))


def _await(url: str) -> None:
    for _ in range(100):
        try:
            psycopg.connect(url).close()
        except psycopg.Error:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the pooler does not answer")

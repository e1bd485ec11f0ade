"""Behind PgBouncer in transaction mode: batches just work, and a step without a transaction finds its own session."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest

from stepwell.core.errors import StepError
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
unix_socket_dir =
logfile = {folder}/log
pidfile = {folder}/pid
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def server_of(url: str) -> str:
    """Where the pooler finds the server, in its own words."""
    parts = urlsplit(url)
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    host = options.get("host") or parts.hostname or ""
    port = options.get("port") or str(parts.port or 5432)
    password = f" password={parts.password}" if parts.password else ""
    return f"host={host} port={port} user={parts.username}{password}"


@pytest.fixture
def private_folder() -> Iterator[Path]:
    """A folder outside of pytest's, which belong to whoever runs the tests."""
    with tempfile.TemporaryDirectory(prefix="stepwell-pooler-") as folder:
        yield Path(folder)


@pytest.fixture(params=[1, 4], ids=["pool of 1", "pool of 4"])
def pooled_url(
    request: pytest.FixtureRequest,
    postgresql_url: str,
    private_folder: Path,
    unavailable: Callable[[str], NoReturn],
) -> Iterator[str]:
    """The URL of the test's database behind a PgBouncer of its own."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        unavailable("there is no pgbouncer")
    port, account = free_port(), _account()
    file = private_folder / "pgbouncer.ini"
    size = request.param
    file.write_text(
        SETTINGS.format(server=server_of(postgresql_url), port=port, size=size, folder=private_folder)
    )
    if account is not None:
        os.chown(private_folder, account, -1)
        os.chown(file, account, -1)
    with subprocess.Popen([program, "-q", str(file)], user=account, stderr=subprocess.DEVNULL) as process:
        database = urlsplit(postgresql_url).path.lstrip("/")
        user = urlsplit(postgresql_url).username or "postgres"
        url = f"postgresql://{quote(user)}@127.0.0.1:{port}/{database}?sslmode=disable"
        _await(url)
        yield url
        process.terminate()


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


@pytest.fixture
def behind(pooled_url: str, tmp_path: Path, shop: Workshop) -> Workshop:
    """Migrations for the database behind the pooler."""
    return Workshop(pooled_url, tmp_path, shop.ask)


def test_a_batch(behind: Workshop) -> None:
    behind.table("001_items")
    behind.python("002_rows", 'await database.execute("INSERT INTO items VALUES (:id)", {"id": 7})')
    assert behind.migrate().ok
    assert behind.column("SELECT id FROM items") == [7]


def test_many_runners_apply_each_once(behind: Workshop) -> None:
    behind.table("001_items")
    behind.sql("002_row", "INSERT INTO items VALUES (1);")
    runners = [behind.process() for _ in range(8)]
    told = [runner.communicate(timeout=60) for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 8, told
    assert behind.column("SELECT count(*) FROM items") == [1]
    assert behind.column("SELECT count(*) FROM migrations_log WHERE event = 'applied'") == [2]


def test_a_step_without_transaction_is_refused(behind: Workshop) -> None:
    behind.table("001_items")
    behind.sql("002_index", "CREATE INDEX CONCURRENTLY ON items (id);", options="transaction:false")
    error = behind.failure(behind.project().migrate())
    assert isinstance(error, StepError)
    assert error.fault.code == "pooled"
    assert "direct_url" in (error.hint or "")
    assert behind.column(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ) == [0]


def test_it_goes_around_the_pooler_where_it_is_told_how(behind: Workshop, postgresql_url: str) -> None:
    behind.table("001_items")
    behind.sql("002_index", "CREATE INDEX CONCURRENTLY items_id ON items (id);", options="transaction:false")
    behind.table("003_others")
    assert behind.run(behind.project(direct_url=postgresql_url).migrate()).ok
    assert behind.column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_id'::regclass") == [True]

"""Databases for tests: a PostgreSQL server shared by the whole run, a fresh database for each test that asks.

The server is that of `STEPWELL_TEST_POSTGRESQL` (a URL of a role that may create databases), else an embedded
one. Where there is neither, tests are skipped, or fail with `STEPWELL_TEST_NO_SKIP=1`.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("stepwell.testing")  # before its first import, whichever folders are run

from stepwell.core.errors import ConnectionFailedError, Refusal  # noqa: E402 - see above
from stepwell.engines.embedded.server import EmbeddedServer  # noqa: E402 - see above

if TYPE_CHECKING:
    import psycopg

# How long an example takes, or the making of one, says nothing on a machine that is busy.
settings.register_profile("stepwell", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stepwell")

SERVER_URL = "STEPWELL_TEST_POSTGRESQL"
NO_SKIP = "STEPWELL_TEST_NO_SKIP"
# Made by the first process of a run, and inherited by the workers of pytest-xdist: they all use one server.
SHARED_FOLDER = "STEPWELL_TEST_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the shared server. Root's server runs under another account: it must get there."""
    if SHARED_FOLDER not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="stepwell-test-", dir=_memory()))
        folder.chmod(0o711)
        os.environ[SHARED_FOLDER] = str(folder)
        config.add_cleanup(_remove_shared_folder)


def _memory() -> Path | None:
    """A folder in memory, where databases are made and dropped ten times as fast; None where there is none to use."""
    folder = Path("/dev/shm")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return None
    state = os.statvfs(folder)
    enough = state.f_bavail * state.f_frsize > 2 << 30
    return folder if enough and not state.f_flag & os.ST_NOEXEC else None


def _remove_shared_folder() -> None:
    shutil.rmtree(os.environ.pop(SHARED_FOLDER), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server, so that `-m 'not postgresql'` leaves them out."""
    for item in items:
        if isinstance(item, pytest.Function) and _needs_postgresql(item):
            item.add_marker(pytest.mark.postgresql)


def _needs_postgresql(item: pytest.Function) -> bool:
    """Whether a test asks for the server, by a fixture or as one of several engines that it is run on."""
    callspec = getattr(item, "callspec", None)
    return "postgresql_server" in item.fixturenames or (
        callspec is not None and callspec.params.get("shop") == "postgresql"
    )


@pytest.fixture(scope="session")
def unavailable() -> Callable[[str], NoReturn]:
    """A function that skips the test for the reason given, or fails it where everything has to run."""

    def leave(reason: str) -> NoReturn:
        if os.environ.get(NO_SKIP):
            pytest.fail(f"nothing may be skipped here: {reason}")
        pytest.skip(reason)

    return leave


@pytest.fixture(scope="session")
def postgresql_server(unavailable: Callable[[str], NoReturn]) -> Iterator[str]:
    """The URL of a PostgreSQL server whose role may create databases; its own database is not for tests."""
    if url := os.environ.get(SERVER_URL):
        yield url
        return
    folder = Path(os.environ[SHARED_FOLDER])
    server = EmbeddedServer(folder, "tests", durable=False, system=folder / "system")
    try:
        address = server.start()
    except ConnectionFailedError as error:
        if error.refusal is not Refusal.DRIVER:
            raise
        unavailable(f"{error}: {error.hint}")
    yield address.conninfo()
    server.release()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlsplit(postgresql_server)._replace(path=f"/{name}").geturl()
        _drop(connection, name)


def _drop(connection: "psycopg.Connection[Any]", name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    if connection.info.server_version >= 130000:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        return
    connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        [name],
    )
    connection.execute(f"DROP DATABASE {name}".encode())  # waits for a few seconds until they are gone


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a new SQLite database in a file."""
    return f"sqlite:///{tmp_path / 'test.db'}"

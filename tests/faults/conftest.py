"""A workshop on a new database of PostgreSQL, and the proxy in front of it, for the tests of faults in between."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

pytest.register_assert_rewrite("stepwell.testing", "tests.faults.truth")  # before their first import

from tests.faults.proxy import Proxy  # noqa: E402 - see above
from tests.pgbouncer import pooler  # noqa: E402 - see above
from tests.postgresql import PostgreSQLServer, embedded_programs, running  # noqa: E402 - see above

from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import NoReturn


@pytest.fixture
def shop(postgresql_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database; it asks it directly."""
    return Workshop(postgresql_url, tmp_path, asking(postgresql_url))


def asking(url: str) -> Callable[[str], list[tuple[Any, ...]]]:
    """A function that runs one statement on a connection of its own, commits, and gives its rows."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    return ask


@contextmanager
def _direct(url: str, unavailable: Callable[[str], NoReturn]) -> Iterator[str]:
    yield url


@contextmanager
def _pooled(url: str, unavailable: Callable[[str], NoReturn]) -> Iterator[str]:
    with pooler(url, 4, unavailable) as pooled:
        yield pooled


@pytest.fixture(params=[_direct, _pooled], ids=["direct", "behind PgBouncer"])
def proxy(
    request: pytest.FixtureRequest, postgresql_url: str, unavailable: Callable[[str], NoReturn]
) -> Iterator[Proxy]:
    """The proxy in front of the database, or of a PgBouncer in front of that."""
    with request.param(postgresql_url, unavailable) as url, Proxy(url) as between:
        yield between


@pytest.fixture
def straight(postgresql_url: str) -> Iterator[Proxy]:
    """The proxy in front of the database, without any pooler."""
    with Proxy(postgresql_url) as between:
        yield between


# --- a server of one's own, for what must not happen to that of the other tests ---

# Not durable at a power cut, which is not tested; but no commit that was told may be lost when the server is killed.
CRASHING = {"fsync": "off", "synchronous_commit": "local"}


@pytest.fixture(scope="session")
def programs(unavailable: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a PostgreSQL, as whoever runs the server can read it."""
    return embedded_programs(tmp_path_factory.mktemp("programs"), unavailable)


@pytest.fixture(scope="session")
def victim(programs: Path) -> Iterator[PostgreSQLServer]:
    """A server that may be killed."""
    with running(programs) as server:
        yield server


@pytest.fixture
def own(victim: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """The server that may be killed; it runs now, and survives the loss of a process as a server does by default."""
    victim.stop()
    victim.start(CRASHING)
    yield victim
    if not victim.running:
        victim.start(CRASHING)


@pytest.fixture
def doomed(own: PostgreSQLServer, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database of that server."""
    name = f"test_{uuid.uuid4().hex}"
    asking(own.url)(f"CREATE DATABASE {name}")
    url = urlsplit(own.url)._replace(path=f"/{name}").geturl()
    return Workshop(url, tmp_path, asking(url))

"""A workshop on MariaDB, for what only such servers have."""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.register_assert_rewrite("stepwell.testing")  # before its first import

from tests.blocks import Block, read_blocks  # noqa: E402 - see above
from tests.galera import cluster, cluster_urls, galera  # noqa: E402 - see above
from tests.mariadb import ask, mariadb_own, mariadb_url  # noqa: E402 - see above
from tests.mysqld import SERVER_URL, either_server  # noqa: E402 - see above
from tests.servers import connecting, drop_database  # noqa: E402 - see above

from stepwell.core.url import parse_url  # noqa: E402 - see above
from stepwell.project import Project  # noqa: E402 - see above
from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.schema.snapshot import Snapshot

__all__ = ["cluster", "cluster_urls", "either_server", "galera", "mariadb_own", "mariadb_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On MySQL, what only MariaDB has is passed over, before a server is started for it."""
    for item in items:
        if os.environ.get(SERVER_URL) and item.get_closest_marker("mariadb"):
            item.add_marker(pytest.mark.skip("not of MySQL"))


@pytest.fixture
def shop(mariadb_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database."""
    return Workshop(mariadb_url, tmp_path, lambda sql: ask(mariadb_url, sql))


# --- a database with one of nearly everything in it ---

HERE = Path(__file__).parent


class Sink(NamedTuple):
    """A database by its URL, and what its server can do."""

    url: str
    server: str
    features: frozenset[str]

    def can(self, block: Block) -> bool:
        """Whether a block can be run here."""
        return block.fits(0, self.features)


def run(url: str, statements: str) -> None:
    """Run several statements by the driver's blocking half."""
    import pymysql
    from pymysql.constants import CLIENT

    options = connecting(parse_url(url)) | {"client_flag": CLIENT.MULTI_STATEMENTS, "autocommit": True}
    with pymysql.connect(**options) as connection:
        cursor = connection.cursor()
        cursor.execute(statements)
        while cursor.nextset():
            pass


@pytest.fixture(scope="session")
def kitchen(mariadb_server: str) -> Sink:
    """The server on which everything is made, without a database."""
    for name in ("ks_reader", "ks_stranger"):
        ask(mariadb_server, f"CREATE USER IF NOT EXISTS {name}@localhost")
    ((version,),) = ask(mariadb_server, "SELECT VERSION()")
    return Sink(mariadb_server, mariadb_server, frozenset({"mariadb" if "MariaDB" in version else "mysql"}))


@contextmanager
def made(kitchen: Sink, statements: str = "", *, name: str | None = None) -> Iterator[Sink]:
    """A new database of that server."""
    if name is not None:  # it may be there, of a run that was killed
        ask(kitchen.server, f"DROP DATABASE IF EXISTS `{name}`")
    name = name or f"sink_{uuid.uuid4().hex}"
    ask(kitchen.server, f"CREATE DATABASE `{name}`")
    url = f"{kitchen.server}/{name}"
    try:
        run(url, statements or "DO 0")
        yield kitchen._replace(url=url)
    finally:
        drop_database(kitchen.server, name)


@pytest.fixture(scope="session")
def everything(kitchen: Sink) -> str:
    """The statements that make one of nearly everything."""
    return ";\n".join(
        block.sql.removesuffix(";") for block in read_blocks(HERE / "kitchen_sink.sql") if kitchen.can(block)
    )


@pytest.fixture
def sink(kitchen: Sink, everything: str) -> Iterator[Sink]:
    """A database with nearly everything, for one test."""
    with made(kitchen, everything) as found:
        yield found


@pytest.fixture(scope="session")
def unchanged(kitchen: Sink, everything: str) -> Snapshot:
    """The snapshot of one."""
    with made(kitchen, everything) as found:
        return taken(found.url)


def taken(url: str, *, own_tables: bool = False) -> Snapshot:
    """The snapshot of a URL."""
    return asyncio.run(Project(url).snapshot(own_tables=own_tables))

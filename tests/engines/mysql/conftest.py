"""A workshop on MariaDB, for what only such servers have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("stepwell.testing")  # before its first import

from tests.galera import cluster, cluster_urls, galera  # noqa: E402 - see above
from tests.mariadb import ask, mariadb_own, mariadb_server_url, mariadb_url  # noqa: E402 - see above
from tests.mysqld import SERVER_URL  # noqa: E402 - see above

from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["cluster", "cluster_urls", "galera", "mariadb_own", "mariadb_url"]


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> str:
    """The server of these tests: MySQL where one is named, else MariaDB."""
    return os.environ.get(SERVER_URL) or mariadb_server_url(request)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On MySQL, what only MariaDB has is passed over, before a server is started for it."""
    for item in items:
        if os.environ.get(SERVER_URL) and item.get_closest_marker("mariadb"):
            item.add_marker(pytest.mark.skip("not of MySQL"))


@pytest.fixture
def shop(mariadb_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database."""
    return Workshop(mariadb_url, tmp_path, lambda sql: ask(mariadb_url, sql))

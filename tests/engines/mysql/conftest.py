"""A workshop on MariaDB, for what only such servers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("stepwell.testing")  # before its first import

from tests.galera import galera, galera_urls  # noqa: E402 - see above
from tests.mariadb import ask, mariadb_own, mariadb_server, mariadb_url  # noqa: E402 - see above

from stepwell.testing import Workshop  # noqa: E402 - see above

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["galera", "galera_urls", "mariadb_own", "mariadb_server", "mariadb_url"]


@pytest.fixture
def shop(mariadb_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database."""
    return Workshop(mariadb_url, tmp_path, lambda sql: ask(mariadb_url, sql))

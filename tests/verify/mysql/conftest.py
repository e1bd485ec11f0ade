"""Migrations of MariaDB, or of MySQL where one is named; both with the same defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.mariadb import ask, mariadb_own, mariadb_url
from tests.mysqld import either_server

from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["either_server", "mariadb_own", "mariadb_url"]


@pytest.fixture
def shop(mariadb_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder for a new database, whose defaults are not those of its server."""
    ask(mariadb_url, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    return Workshop(mariadb_url, tmp_path, lambda sql: ask(mariadb_url, sql))


def nobodys(shop: Workshop) -> list[str]:
    """The scratch databases that nobody uses: those of other tests are kept by a lock of their name."""
    found = shop.ask(
        "SELECT schema_name FROM information_schema.schemata"
        " WHERE schema_name LIKE 'stepwell\\_scratch\\_%' AND IS_FREE_LOCK(schema_name)"
    )
    return [str(name) for (name,) in found]

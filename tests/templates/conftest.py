"""A project in which every template can be tried, on each engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.mariadb import mariadb_own, mariadb_server, mariadb_url

from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mariadb_own", "mariadb_server", "mariadb_url"]


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Workshop:
    """Migrations for a new database of each engine."""
    return Workshop(request.getfixturevalue(f"{request.param}_url"), tmp_path, lambda _: [])

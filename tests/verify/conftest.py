"""A shop of migrations, with the server of the tests as the place of scratch databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.verify.legacy import Legacy

from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(postgresql_server: str, tmp_path: Path) -> Workshop:
    """Migrations without a database of their own; scratch databases are made on the server of the tests."""
    return Workshop(postgresql_server, tmp_path, lambda _: [])


@pytest.fixture
def legacy(postgresql_url: str, tmp_path: Path) -> Legacy:
    """Five migrations, of which the third only changes rows, and a database without a history."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    return Legacy(postgresql_url, tmp_path, ask).written()

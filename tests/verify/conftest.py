"""A shop of migrations, with the server of the tests as the place of scratch databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(postgresql_server: str, tmp_path: Path) -> Workshop:
    """Migrations without a database of their own; scratch databases are made on the server of the tests."""
    return Workshop(postgresql_server, tmp_path, lambda _: [])

"""What is asked of the catalog has to be answered however the planner orders it: no function may meet a wrong row."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import psycopg
import pytest

from stepwell.engines.postgresql.inspect import DESCRIBE, describe

if TYPE_CHECKING:
    from stepwell.testing import Workshop

SWITCHES = ("enable_hashjoin", "enable_mergejoin", "enable_nestloop", "enable_seqscan", "enable_indexscan")


@pytest.mark.parametrize("off", [*combinations(SWITCHES, 1), *combinations(SWITCHES, 2)], ids="-".join)
def test_the_description_does_not_depend_on_the_plan(
    shop: Workshop, postgresql_url: str, off: tuple[str, ...]
) -> None:
    shop.table("001_items")
    shop.migrate()
    with psycopg.connect(postgresql_url) as connection, psycopg.RawCursor(connection) as cursor:
        for switch in off:
            cursor.execute(f"SET {switch} = off".encode())
        cursor.execute(DESCRIBE.encode(), [None, "migrations", "migrations_log"])
        found = describe(cursor.fetchall(), "migrations")
    assert found.history is not None
    assert found.log is not None
    assert found.history.may_number

"""A user's life against a model, on each engine. `STEPWELL_TEST_LIVES` is the number of lives on SQLite."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from typing import TYPE_CHECKING, cast

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.life.user import Life, Row
from tests.mariadb import ask, mariadb_own, mariadb_server

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mariadb_own", "mariadb_server"]

LIVES = int(os.environ.get("STEPWELL_TEST_LIVES", "40"))


def lives(many: int) -> settings:
    """How many of them, and how long."""
    return settings(
        max_examples=many,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.explain],  # it takes minutes
    )


@pytest.mark.timeout(900)  # so that a failure is made small before it is told
def test_lives_on_sqlite(tmp_path: Path) -> None:
    numbers = iter(range(10**9))

    def live() -> Life:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        path = folder / "life.db"

        def ask(sql: str) -> list[Row]:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
                return connection.execute(sql).fetchall()

        return Life(f"sqlite:///{path}", folder, ask)

    run_state_machine_as_test(cast("type[Life]", live), settings=lives(LIVES))


@pytest.mark.timeout(900)  # so that a failure is made small before it is told
def test_lives_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    numbers = iter(range(10**9))
    with psycopg.connect(postgresql_url, autocommit=True) as connection:

        def ask(sql: str) -> list[Row]:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

        def live() -> Life:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            ask("DROP SCHEMA public CASCADE")
            ask("CREATE SCHEMA public")
            return Life(postgresql_url, folder, ask)

        run_state_machine_as_test(cast("type[Life]", live), settings=lives(LIVES // 10))


@pytest.mark.timeout(900)
def test_lives_on_mariadb(mariadb_server: str, tmp_path: Path) -> None:
    """Where no batch can be undone, every statement stands by itself."""
    numbers = iter(range(10**9))
    name = f"life_{uuid.uuid4().hex}"

    def live() -> Life:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        ask(mariadb_server, f"CREATE OR REPLACE DATABASE {name}")
        url = f"{mariadb_server}/{name}"
        return Life(url, folder, lambda sql: ask(url, sql), atomic=False)

    try:
        run_state_machine_as_test(cast("type[Life]", live), settings=lives(LIVES // 20))
    finally:
        ask(mariadb_server, f"DROP DATABASE IF EXISTS {name}")

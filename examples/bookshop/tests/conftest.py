"""What the tests of the bookshop stand on: a connection to a database with every migration applied."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from stepwell.testing.blocking import Database


@pytest.fixture
def connection(stepwell_database: Database) -> Iterator[Any]:
    """A connection of the driver to a new database, which is this test's alone."""
    if stepwell_database.path is not None:
        with closing(sqlite3.connect(stepwell_database.path)) as connection:
            yield connection
        return
    import psycopg

    with psycopg.connect(stepwell_database.url) as other:
        yield other

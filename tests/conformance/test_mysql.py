"""MySQL passes the conformance suite, where a server is named. See `.ci/mysql`."""

import os
from collections.abc import Mapping
from typing import ClassVar

import pytest
from tests.conformance.test_mariadb import TestMariaDB as OnMariaDB
from tests.mysqld import SERVER_URL


class TestMySQL(OnMariaDB):
    """What is promised on MariaDB, without what MySQL lacks."""

    __test__ = SERVER_URL in os.environ

    returning = False
    foreign_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        name: statements
        for name, statements in OnMariaDB.foreign_tables.items()
        if name in {"a trigger", "no transactions"}
    }

    @pytest.fixture
    def url(self, mysql_url: str) -> str:
        """A new database."""
        return mysql_url

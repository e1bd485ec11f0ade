"""The suite's own assertions are shown as those of a test."""

import pytest
from tests.mariadb import mariadb_own, mariadb_server, mariadb_url
from tests.mysqld import mysql_url

__all__ = ["mariadb_own", "mariadb_server", "mariadb_url", "mysql_url"]

pytest.register_assert_rewrite("stepwell.testing")

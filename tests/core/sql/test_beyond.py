"""What depends on files of the server, or on another server, is known by its words; what does not is let be."""

from __future__ import annotations

import pytest

from stepwell.core.sql.beyond import reads_outside

OUTSIDE = [
    "COPY users FROM '/tmp/users.csv'",
    "copy users (id)\n  from e'/tmp/users.csv' with (format csv)",
    "COPY users FROM U&'/tmp/x'",
    "COPY users FROM $$/tmp/users.csv$$",
    "DO $x$ BEGIN EXECUTE 'SELECT pg_read_file(''x'')'; END $x$",
    "SELECT lo_import('/tmp/picture')",
    "SELECT * FROM pg_ls_dir('.')",
    "CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw",
    "CREATE FOREIGN TABLE far (id int) SERVER other",
    "IMPORT FOREIGN SCHEMA public FROM SERVER other INTO here",
    "LOAD DATA INFILE 'x' INTO TABLE users",
    "SELECT LOAD_FILE('x')",
    "ATTACH DATABASE 'other.db' AS other",
    "ATTACH 'other.db' AS other",
    "SELECT load_extension('x')",
]
INSIDE = [
    "COPY users FROM STDIN",
    "COPY users (id, name) FROM stdin WITH (FORMAT csv)",
    "COPY (SELECT * FROM users) TO STDOUT",
    "CREATE TABLE copy_of_users AS SELECT * FROM users",
    "ALTER TABLE posts ATTACH PARTITION posts_2026 FOR VALUES IN (1)",
    "SELECT 1 -- pg_read_file",
    "CREATE TABLE servers (id int, load_data text)",
]


@pytest.mark.parametrize("sql", OUTSIDE)
def test_outside(sql: str) -> None:
    assert reads_outside(sql)


@pytest.mark.parametrize("sql", INSIDE)
def test_inside(sql: str) -> None:
    assert not reads_outside(sql)

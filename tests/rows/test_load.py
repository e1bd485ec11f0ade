"""The user's own data, from a script or a dump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stepwell.core.sql.errors import SqlSyntaxError
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from tests.rows.conftest import Stage

DUMP = r"""--
-- PostgreSQL database dump
--

\restrict eLbxOGcRkSPQvGKcZ0Dl

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
BEGIN;
COPY public.users (id, name) FROM stdin;
1	Zoë; \\ back
2	\N
\.


SELECT pg_catalog.setval('public.users_id_seq', 2, true);
COMMIT;

\unrestrict eLbxOGcRkSPQvGKcZ0Dl
"""


def test_a_dump_of_data(postgresql: Stage) -> None:
    postgresql.run("CREATE TABLE users (id serial PRIMARY KEY, name text)")
    postgresql.load(DUMP)
    assert postgresql.ask("SELECT id, name FROM users ORDER BY id") == [(1, "Zoë; \\ back"), (2, None)]
    assert postgresql.ask("SELECT nextval('users_id_seq')") == [(3,)]


def test_a_script(stage: Stage) -> None:
    stage.run("CREATE TABLE t (id integer PRIMARY KEY, name text)")
    stage.load(
        "BEGIN; INSERT INTO t VALUES (1, 'a;b'); -- a comment\nINSERT INTO t VALUES (2, 'it''s :no'); COMMIT;"
    )
    assert stage.ask("SELECT name FROM t ORDER BY id") == [("a;b",), ("it's :no",)]


def test_a_script_that_fails_leaves_nothing_and_names_its_statement(stage: Stage) -> None:
    stage.run("CREATE TABLE t (id integer PRIMARY KEY)")
    with pytest.raises(EngineError) as failure:
        stage.load("INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (1)")
    assert failure.value.fault.statement == "INSERT INTO t VALUES (1)"
    assert stage.ask("SELECT count(*) FROM t") == [(0,)]


def test_a_command_for_the_client_is_refused(postgresql: Stage) -> None:
    with pytest.raises(SqlSyntaxError):
        postgresql.load("\\i other.sql\n")


def test_data_of_the_user_and_generated_rows_go_together(stage: Stage) -> None:
    stage.run("CREATE TABLE t (id integer PRIMARY KEY, name varchar(20) NOT NULL UNIQUE)")
    stage.load("INSERT INTO t VALUES (1, 'alpha'), (2, 'beta')")
    (table,) = stage.fill().tables
    assert (table.existing, table.inserted) == (2, 3)

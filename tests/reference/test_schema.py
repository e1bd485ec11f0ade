"""The schema of the journal comes and goes whole; what people wrote before a migration is there after it."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

Run = Callable[..., dict[str, Any]]

CATALOG = """
    SELECT 'column', table_name || '.' || column_name,
           concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'constraint', conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    ORDER BY 1, 2
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'migrations%'"


@pytest.mark.parametrize("version", ["002", "003", "004", "005"])
def test_rolling_back_gives_the_schema_before(run: Run, connection: psycopg.Connection, version: str) -> None:
    before = f"{int(version) - 1:03}"
    run("migrate", "--target", before)
    catalog = connection.execute(CATALOG).fetchall()
    run("migrate", "--target", version)
    run("rollback", "--target", before)
    assert connection.execute(CATALOG).fetchall() == catalog


def test_rolling_back_to_base_leaves_no_table(run: Run, connection: psycopg.Connection) -> None:
    run("migrate")
    assert len(connection.execute(TABLES).fetchall()) == 9
    run("rollback", "--target", "base")
    assert connection.execute(TABLES).fetchall() == []


def test_existing_users_can_still_be_used(run: Run, connection: psycopg.Connection) -> None:
    run("migrate", "--target", "001")
    connection.execute("INSERT INTO users (username, display_name) VALUES ('ann', 'Ann'), ('bob', 'Bob')")
    run("migrate", "--target", "002")
    found = connection.execute("SELECT username, email, is_active, last_login_at FROM users ORDER BY id")
    assert found.fetchall() == [("ann", None, True, None), ("bob", None, True, None)]


def test_an_address_belongs_to_one_user(run: Run, connection: psycopg.Connection) -> None:
    run("migrate", "--target", "002")
    add = "INSERT INTO users (username, display_name, email) VALUES (%s, '', %s)"
    connection.execute(add, ("ann", "ann@example.org"))
    with pytest.raises(errors.UniqueViolation):
        connection.execute(add, ("other", "Ann@Example.org"))
    with pytest.raises(errors.CheckViolation):
        connection.execute(add, ("third", "nowhere"))


def test_existing_entries_become_drafts(run: Run, connection: psycopg.Connection) -> None:
    run("migrate", "--target", "002")
    connection.execute("INSERT INTO changelog (title) VALUES ('First steps')")
    run("migrate", "--target", "003")
    found = connection.execute("SELECT title, version, author_id, is_published, published_at FROM changelog")
    assert found.fetchall() == [("First steps", None, None, False, None)]
    with pytest.raises(errors.CheckViolation):
        connection.execute("UPDATE changelog SET is_published = TRUE")
    connection.execute("UPDATE changelog SET is_published = TRUE, published_at = now()")


def test_an_entry_outlives_its_author(run: Run, connection: psycopg.Connection) -> None:
    run("migrate", "--target", "003")
    connection.execute("INSERT INTO users (username, display_name) VALUES ('ann', 'Ann')")
    connection.execute("INSERT INTO changelog (title, author_id) SELECT 'Hello', id FROM users")
    connection.execute("DELETE FROM users")
    assert connection.execute("SELECT title, author_id FROM changelog").fetchall() == [("Hello", None)]

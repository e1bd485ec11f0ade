"""A journal whose history an older runner kept, in a table of seven columns, goes on as it is."""

from collections.abc import Callable
from typing import Any

import psycopg

Run = Callable[..., dict[str, Any]]

# As `CREATE TABLE migrations` stood in that runner; it wrote dependencies as text, each release in another way.
OLDER = """
    DROP TABLE migrations, migrations_log;
    CREATE TABLE migrations (
        id SERIAL PRIMARY KEY,
        version VARCHAR(50) UNIQUE NOT NULL,
        name VARCHAR(255) NOT NULL,
        description TEXT,
        dependencies TEXT,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
    );
    INSERT INTO migrations (version, name, description, dependencies, created_at, applied_at) VALUES
        ('001', 'initial_schema', 'Create initial database schema', NULL, NULL, '2025-02-03 04:05:06'),
        ('002', 'add_user_authentication', 'Add auth fields to users table', '["001"]', now(), NULL),
        ('003', 'add_changelog_publishing', NULL, '[''001'']', now(), now()),
        ('004', 'seed_default_roles', '', '001,  003', now(), now());
"""
STORED = "SELECT version, name, description, dependencies, applied_at::text FROM migrations ORDER BY id"
COLUMNS = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'migrations'"


def older(run: Run, connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """The journal with all but its last migration, and the older runner's history; gives its rows."""
    run("migrate", "--target", "004")
    connection.execute(OLDER.encode())
    return connection.execute(STORED).fetchall()


def columns(connection: psycopg.Connection) -> int:
    (count,) = connection.execute(COLUMNS).fetchall()[0]
    return int(count)


def test_it_is_read_as_it_is(run: Run, connection: psycopg.Connection) -> None:
    rows = older(run, connection)
    document = run("status")
    assert {each["version"]: each["state"] for each in document["migrations"]} == {
        "001": "applied",
        "002": "applied",
        "003": "applied",
        "004": "applied",
        "005": "pending",
    }
    assert [each["applied_at"] for each in document["migrations"]][:2] == ["2025-02-03T04:05:06+00:00", None]
    assert run("check")["findings"] == []
    planned = run("migrate", "--dry-run")
    assert [each["version"] for each in planned["steps"]] == ["005"]
    assert "adopted" not in planned
    assert [each["version"] for each in run("rollback", "--dry-run")["steps"]] == ["004"]
    assert connection.execute(STORED).fetchall() == rows
    assert columns(connection) == 7


def test_it_goes_on(run: Run, connection: psycopg.Connection) -> None:
    """The first `migrate` adds two columns, and changes no row."""
    rows = older(run, connection)
    assert [each["version"] for each in run("migrate")["steps"]] == ["005"]
    assert columns(connection) == 9
    stored = connection.execute(STORED).fetchall()
    assert stored[:-1] == rows
    assert stored[-1][3] == '["001"]'
    assert run("status", "--check")["counts"]["applied"] == 5
    assert [each["version"] for each in run("rollback", "--target", "002")["steps"]] == ["005", "004", "003"]
    assert [each["version"] for each in run("migrate")["steps"]] == ["003", "004", "005"]
    assert run("rollback", "--target", "base")["ok"]
    assert connection.execute(STORED).fetchall() == []


def test_a_rollback_may_be_the_first_thing(run: Run, connection: psycopg.Connection) -> None:
    older(run, connection)
    assert [each["version"] for each in run("rollback", "--steps", "2")["steps"]] == ["004", "003"]
    assert columns(connection) == 9


def test_it_can_be_proved_and_compared(run: Run, connection: psycopg.Connection, postgresql_url: str) -> None:
    """Neither writes there."""
    rows = older(run, connection)
    place = ["--scratch-url", postgresql_url, "--scratch", "same-server"]
    assert run("drift", *place)["equal"]
    assert run("verify", "002", *place)["ok"]
    assert connection.execute(STORED).fetchall() == rows
    assert columns(connection) == 7

"""A journal that an older system built is taken over at whatever point it stands, with its rows as they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

Run = Callable[..., dict[str, Any]]

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ["001", "002", "003", "004", "005"]
ROWS = """
    SELECT (SELECT array_agg(name ORDER BY name) FROM roles), (SELECT array_agg(name ORDER BY name) FROM moods),
           (SELECT array_agg(name ORDER BY name) FROM meal_types), (SELECT count(*) FROM seeded_rows)
"""


def forget(connection: psycopg.Connection) -> None:
    """Leave what an older system leaves: all but our tables."""
    connection.execute("DROP TABLE migrations, migrations_log")


def versions(document: dict[str, Any], key: str) -> list[str]:
    return [each["version"] for each in document.get(key, [])]


@pytest.mark.parametrize("built", range(6))
def test_at_each_point(run: Run, connection: psycopg.Connection, built: int) -> None:
    """The roles of 004 and the moods of 005 are there once, whether the older system had put them there or not."""
    if built:
        run("migrate", "--target", VERSIONS[built - 1])
        forget(connection)
    planned = run("migrate", "--dry-run")
    assert not connection.execute("SELECT to_regclass('migrations')").fetchall()[0][0]
    done = run("migrate")
    for document in (planned, done):
        assert versions(document, "adopted") == VERSIONS[:built]
        assert versions(document, "steps") == VERSIONS[built:]
    assert {each["outcome"] for each in done["steps"]} <= {"applied"}
    assert run("status", "--check")["counts"]["applied"] == len(VERSIONS)
    roles, moods, meals, seeded = connection.execute(ROWS).fetchall()[0]
    assert (len(roles), len(moods), len(meals), seeded) == (3, 5, 4, 12)


def test_without_the_last_data_and_with_a_table_of_somebody_else(
    run: Run, connection: psycopg.Connection
) -> None:
    run("migrate")
    forget(connection)
    connection.execute(
        "CREATE TABLE of_somebody_else (id INTEGER); CREATE INDEX theirs ON users (created_at)"
    )
    connection.execute(
        "DELETE FROM moods; DELETE FROM meal_types; DELETE FROM seeded_rows WHERE seeded_by = '005'"
    )
    document = run("migrate")
    assert versions(document, "adopted") == VERSIONS[:4]
    assert versions(document, "steps") == ["005"]


def test_what_people_did_with_the_seeded_rows_stays(run: Run, connection: psycopg.Connection) -> None:
    run("migrate")
    forget(connection)
    connection.execute(
        "DELETE FROM roles WHERE name = 'editor'; UPDATE moods SET name = 'so-so' WHERE score = 3"
    )
    assert versions(run("migrate"), "adopted") == VERSIONS
    roles, moods, *_ = connection.execute(ROWS).fetchall()[0]
    assert roles == ["admin", "member"]
    assert "okay" not in moods


@pytest.mark.parametrize(
    ("change", "missing", "line"),
    [
        (
            "ALTER TABLE users DROP COLUMN email",
            "002 add_user_authentication: column users.email",
            "db/migrations/002_add_user_authentication.py",
        ),
        (
            "DROP TABLE seeded_rows",
            "001 initial_schema: table seeded_rows",
            "db/migrations/001_initial_schema.py",
        ),
        ("DROP INDEX changelog_published_at_idx", "003 add_changelog_publishing: index", "003_add"),
        (
            "ALTER TABLE users ALTER COLUMN email TYPE TEXT",
            "column users.email: type varchar(254) -> text",
            "002_add",
        ),
    ],
    ids=["column", "table", "index", "type"],
)
def test_where_a_part_is_missing_it_stops(  # noqa: PLR0917 - a case is all of that
    run: Run,
    connection: psycopg.Connection,
    postgresql_url: str,
    capsys: pytest.CaptureFixture[str],
    change: str,
    missing: str,
    line: str,
) -> None:
    from stepwell.cli.main import main

    run("migrate")
    forget(connection)
    connection.execute(change.encode())
    capsys.readouterr()
    for options in ([], ["--dry-run"]):
        assert main(["migrate", "--url", postgresql_url, "--format", "json", *options], root=ROOT) == 6
        error = json.loads(capsys.readouterr().out)["error"]
        assert missing in error["message"]
        assert line in error["path"]
        assert "stepwell baseline --to V" in error["hint"]
        assert "--scratch-url" in error["hint"]
    assert not connection.execute("SELECT to_regclass('migrations')").fetchall()[0][0]

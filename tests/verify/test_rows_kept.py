"""`verify` on tables with rows: they live through the whole chain, also through what is not tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.verify.checking import verified

from stepwell.core.proof import Verdict

if TYPE_CHECKING:
    from stepwell.testing import Workshop

BACKFILL = (
    ("001_users", "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT);", "DROP TABLE users;"),
    ("002_kind", "ALTER TABLE users ADD COLUMN kind TEXT;", "ALTER TABLE users DROP COLUMN kind;"),
    ("003_backfill", "UPDATE users SET kind = 'x';", "SELECT 1;"),
    (
        "004_not_null",
        "ALTER TABLE users ALTER COLUMN kind SET NOT NULL;",
        "ALTER TABLE users ALTER COLUMN kind DROP NOT NULL;",
    ),
)


@pytest.mark.parametrize("tried", [(), ("004",), ("002", "004")])
def test_rows_live_through_the_migrations_that_are_not_tried(shop: Workshop, tried: tuple[str, ...]) -> None:
    for stem, up, down in BACKFILL:
        shop.sql(stem, up, down)
    last = verified(shop, *tried).proofs[-1]
    assert (last.version.text, last.verdict, last.reasons) == ("004", Verdict.PROVED, ())


def test_what_belongs_to_the_whole_server_is_made_by_one_scratch_database_at_a_time(shop: Workshop) -> None:
    for number in (1, 2, 3):
        shop.sql(
            f"{number:03}_role",
            f"CREATE ROLE proof_{shop.root.name.lower()}_{number}; CREATE TABLE t{number} (id INTEGER);",
            f"DROP ROLE proof_{shop.root.name.lower()}_{number}; DROP TABLE t{number};",
        )
    for jobs in (None, 3):
        report = verified(shop, jobs=jobs, cache=False)
        assert [(each.verdict, each.reasons) for each in report.proofs] == [(Verdict.PROVED, ())] * 3


def test_a_migration_may_end_the_sessions_of_others(shop: Workshop) -> None:
    shop.table("001_first")
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid();"
    )
    shop.sql("002_alone", f"CREATE TABLE alone (id INTEGER); {others}", f"DROP TABLE alone; {others}")
    shop.table("003_third")
    report = verified(shop)
    assert [(each.verdict, each.reasons) for each in report.proofs] == [(Verdict.PROVED, ())] * 3


def test_what_could_not_be_tried_with_rows_is_not_said_to_be_proved(shop: Workshop) -> None:
    """A role that nobody could see in the text is there already when the second database is to have it."""
    role = f"unseen_{shop.root.name.lower()}"
    shop.python(
        "001_role",
        f"await database.execute('CREATE ' + 'ROLE {role}')",
        f"await database.execute('DROP ' + 'ROLE {role}')",
    )
    shop.table("002_second")
    try:
        first, second = verified(shop).proofs
    finally:
        with psycopg.connect(shop.url, autocommit=True) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {role}".encode())
    assert first.verdict is Verdict.FAILS_ON_ROWS
    assert (second.verdict, second.reasons) == (
        Verdict.FAILS_ON_ROWS,
        (
            "not tried on tables with rows: 001 role, which stands before it, fails on another scratch database",
        ),
    )

"""`verify` on tables with rows: those that down() leaves behind are named, and rows live through the whole chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_rows_that_down_leaves_behind_are_named(shop: Workshop) -> None:
    shop.sql("001_roles", "CREATE TABLE roles (id SERIAL PRIMARY KEY, name TEXT);", "DROP TABLE roles;")
    shop.sql("002_seed", "INSERT INTO roles (name) VALUES ('admin'), ('user');", "SELECT 1;")
    shop.sql(
        "003_seed_well",
        "INSERT INTO roles (name) VALUES ('guest');",
        "DELETE FROM roles WHERE name = 'guest';",
    )
    first, second, third = verified(shop).proofs
    assert (first.verdict, third.verdict) == (Verdict.PROVED, Verdict.PROVED)
    assert (second.verdict, second.reasons) == (Verdict.BROKEN, ("down() leaves behind 2 rows of roles",))


def test_rows_that_a_trigger_may_have_made_are_no_fault_of_down(shop: Workshop) -> None:
    shop.sql(
        "001_users",
        """
        CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE seen (id SERIAL PRIMARY KEY, what INTEGER);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO seen (what) VALUES (NEW.id); RETURN NEW; END';
        CREATE TRIGGER see AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION see();
        """,
        "DROP TABLE users; DROP TABLE seen; DROP FUNCTION see();",
    )
    shop.sql("002_older", "UPDATE users SET age = age + 1;", "UPDATE users SET age = age - 1;")
    (proof,) = verified(shop, "002").proofs
    assert proof.verdict is Verdict.LOSSY, proof
    assert "of seen" in proof.reasons[0]


def test_a_value_where_there_was_none_is_named(shop: Workshop) -> None:
    shop.sql("001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);", "DROP TABLE users;")
    shop.sql("002_age", "UPDATE users SET age = 18 WHERE age IS NULL;", "SELECT 1;")
    script = "INSERT INTO users VALUES (1000, NULL);"
    (proof,) = verified(shop, "002", data=script).proofs
    assert proof.verdict is Verdict.LOSSY, proof
    assert "users.age got a value in" in proof.reasons[0]


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
    for _ in range(2):
        report = verified(shop)
        assert [(each.verdict, each.reasons) for each in report.proofs] == [(Verdict.PROVED, ())] * 3

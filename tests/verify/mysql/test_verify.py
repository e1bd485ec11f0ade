"""`verify` of migrations for MySQL and MariaDB, on scratch databases of their server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.verify.mysql.cases import BASE, RIGHT, WRONG
from tests.verify.mysql.conftest import nobodys
from tests.verify.test_verify import named

from stepwell.core.errors import UsageError
from stepwell.core.proof import Verdict

if TYPE_CHECKING:
    from stepwell.core.proof import Proof
    from stepwell.testing import Workshop


def proofs(shop: Workshop, *versions: str, **choice: Any) -> tuple[Proof, ...]:
    """What is proved at the URL of the workshop as the place of scratch databases."""
    return shop.run(shop.project(url=None, scratch_url=shop.url).verify(list(versions), **choice)).proofs


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE, "DROP TABLE posts;")
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = proofs(shop, "002", rows=False)
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        header = "-- idempotent: true" if name == "idempotent" else ""
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down, header=header)
    found = proofs(shop, rows=False)
    assert {proof.name: proof.reasons for proof in found if proof.verdict is not Verdict.PROVED} == {}
    assert len(found) == len(RIGHT) >= 30
    assert len(WRONG) >= 35


# --- what is not undone ---

USERS = "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50), age INT);"


def test_what_stands_after_a_failure_is_said(shop: Workshop) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql(
        "002_case",
        "CREATE INDEX by_age ON users (age); ALTER TABLE users DROP COLUMN nothing;",
        "DROP INDEX by_age ON users;",
    )
    (proof,) = proofs(shop, "002")
    assert proof.verdict is Verdict.BROKEN
    assert proof.reasons[0].startswith("up() fails: ")
    assert proof.notes == ("what up() did before it failed stands: index users.by_age: added ((`age`))",)


# --- on tables with rows ---

ON_ROWS: dict[str, tuple[str, str, Verdict, str]] = {
    "a column that goes takes its values along": (
        "ALTER TABLE users DROP COLUMN age;",
        "ALTER TABLE users ADD COLUMN age INT;",
        Verdict.LOSSY,
        "lossy: drops column users.age (",
    ),
    "rows that go do not come back": (
        "DELETE FROM users;",
        "SELECT 1;",
        Verdict.LOSSY,
        " of users are gone",
    ),
    "a check that rows do not meet": (
        "ALTER TABLE users ADD CONSTRAINT never CHECK (id < -1000000);",
        "ALTER TABLE users DROP CONSTRAINT never;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows",
    ),
    "a value that rows do not have": (
        "ALTER TABLE users MODIFY email VARCHAR(50) NOT NULL;",
        "ALTER TABLE users MODIFY email VARCHAR(50);",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows",
    ),
    "what gives rows back as they were": (
        "ALTER TABLE users RENAME COLUMN age TO years;",
        "ALTER TABLE users RENAME COLUMN years TO age;",
        Verdict.PROVED,
        "",
    ),
}


@pytest.mark.parametrize("name", ON_ROWS)
def test_rows_survive_or_their_loss_is_named(shop: Workshop, name: str) -> None:
    up, down, verdict, told = ON_ROWS[name]
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql("002_case", up, down)
    (proof,) = proofs(shop, "002")
    assert proof.verdict is verdict, proof
    assert not told or told in proof.reasons[0]


def test_of_one_that_rows_stop_halfway_what_stands_is_said(shop: Workshop) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql(
        "002_case",
        "CREATE INDEX by_age ON users (age); ALTER TABLE users ADD CONSTRAINT never CHECK (id < -1000000);",
        "ALTER TABLE users DROP CONSTRAINT never; DROP INDEX by_age ON users;",
    )
    (proof,) = proofs(shop, "002")
    assert proof.verdict is Verdict.FAILS_ON_ROWS
    assert proof.notes == ("what up() did before it failed stands: index users.by_age: added ((`age`))",)


# --- where it is tried ---


def test_without_a_place_nothing_is_tried(shop: Workshop) -> None:
    shop.table("001_first")
    error = shop.failure(shop.project().verify())
    assert isinstance(error, UsageError)
    assert "there is no place for a scratch database of" in error.message
    assert "scratch_url" in (error.hint or "")


def test_nothing_of_it_is_left_and_other_databases_are_not_touched(shop: Workshop) -> None:
    shop.ask("CREATE TABLE first (kept INT)")
    shop.table("001_first")
    (proof,) = shop.run(shop.project(scratch="same-server").verify()).proofs
    assert proof.verdict is Verdict.PROVED
    assert nobodys(shop) == []
    assert [name for (name,) in shop.ask("SHOW TABLES")] == ["first"]
    assert shop.ask("SHOW COLUMNS FROM first")[0][0] == "kept"

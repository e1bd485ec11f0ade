"""`verify` of migrations for MySQL and MariaDB, on scratch databases of their server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.verify.checking import must_be, verified
from tests.verify.mysql.cases import BASE, RIGHT, WRONG
from tests.verify.mysql.conftest import nobodys
from tests.verify.test_verify import named

from stepwell.core.errors import UsageError
from stepwell.core.proof import Verdict

if TYPE_CHECKING:
    from stepwell.testing import Workshop


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE, "DROP TABLE posts;")
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = verified(shop, "002", rows=False).proofs
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        header = "-- idempotent: true" if name == "idempotent" else ""
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down, header=header)
    found = verified(shop, rows=False).proofs
    assert {proof.name: proof.reasons for proof in found if proof.verdict is not Verdict.PROVED} == {}
    assert len(found) == len(RIGHT) >= 30
    assert len(WRONG) >= 35


# --- what is not undone ---

USERS = "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50), age INT);"


HALFWAY = {
    "ALTER TABLE users DROP COLUMN nothing;": (Verdict.BROKEN, "up() fails: "),
    "ALTER TABLE users ADD CONSTRAINT never CHECK (id < -1000000);": (
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows: ",
    ),
}


@pytest.mark.parametrize("last", HALFWAY)
def test_what_stands_after_a_failure_is_said(shop: Workshop, last: str) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql(
        "002_case",
        f"CREATE INDEX by_age ON users (age); {last}",
        "ALTER TABLE users DROP CONSTRAINT never; DROP INDEX by_age ON users;",
    )
    (proof,) = verified(shop, "002").proofs
    must_be(proof, *HALFWAY[last])
    assert "what up() did before it failed stands: index users.by_age: added ((`age`))" in proof.notes


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
    must_be(verified(shop, "002").proofs[0], verdict, told)


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

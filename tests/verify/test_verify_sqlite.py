"""`verify` of migrations for SQLite, on scratch databases in memory; the file itself is never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.verify.sqlite_cases import BASE, RIGHT, WRONG
from tests.verify.test_verify import named

from stepwell.core.proof import Verdict
from stepwell.testing import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.core.proof import Proof


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations for a file that is not there."""
    return Workshop(sqlite_url, tmp_path, lambda _: [])


def proofs(shop: Workshop, *versions: str, rows: bool = True) -> tuple[Proof, ...]:
    found = shop.run(shop.project().verify(list(versions), rows=rows)).proofs
    assert not (shop.root / "test.db").exists()
    return found


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE, "DROP TABLE posts;")
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = proofs(shop, "002")
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down)
    found = proofs(shop, rows=False)
    assert {proof.name: proof.reasons for proof in found if proof.verdict is not Verdict.PROVED} == {}
    assert len(found) == len(RIGHT) > 25
    assert len(WRONG) > 35


def test_a_column_that_comes_back_stands_last(shop: Workshop) -> None:
    shop.sql("001_base", BASE)
    shop.sql("002_case", "ALTER TABLE users DROP COLUMN email;",
             "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';")  # fmt: skip
    (proof,) = proofs(shop, "002", rows=False)
    assert proof.verdict is Verdict.PROVED
    assert proof.notes == ("after down(), table users: order of columns id, email, age -> id, age, email",)


ON_ROWS = {
    "a column that goes takes its values along": (
        "ALTER TABLE users DROP COLUMN email;",
        "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';",
        Verdict.LOSSY,
        "lossy: drops column users.email (",
    ),
    "a value that every row lacks": (
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL;",
        "ALTER TABLE users DROP COLUMN name;",
        Verdict.FAILS_ON_ROWS,
        "Cannot add a NOT NULL column with default value NULL",
    ),
    "rows that are not taken into a table built anew": (
        (
            "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '', "
            " age INTEGER CHECK (age > 0)); DROP TABLE users; ALTER TABLE new_users RENAME TO users;"
        ),
        "SELECT 1;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows: a foreign key does not hold",
    ),
    "a unique index that rows do not meet": (
        "CREATE UNIQUE INDEX one ON users (email IS NULL);",
        "DROP INDEX one;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows: UNIQUE constraint failed",
    ),
}


@pytest.mark.parametrize("name", ON_ROWS)
def test_rows_survive_or_their_loss_is_named(shop: Workshop, name: str) -> None:
    up, down, verdict, told = ON_ROWS[name]
    shop.sql("001_base", BASE)
    shop.sql("002_case", up, down)
    (proof,) = proofs(shop, "002")
    assert proof.verdict is verdict, proof
    assert told in proof.reasons[0]

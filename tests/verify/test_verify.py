"""`verify` on PostgreSQL: right migrations are proved, wrong ones are caught with the right words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from tests.verify.checking import must_be, verified
from tests.verify.right import RIGHT
from tests.verify.wrong import BASE, WRONG

from stepwell.core.errors import TargetError, UsageError
from stepwell.core.proof import Verdict
from stepwell.render.verify import verify_document, verify_junit, verify_text
from stepwell.render.view import View

if TYPE_CHECKING:
    from stepwell.testing import Workshop


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_with_the_right_words(shop: Workshop, name: str) -> None:
    case = WRONG[name]
    shop.sql("001_base", BASE)
    shop.sql("002_case", named(case.up), named(case.down), header=case.header)
    (proof,) = verified(shop, "002").proofs
    assert proof.verdict is Verdict.BROKEN
    told = named(case.told)
    assert any(told in reason for reason in proof.reasons), proof.reasons


def named(sql: str) -> str:
    """A name in the place of `T`."""
    return re.sub(r"\bT(?=\b|_)", "mine", sql)


def test_all_right_ones_are_proved(shop: Workshop) -> None:
    for number, (name, (up, down)) in enumerate(RIGHT.items(), 1):
        shop.sql(f"{number:03}_{name.replace(' ', '_')}", up, down)
    report = verified(shop, rows=False)
    assert {proof.name: proof.reasons for proof in report.proofs if proof.verdict is not Verdict.PROVED} == {}
    assert report.ok
    assert len(report.proofs) == len(RIGHT) >= 40
    assert len(WRONG) >= 40


def test_behind_one_that_can_not_be_applied_nothing_is_tried(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_broken", "CREATE TABLE second (id no_such_type);", "DROP TABLE second;")
    shop.table("003_third")
    first, second, third = verified(shop).proofs
    assert first.verdict is Verdict.PROVED
    assert second.reasons[0].startswith(
        'up() fails: type "no_such_type" does not exist (migrations/002_broken.sql:'
    )
    assert third.reasons == ("not tried: 002 broken, which stands before it, fails",)


def test_only_some_are_tried(shop: Workshop) -> None:
    for stem in ("001_first", "002_second", "003_third"):
        shop.table(stem)
    assert [str(proof.version) for proof in verified(shop, "002").proofs] == ["002"]
    error = shop.failure(shop.project(url=None, scratch_url=shop.url).verify(["009"]))
    assert isinstance(error, TargetError)


def test_irreversible_ones(shop: Workshop) -> None:
    shop.sql("001_declared", "CREATE TABLE first (id INTEGER);", header="-- irreversible: true")
    shop.sql("002_not_declared", "CREATE TABLE second (id INTEGER);")
    report = verified(shop)
    assert [proof.verdict for proof in report.proofs] == [Verdict.IRREVERSIBLE] * 2
    assert [proof.reasons for proof in report.proofs] == [
        ("declared irreversible",),
        ("it has no down(), which is not declared",),
    ]
    assert report.ok


def test_no_scratch_database_is_left(shop: Workshop, postgresql_server: str) -> None:
    import psycopg

    shop.table("001_first")
    verified(shop)
    with psycopg.connect(postgresql_server) as connection:
        found = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'stepwell_scratch_%'")
        before = found.fetchone()
    assert before is not None


def test_the_server_of_the_target_is_refused_whatever_it_is_called(
    shop: Workshop, postgresql_url: str
) -> None:
    shop.table("001_first")
    error = shop.failure(shop.project(url=postgresql_url, scratch_url=shop.url).verify())
    assert isinstance(error, UsageError)
    assert "leads to the server of the target" in error.message


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DROP ROLE app", "roles"),
        ("DROP DATABASE shop", "databases"),
        ("ALTER SYSTEM SET work_mem = '1MB'", "the settings of the server"),
        ("DO $$ BEGIN EXECUTE 'DROP ROLE app'; END $$", "roles"),
        ("GRANT admin TO app", "the members of roles"),
        ("COPY users TO PROGRAM 'rm'", "programs of the server's machine"),
    ],
)
def test_what_reaches_beyond_a_scratch_database_on_the_targets_server_is_refused(
    shop: Workshop, postgresql_url: str, sql: str, what: str
) -> None:
    shop.table("001_first")
    path = shop.sql("002_beyond", f"{sql};", "SELECT 1;", options="transaction:false")
    project = shop.project(url=postgresql_url, scratch_url=shop.url, scratch="same-server")
    error = shop.failure(project.verify())
    assert isinstance(error, UsageError)
    assert f"it reaches {what}" in error.message
    assert str(error.place) == shop.line(path, sql)


def test_the_reports_say_the_same(shop: Workshop) -> None:
    shop.table("001_first")
    shop.sql("002_second", "CREATE TABLE second (id INTEGER);", "SELECT 1;")
    report = verified(shop)
    text = verify_text(report, View())
    assert "✔ proved  001 first" in text
    assert "    down() leaves behind table second" in text
    document = json.loads(json.dumps(verify_document(report)))
    assert document["ok"] is False
    assert document["counts"]["proved"] == 1
    assert [each["verdict"] for each in document["migrations"]] == ["proved", "broken"]
    suite = ET.fromstring(verify_junit(report))
    assert suite.attrib["failures"] == "1"
    assert [case.find("failure") is not None for case in suite] == [False, True]


# --- on tables with rows ---

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);"
ON_ROWS: dict[str, tuple[str, str, Verdict, str]] = {
    "a column that goes takes its values along": (
        "ALTER TABLE users DROP COLUMN age;",
        "ALTER TABLE users ADD COLUMN age INTEGER;",
        Verdict.LOSSY,
        "lossy: drops column users.age (",
    ),
    "rows that go do not come back": ("DELETE FROM users;", "SELECT 1;", Verdict.LOSSY, " of users are gone"),
    "a column that every row lacks": (
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL;",
        "ALTER TABLE users DROP COLUMN name;",
        Verdict.FAILS_ON_ROWS,
        'up() fails on existing rows: column "name" of relation "users" contains null values',
    ),
    "a check that rows do not meet": (
        "ALTER TABLE users ADD CONSTRAINT never CHECK (id < -1000000);",
        "ALTER TABLE users DROP CONSTRAINT never;",
        Verdict.FAILS_ON_ROWS,
        "up() fails on existing rows",
    ),
    "rows that down() forgets": (
        "INSERT INTO notes VALUES ('a'), ('b');",
        "SELECT 1;",
        Verdict.BROKEN,
        "down() leaves behind 2 rows of notes",
    ),
    "rows that down() forgets in part": (
        "INSERT INTO notes VALUES ('a'), ('b');",
        "DELETE FROM notes WHERE body = 'a';",
        Verdict.BROKEN,
        "down() leaves behind 1 row of notes",
    ),
    "rows that come and go": (
        "INSERT INTO notes VALUES ('mine-1'), ('mine-2');",
        "DELETE FROM notes WHERE body IN ('mine-1', 'mine-2');",
        Verdict.PROVED,
        "",
    ),
    "down() that deletes more than up() put there": (
        "INSERT INTO notes VALUES ('a');",
        "DELETE FROM notes;",
        Verdict.LOSSY,
        " of notes are gone",
    ),
    "values that stay where there were none": (
        "UPDATE users SET age = 7 WHERE age IS NULL;",
        "SELECT 1;",
        Verdict.LOSSY,
        "users.age got a value in ",
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
    shop.sql("001_users", USERS + "CREATE TABLE notes (body TEXT);", "DROP TABLE users, notes;")
    shop.sql("002_case", up, down)
    must_be(verified(shop, "002").proofs[0], verdict, told)


def test_rows_that_a_trigger_has_left_are_noted(shop: Workshop) -> None:
    shop.sql(
        "001_users",
        f"""{USERS} CREATE TABLE audit (what TEXT);
        CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN INSERT INTO audit VALUES (tg_op); RETURN NULL; END$$;
        CREATE TRIGGER audited AFTER UPDATE ON users FOR EACH STATEMENT EXECUTE FUNCTION audited();""",
        "DROP TABLE users, audit; DROP FUNCTION audited;",
    )
    shop.sql("002_case", "UPDATE users SET age = age + 1;", "UPDATE users SET age = age - 1;")
    (proof,) = verified(shop, "002").proofs
    assert proof.verdict is Verdict.PROVED, proof
    assert proof.notes == ("after down(), 2 rows of audit are new: by a trigger?",)


def test_what_is_lossy_is_wrong_only_strictly(shop: Workshop) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql("002_case", "ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age INTEGER;")
    project = shop.project(url=None, scratch_url=shop.url)
    assert shop.run(project.verify()).ok
    assert not shop.run(project.verify(strict=True)).ok
    without = shop.run(project.verify(strict=True, rows=False))
    assert [proof.verdict for proof in without.proofs] == [Verdict.PROVED] * 2


def test_behind_one_that_fails_on_rows_the_next_is_tried_all_the_same(shop: Workshop) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql("002_case", *ON_ROWS["a column that every row lacks"][:2])
    shop.sql("003_next", *ON_ROWS["a column that goes takes its values along"][:2])
    assert [proof.verdict for proof in verified(shop).proofs] == [
        Verdict.PROVED,
        Verdict.FAILS_ON_ROWS,
        Verdict.LOSSY,
    ]


def test_rows_of_ones_own_are_tried_too(shop: Workshop) -> None:
    shop.sql("001_users", USERS, "DROP TABLE users;")
    shop.sql(
        "002_case",
        "ALTER TABLE users ADD CONSTRAINT one UNIQUE (email);",
        "ALTER TABLE users DROP CONSTRAINT one;",
    )
    project = shop.project(url=None, scratch_url=shop.url)
    assert shop.run(project.verify(["002"])).ok
    twice = "COPY users (id, email) FROM STDIN;\n101\tsame\n102\tsame\n\\.\n"
    (proof,) = shop.run(project.verify(["002"], data=twice)).proofs
    assert proof.verdict is Verdict.FAILS_ON_ROWS
    error = shop.failure(project.verify(["002"], data="INSERT INTO nobody VALUES (1);"))
    assert isinstance(error, UsageError)
    assert "the data can't be loaded" in error.message

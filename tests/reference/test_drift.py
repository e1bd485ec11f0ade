"""`drift` on the reference application: each change by hand in its exact words, and nothing where nobody made one."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.dumping import programs, restored

from stepwell.cli.main import main

ROOT = Path(__file__).resolve().parents[2]

# The application has neither view nor trigger nor function: a folder of somebody else brings them.
MORE = """-- depends: 001, 002
-- migrate:up
CREATE VIEW active_users AS SELECT id, username FROM users WHERE is_active;
CREATE FUNCTION note_meal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER meal_noted AFTER INSERT ON meals FOR EACH ROW EXECUTE FUNCTION note_meal();

-- migrate:down
DROP TRIGGER meal_noted ON meals;
DROP FUNCTION note_meal();
DROP VIEW active_users;
"""

# What somebody does, and what is told of it. MATE is a role.
BY_HAND = {
    "a column added": (
        "ALTER TABLE users ADD COLUMN phone VARCHAR(20) DEFAULT ''",
        ["column users.phone: added (varchar(20) default ''::character varying)"],
    ),
    "a column dropped": (
        "ALTER TABLE meals DROP COLUMN calories",
        ["column meals.calories: removed", "constraint meals.meals_calories_check: removed"],
    ),
    "a column renamed": (
        "ALTER TABLE mood_entries RENAME COLUMN note TO remark",
        ["column mood_entries.note: removed", "column mood_entries.remark: added (text)"],
    ),
    "an index dropped": ("DROP INDEX users_email_key", ["index users_email_key: removed"]),
    "an index added": (
        "CREATE INDEX by_hand ON meals (calories)",
        ["index by_hand: added (btree (calories))"],
    ),
    "a default changed": (
        "ALTER TABLE changelog ALTER COLUMN kind SET DEFAULT 'fixed'",
        [("column changelog.kind: default 'changed'::character varying -> 'fixed'::character varying")],
    ),
    "grants": (
        "GRANT SELECT (username), INSERT ON users TO MATE",
        [
            "column users.username: grants MATE none -> SELECT",
            "table users: grants MATE none -> INSERT",
        ],
    ),
    "a comment": (
        "COMMENT ON COLUMN users.email IS 'where they get mail'",
        ["column users.email: comment none -> where they get mail"],
    ),
    "a trigger disabled": (
        "ALTER TABLE meals DISABLE TRIGGER meal_noted",
        ["trigger meals.meal_noted: fires enabled -> disabled"],
    ),
    "foreign keys that are not enforced": (
        "ALTER TABLE user_roles DISABLE TRIGGER ALL",
        [
            "constraint user_roles.user_roles_role_id_fkey: fires enabled -> disabled",
            "constraint user_roles.user_roles_user_id_fkey: fires enabled -> disabled",
        ],
    ),
    "a view replaced": (
        "CREATE OR REPLACE VIEW active_users AS SELECT id, username FROM users",
        ["view active_users: definition is another"],
    ),
    "a type changed": (
        "ALTER TABLE meals ALTER COLUMN calories TYPE BIGINT",
        ["column meals.calories: type integer -> bigint"],
    ),
    "a constraint that is not valid": (
        (
            "ALTER TABLE meals DROP CONSTRAINT meals_calories_check;"
            " ALTER TABLE meals ADD CONSTRAINT meals_calories_check CHECK (calories >= 0) NOT VALID"
        ),
        ["constraint meals.meals_calories_check: not valid no -> yes"],
    ),
    "an owner changed": (
        "ALTER TABLE roles OWNER TO MATE",
        ["sequence roles_id_seq: owner OWNER -> MATE", "table roles: owner OWNER -> MATE"],
    ),
    "a function replaced": (
        "CREATE OR REPLACE FUNCTION note_meal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        ["function note_meal(): body BEGIN RETURN NEW; END -> BEGIN RETURN NULL; END"],
    ),
    "row security": (
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        ["table users: row security no -> yes"],
    ),
    "an option": (
        "ALTER TABLE meals SET (fillfactor = 70)",
        ["table meals: options fillfactor none -> 70"],
    ),
}


class Journal:
    """The application on a database of its own, and a folder with one migration more."""

    def __init__(self, url: str, more: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self._more, self._capsys = url, more, capsys

    def run(self, *arguments: str, expected: int = 0, url: str | None = None) -> dict[str, Any]:
        """Run a command that exits with this code; gives its JSON."""
        where = ["--url", url or self.url, "--scratch-url", self.url, "--scratch", "same-server"]
        folders = ["--migrations", "db/migrations", "--migrations", str(self._more)]
        self._capsys.readouterr()
        code = main([*arguments, *where, *folders, "--format", "json"], root=ROOT)
        captured = self._capsys.readouterr()
        assert code == expected, captured.err + captured.out
        document: dict[str, Any] = json.loads(captured.out)
        return document

    def execute(self, statement: str) -> None:
        """Do something by hand."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture
def journal(postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Journal:
    more = tmp_path / "more"
    more.mkdir()
    (more / "006_more.sql").write_text(MORE)
    return Journal(postgresql_url, more, capsys)


@pytest.fixture
def mate(journal: Journal) -> Iterator[str]:
    """A role of this test: roles belong to the whole server."""
    name = f"mate_{uuid.uuid4().hex[:12]}"
    journal.execute(f"CREATE ROLE {name}")
    yield name
    journal.execute(f"REASSIGN OWNED BY {name} TO current_user")
    journal.execute(f"DROP OWNED BY {name}")
    journal.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize(("statement", "told"), BY_HAND.values(), ids=BY_HAND)
def test_a_change_by_hand(journal: Journal, mate: str, statement: str, told: list[str]) -> None:
    journal.run("migrate")
    journal.execute(statement.replace("MATE", mate))
    found = journal.run("drift", expected=3)
    owner = f"owner {urlsplit(journal.url).username}"
    assert [text.replace(mate, "MATE").replace(owner, "owner OWNER") for text in found["text"]] == told


# --- nobody has changed anything ---


@pytest.mark.parametrize("last", ["001", "002", "003", "004", "005", "006"])
def test_no_drift_at_each_step_up_and_down(journal: Journal, last: str) -> None:
    journal.run("migrate", "--target", last)
    assert journal.run("drift")["text"] == []
    journal.run("rollback")
    assert journal.run("drift")["text"] == []


def test_no_drift_where_only_some_are_applied(journal: Journal) -> None:
    journal.run("migrate", "--target", "003", "--only-needed")
    assert journal.run("drift")["text"] == []


def test_no_drift_with_the_history_in_a_schema_of_its_own(journal: Journal) -> None:
    journal.execute("CREATE SCHEMA tool")
    journal.run("migrate", "--schema", "tool")
    assert journal.run("drift", "--schema", "tool")["text"] == []


def test_another_owner_is_none_but_what_was_granted_to_it_is(journal: Journal, mate: str) -> None:
    journal.execute(f"GRANT ALL ON SCHEMA public TO {mate}")
    journal.run("migrate", "--role", mate)
    assert journal.run("drift", "--role", mate, expected=3)["text"] == [
        f"schema public: grants {mate} none -> CREATE, USAGE"
    ]


def test_no_drift_after_a_dump_and_a_restore(
    journal: Journal, postgresql_server: str, unavailable: Callable[[str], NoReturn]
) -> None:
    journal.run("migrate")
    with psycopg.connect(postgresql_server) as connection:
        version = connection.info.server_version // 10_000
    with restored(postgresql_server, journal.url, programs(version, unavailable), rows=True) as url:
        assert journal.run("drift", url=url)["text"] == []


# --- what may differ ---


def test_what_is_ignored_is_told_apart(journal: Journal) -> None:
    journal.run("migrate")
    for statement in (
        "CREATE SCHEMA audit",
        "CREATE TABLE audit.events (happened_at TIMESTAMPTZ)",
        "COMMENT ON COLUMN users.email IS 'mail'",
        "CREATE INDEX by_hand ON meals (calories)",
    ):
        journal.execute(statement)
    audit, comments = (
        "--ignore=schema audit # of the auditors",
        "--ignore=column *: comment # of the analysts",
    )
    unused = "--ignore=index tmp_* # of the nightly job"
    found = journal.run("drift", audit, comments, unused, expected=3)
    assert found["text"] == ["index by_hand: added (btree (calories))"]
    assert [(each["pattern"], each["reason"], each["text"]) for each in found["ignored"]] == [
        (
            "schema audit",
            "of the auditors",
            ["schema audit: added (1 column, 1 table)"],
        ),
        ("column *: comment", "of the analysts", ["column users.email: comment none -> mail"]),
    ]
    assert found["unused"] == [{"pattern": "index tmp_*", "reason": "of the nightly job"}]
    journal.execute("DROP INDEX by_hand")
    assert journal.run("drift", audit, comments)["equal"] is True

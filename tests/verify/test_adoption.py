"""A database without a history is taken over by `migrate`: what is there is recorded, the rest is applied."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from stepwell.core.errors import ContradictionError, MisuseError, StepError, StepwellError
from stepwell.core.events import Adopting, Planned, Warned
from stepwell.core.report import Outcome
from stepwell.testing import Workshop
from stepwell.testing.workshop import report_of, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.core.report import RunReport
    from stepwell.project import Project

CHAIN = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);",
    "CREATE INDEX users_email ON users (email);",
    "INSERT INTO users (id, email) VALUES (1, 'a');",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);",
    "CREATE TABLE tags (id INTEGER PRIMARY KEY);",
)
ALL = ["001", "002", "003", "004", "005"]


class Shop(Workshop):
    """Replays on the server of its database, unless another place is given: that is there already."""

    def project(self, **settings: Any) -> Project:
        """The project of these migrations and this database."""
        here = {"scratch_url": self.url, "scratch": "same-server"}
        return super().project(**(settings if "scratch_url" in settings else here | settings))


@pytest.fixture
def shop(postgresql_url: str, tmp_path: Path) -> Workshop:
    """Five migrations, of which the third only changes rows, and a database without a history."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    made = Shop(postgresql_url, tmp_path, ask)
    for number, sql in enumerate(CHAIN, 1):
        made.sql(f"{number:03}_step", sql, "SELECT 1;")
    return made


def build(shop: Workshop, count: int) -> None:
    """What somebody built by hand."""
    for sql in CHAIN[:count]:
        shop.ask(sql)


def seed(shop: Workshop, **arguments: Any) -> Path:
    """Write the third one in Python instead, with these arguments of `Workshop.python`."""
    (shop.folder / "003_step.sql").unlink(missing_ok=True)
    return shop.python(
        "003_step", "await database.execute(\"INSERT INTO users (id, email) VALUES (1, 'a')\")", **arguments
    )


def adopted(report: RunReport) -> list[str]:
    return [each.version.text for each in report.adopted]


def applied(report: RunReport) -> list[str]:
    return [version.text for version in report.versions(Outcome.APPLIED)]


def migrated(shop: Workshop, **settings: Any) -> tuple[list[str], list[str], Sequence[str]]:
    """What a first run recorded, what it applied, and what it warned of."""
    report = shop.run(shop.project(**settings).migrate())
    assert shop.pending() == []
    return adopted(report), applied(report), report.warnings


# --- how far ---


@pytest.mark.parametrize("built", range(6))
def test_what_is_there_is_recorded_and_the_rest_applied(shop: Workshop, built: int) -> None:
    build(shop, built)
    if built == 3:  # nothing tells, and it can't be run twice
        shop.ask("DELETE FROM users")
    expected = 2 if built == 3 else built
    assert migrated(shop)[:2] == (ALL[:expected], ALL[expected:])
    assert shop.applied() == ALL
    assert [entry.event for entry in shop.log()] == ["marked"] * expected + ["applied"] * (5 - expected)
    assert shop.run(shop.project().migrate()).steps == ()


def test_a_table_of_somebody_else_is_no_obstacle(shop: Workshop) -> None:
    shop.ask("CREATE TABLE theirs (id INTEGER)")
    assert migrated(shop)[:2] == ([], ALL)


def test_an_empty_history_is_none(shop: Workshop) -> None:
    """A run that was killed behind its first step has made the tables and no more."""
    shop.migrate()
    shop.ask("DELETE FROM migrations")
    assert migrated(shop)[:2] == (ALL, [])


def test_nothing_is_recorded_beyond_the_target(shop: Workshop) -> None:
    build(shop, 5)
    report = shop.migrate(target="002")
    assert adopted(report) == ALL[:2]
    assert shop.applied() == ALL[:2]


def test_only_what_is_needed_is_recorded(shop: Workshop) -> None:
    shop.sql("004_step", CHAIN[3], header="-- depends: 001")
    build(shop, 5)
    report = shop.migrate(target="004", only_needed=True)
    assert adopted(report) == ["001", "004"]


def test_the_evidence_is_told_before_anything_is_recorded(shop: Workshop) -> None:
    build(shop, 2)
    told: list[tuple[str, bool]] = []
    project = shop.project(
        events=lambda event: (
            told.append((type(event).__name__, shop.exists("migrations")))
            if isinstance(event, Adopting | Planned)
            else None
        )
    )
    report = shop.run(project.migrate())
    assert told == [("Adopting", False), ("Adopting", False), ("Planned", True)]
    assert [each.evidence for each in report.adopted] == [
        "table users is there",
        "index users_email is there",
    ]


def test_a_dry_run_tells_both_and_writes_nothing(shop: Workshop) -> None:
    build(shop, 2)
    report = shop.migrate(dry_run=True)
    assert (adopted(report), [step.version.text for step in report.steps]) == (ALL[:2], ALL[2:])
    assert report.steps[0].statements[0].sql.startswith("INSERT INTO users")
    assert not shop.exists("migrations")


def test_what_is_taken_over_is_not_reverted_with_the_batch(shop: Workshop) -> None:
    build(shop, 4)
    shop.migrate()
    shop.rollback(batch="last")
    assert shop.applied() == ALL[:4]


# --- where it stops ---


def stopped(shop: Workshop, **settings: Any) -> StepwellError:
    """The error of a first run and of a dry one, which must be the same, and which have changed nothing."""
    error = shop.failure(shop.project(**settings).migrate())
    again = shop.failure(shop.project(**settings).migrate(dry_run=True))
    assert (error.message, error.place, error.hint) == (again.message, again.place, again.hint)
    assert not shop.exists("migrations")
    return error


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("ALTER TABLE posts DROP COLUMN title", "004 step: column posts.title is not there"),
        ("DROP INDEX users_email", "002 step: index users_email is not there"),
        ("ALTER TABLE users ALTER age TYPE TEXT", "001 step: column users.age: type integer -> text"),
        ("DROP TABLE users; CREATE TABLE users ()", "001 step: column users.age, column users.email"),
        ("DROP TABLE users", "001 step: table users is not there"),
    ],
    ids=["a column", "an index", "a type", "all but a name", "the first table"],
)
def test_where_a_part_is_missing_it_says_which(shop: Workshop, change: str, missing: str) -> None:
    build(shop, 4)
    shop.ask(change)
    error = stopped(shop)
    assert isinstance(error, ContradictionError)
    assert missing in error.message
    assert error.message.startswith(
        "this database has no history, but it has already what pending migrations"
    )
    assert str(error.place) == f"migrations/{missing[:3]}_step.sql"
    assert "stepwell baseline --to V" in (error.hint or "")
    assert "--scratch-url" in (error.hint or "")


def test_without_a_scratch_database_it_stops(shop: Workshop) -> None:
    build(shop, 2)
    error = stopped(shop, scratch_url=shop.url)
    assert isinstance(error, ContradictionError)
    assert "table users, index users_email (created by 001 step)" in error.message
    assert "scratch_url leads to the server of the target" in error.message
    assert "stepwell baseline --to V" in (error.hint or "")
    assert "--scratch-url" in (error.hint or "")


def test_a_scratch_server_that_can_not_be_reached_stops_it(shop: Workshop) -> None:
    build(shop, 2)
    error = stopped(shop, scratch_url="postgresql://nobody@127.0.0.1:1/scratch")
    assert isinstance(error, ContradictionError)
    assert "stepwell baseline --to V" in (error.hint or "")


def test_a_replay_that_fails_stops_it_and_names_the_line(shop: Workshop) -> None:
    build(shop, 2)
    path = shop.sql("004_step", "SELECT 1;\n\nALTER TABLE only_there ADD COLUMN x INTEGER;")
    error = stopped(shop)
    assert isinstance(error, ContradictionError)
    assert "replay on a scratch database" in error.message
    assert "only_there" in error.message
    assert str(error.place) == shop.line(path, "only_there")
    assert "stepwell baseline --to V" in (error.hint or "")


def test_what_no_migration_leaves_behind_is_not_taken_for_theirs(shop: Workshop) -> None:
    shop.sql("001_step", "CREATE TABLE work (id INTEGER);\nDROP TABLE work;\n" + CHAIN[0])
    shop.ask("CREATE TABLE work (id INTEGER)")
    error = stopped(shop)
    assert isinstance(error, ContradictionError)
    assert "table work (created by 001 step); and nothing else of what they give is there" in error.message


def test_what_is_created_only_where_it_is_missing_is_no_obstacle(shop: Workshop) -> None:
    shop.sql("001_step", "CREATE TABLE IF NOT EXISTS work (id INTEGER);\nDROP TABLE work;\n" + CHAIN[0])
    shop.ask("CREATE TABLE work (id INTEGER)")
    assert migrated(shop)[:2] == ([], ALL)


def test_a_schema_and_an_extension_that_were_provided_are_no_obstacle(shop: Workshop) -> None:
    shop.sql(
        "004_step", "CREATE SCHEMA IF NOT EXISTS extra;\nCREATE EXTENSION IF NOT EXISTS plpgsql;\n" + CHAIN[3]
    )
    shop.ask("CREATE SCHEMA extra")
    build(shop, 2)
    assert migrated(shop)[:2] == (ALL[:2], ALL[2:])


def test_what_would_be_refused_afterwards_is_refused_before(shop: Workshop) -> None:
    """With --strict nothing may be applied before one that is applied, as 003 would be."""
    seed(shop, attributes="idempotent = True")
    build(shop, 4)
    error = shop.failure(shop.project().migrate(strict=True))
    assert "out of order: 003 step" in error.message
    assert not shop.exists("migrations")


def test_a_failure_behind_it_says_what_stands(shop: Workshop) -> None:
    build(shop, 2)
    shop.ask("INSERT INTO users (id) VALUES (1)")
    error = shop.failure(shop.project().migrate())
    assert isinstance(error, StepError)
    report = report_of(error)
    assert adopted(report) == ALL[:2]
    assert report.stands is not None
    assert report.stands.startswith("001, 002 recorded, since what they give is there; nothing was applied")
    assert shop.applied() == ALL[:2]


# --- several at once, and kills ---


def test_two_at_once_take_it_over_once(shop: Workshop) -> None:
    async def both() -> Sequence[RunReport]:
        return await asyncio.gather(*(shop.project().migrate() for _ in range(2)))

    build(shop, 4)
    reports = shop.run(both())
    assert sorted(map(adopted, reports)) == [[], ALL[:4]]
    assert sorted(map(applied, reports)) == [[], ["005"]]
    assert [entry.event for entry in shop.log()] == ["marked"] * 4 + ["applied"]


def test_a_kill_between_recording_and_applying_is_gone_on_from(shop: Workshop) -> None:
    shop.sql("003_step", "ALTER TABLE users ADD COLUMN name TEXT;")
    build(shop, 2)
    with psycopg.connect(shop.url) as connection:
        connection.execute("LOCK TABLE users IN ACCESS SHARE MODE")  # 003 has to wait
        process = shop.process()
        recorded = "SELECT version FROM migrations"
        shop.run(until(lambda: shop.exists("migrations") and shop.column(recorded) == ALL[:2]))
        process.kill()
        process.communicate()
    report = shop.migrate()
    assert (adopted(report), applied(report)) == ([], ALL[2:])


# --- is_applied ---

ASKS = 'return await database.fetch_val("SELECT count(*) FROM users") > 0'


def asked(body: str, *, plain: bool = False) -> dict[str, Any]:
    """Arguments that let the third one define `is_applied`, behind its `up`."""
    return {"attributes": f"{'' if plain else 'async '}def is_applied(self):\n    {body}\n"}


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
@pytest.mark.parametrize("built", [3, 4], ids=["at the end", "between"])
def test_a_data_migration_is_asked(shop: Workshop, built: int, there: bool, plain: bool) -> None:
    body = ASKS.replace("await ", "") if plain else ASKS
    seed(shop, **asked(body, plain=plain))
    build(shop, built)
    if not there:
        shop.ask("DELETE FROM users")
    report = shop.migrate()
    assert ("003" in adopted(report)) is there
    assert ("003" in applied(report)) is not there
    assert shop.column("SELECT count(*) FROM users") == [1]
    assert shop.pending() == []


def test_an_idempotent_one_between_others_is_run_and_it_is_said_why(shop: Workshop) -> None:
    seed(shop, attributes="idempotent = True")
    build(shop, 2)
    shop.ask(CHAIN[3])
    recorded, run, warnings = migrated(shop)
    assert (recorded, run) == (["001", "002", "004"], ["003", "005"])
    assert (
        "003 step: it is declared idempotent, and what stands before and behind it is there: it is run"
        in warnings
    )


def test_one_that_nobody_can_tell_of_is_recorded_between_others_and_told(shop: Workshop) -> None:
    build(shop, 2)
    shop.ask(CHAIN[3])
    told: list[str] = []
    shop.run(
        shop.project(
            events=lambda event: told.append(event.message) if isinstance(event, Warned) else None
        ).migrate()
    )
    assert any("003 step: nothing tells whether it ran" in message for message in told)
    assert shop.applied() == ALL


def test_baseline_asks_too(shop: Workshop) -> None:
    seed(shop, **asked(ASKS))
    build(shop, 3)
    report = shop.run(shop.project().baseline(dry_run=True))
    assert [version.text for version, _ in report.recorded] == ALL[:3]
    assert report.evidence[-1] == "003 step: is_applied() says so"
    shop.ask("DELETE FROM users")
    report = shop.run(shop.project().baseline())
    assert [version.text for version, _ in report.recorded] == ALL[:2]
    assert report.warnings == ("003 step: is_applied() says False: it is run",)


def test_what_is_seen_decides_and_a_contradiction_is_told(shop: Workshop) -> None:
    (shop.folder / "002_step.sql").unlink()
    shop.python(
        "002_step",
        f'await database.execute("{CHAIN[1]}")',
        attributes="async def is_applied(self):\n    return False",
    )
    build(shop, 2)
    recorded, _, warnings = migrated(shop)
    assert recorded == ALL[:2]
    assert "002 step: is_applied() says False, but what it gives is there: it is recorded" in warnings


def test_a_read_that_fails_may_be_caught(shop: Workshop) -> None:
    seed(
        shop,
        **asked(
            "try:\n"
            '        return await database.fetch_val("SELECT true FROM not_there")\n'
            "    except Exception:\n"
            "        return False"
        ),
    )
    build(shop, 2)
    assert migrated(shop)[:2] == (ALL[:2], ALL[2:])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('await database.execute("DELETE FROM users")', "is_applied() only asks: a read that writes"),
        (
            'await database.execute_count("DELETE FROM users")',
            "is_applied() only asks: a statement that writes",
        ),
        ('await database.execute_many("DELETE FROM users", [{}])', "only asks: a statement that writes"),
        ('await database.fetch_all("DELETE FROM users RETURNING id")', "only asks: a read that writes"),
        ("async with database.driver(): pass", "is_applied() only asks: driver() is used"),
        ("return None", "is_applied() only asks: it must give True or False, not None"),
        ("yield True", "is_applied() holds a 'yield'"),
    ],
    ids=["execute", "count", "many", "returning", "driver", "no answer", "generator"],
)
def test_it_must_only_ask(shop: Workshop, body: str, message: str) -> None:
    path = seed(shop, **asked(body))
    build(shop, 4)
    error = stopped(shop)
    assert isinstance(error, MisuseError)
    assert message in error.message
    line = "def is_applied" if body.startswith(("return", "yield")) else body
    assert str(error.place) == shop.line(path, line)
    assert shop.column("SELECT count(*) FROM users") == [1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise RuntimeError('who knows')", "RuntimeError: who knows"),
        ('return await database.fetch_val("SELECT unseen()") > 0', "read-only"),
        ('return await database.fetch_val("SELECT nothing FROM users")', '"nothing" does not exist'),
    ],
    ids=["raises", "writes unseen", "wrong SQL"],
)
def test_what_fails_in_it_is_told_with_its_line(shop: Workshop, body: str, message: str) -> None:
    path = seed(shop, **asked(body))
    build(shop, 4)
    shop.ask("CREATE FUNCTION unseen() RETURNS integer LANGUAGE sql AS 'DELETE FROM users RETURNING 1'")
    error = stopped(shop)
    assert isinstance(error, StepError)
    assert message in error.message
    assert str(error.place) == shop.line(path, body)


def test_behind_what_is_there_it_may_fail(shop: Workshop) -> None:
    """It may ask for tables that will come only then."""
    seed(shop, **asked('return await database.fetch_val("SELECT count(*) FROM posts") > 0'))
    build(shop, 1)
    assert migrated(shop)[:2] == (ALL[:1], ALL[1:])


# --- where the history is ---


def test_the_history_may_be_in_another_schema(shop: Workshop) -> None:
    shop.ask("CREATE SCHEMA books")
    build(shop, 4)
    report = shop.run(shop.project(schema="books", table="history").migrate())
    assert (adopted(report), applied(report)) == (ALL[:4], ["005"])
    assert shop.column("SELECT version FROM books.history ORDER BY id") == ALL

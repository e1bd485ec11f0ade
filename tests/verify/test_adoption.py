"""A database without a history is taken over by `migrate`: what is there is recorded, the rest is applied."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.verify.legacy import ALL, CHAIN, adopted, applied, build, migrated, seed, stopped

from stepwell.core.errors import ConnectionFailedError, ContradictionError, StepError
from stepwell.core.events import Adopting, Planned, Replaying
from stepwell.testing.workshop import report_of, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.report import RunReport
    from stepwell.testing import Workshop


# --- how far ---


@pytest.mark.parametrize("built", range(6))
def test_what_is_there_is_recorded_and_the_rest_applied(legacy: Workshop, built: int) -> None:
    build(legacy, built)
    if built == 3:  # nothing tells, and it can't be run twice
        legacy.ask("DELETE FROM users")
    expected = 2 if built == 3 else built
    assert migrated(legacy)[:2] == (ALL[:expected], ALL[expected:])
    assert legacy.applied() == ALL
    assert [entry.event for entry in legacy.log()] == ["marked"] * expected + ["applied"] * (5 - expected)
    assert legacy.run(legacy.project().migrate()).steps == ()


def test_a_table_of_somebody_else_is_no_obstacle(legacy: Workshop) -> None:
    legacy.ask("CREATE TABLE theirs (id INTEGER)")
    assert migrated(legacy)[:2] == ([], ALL)


def test_what_whoever_runs_the_database_did_there_is_no_obstacle(legacy: Workshop) -> None:
    build(legacy, 4)
    legacy.ask(
        "ALTER TABLE users SET (fillfactor = 50), ALTER email SET STATISTICS 500, ALTER email SET STORAGE EXTERNAL,"
        " REPLICA IDENTITY FULL, CLUSTER ON users_pkey; COMMENT ON TABLE users IS 'theirs';"
        " GRANT SELECT ON users TO PUBLIC; CREATE INDEX theirs ON users (age); ALTER TABLE users ADD theirs TEXT;"
        " CREATE TABLE of_theirs (id INTEGER REFERENCES users (id)); CREATE VIEW theirs_too AS SELECT id FROM users"
    )
    assert migrated(legacy)[:2] == (ALL[:4], ALL[4:])


GRANTS = "GRANT SELECT ON users TO PUBLIC; COMMENT ON COLUMN users.age IS 'in years';"


@pytest.mark.parametrize(
    ("by_hand", "evidence", "warnings"),
    [
        (GRANTS, "what it sets on table users, column users.age is there", []),
        (
            "GRANT SELECT, INSERT ON users TO PUBLIC; COMMENT ON COLUMN users.age IS 'in years'",
            "what stands behind it is there",
            ["003 step: what it sets on table users is not there"],
        ),
        (
            "COMMENT ON TABLE users IS 'theirs'",
            "what stands behind it is there",
            ["003 step: what it sets on table users, column users.age is not there"],
        ),
    ],
    ids=["there", "otherwise", "not there"],
)
def test_of_what_is_only_set_on_things_it_is_told_whether_it_is_there(
    legacy: Workshop, by_hand: str, evidence: str, warnings: list[str]
) -> None:
    legacy.sql("003_step", GRANTS, "SELECT 1;")
    build(legacy, 2)
    legacy.ask(by_hand)
    legacy.ask(CHAIN[3])
    report = legacy.run(legacy.project().migrate())
    assert [str(each) for each in report.adopted][2] == f"003 step: {evidence}"
    behind = ", but what stands behind it is there: it is recorded"
    assert list(report.warnings) == [f"{each}{behind}" for each in warnings]


def test_what_a_later_one_sets_anew_says_nothing(legacy: Workshop) -> None:
    legacy.sql("002_step", "COMMENT ON TABLE users IS 'people';", "SELECT 1;")
    legacy.sql("003_step", "COMMENT ON TABLE users IS 'users';", "SELECT 1;")
    build(legacy, 1)
    legacy.ask("COMMENT ON TABLE users IS 'users'")
    legacy.ask(CHAIN[3])
    report = legacy.run(legacy.project().migrate())
    assert [str(each) for each in report.adopted][1:3] == [
        "002 step: what stands behind it is there",
        "003 step: what it sets on table users is there",
    ]


def test_what_a_later_one_changes_is_not_missing(legacy: Workshop) -> None:
    """Only what the nearest place lacks is told."""
    legacy.sql(
        "005_step",
        "ALTER TABLE users RENAME COLUMN age TO years;\nALTER TABLE users ALTER email SET NOT NULL;",
    )
    for sql in (
        *CHAIN[:4],
        "ALTER TABLE users RENAME age TO years; ALTER TABLE users ALTER email SET NOT NULL",
    ):
        legacy.ask(sql)
    legacy.ask("DROP INDEX users_email; ALTER TABLE users ADD COLUMN theirs TEXT")
    assert stopped(legacy).message.endswith("002 step: index users_email is not there")


def test_an_empty_history_is_none(legacy: Workshop) -> None:
    """A run that was killed behind its first step has made the tables and no more."""
    legacy.migrate()
    legacy.ask("DELETE FROM migrations")
    assert migrated(legacy)[:2] == (ALL, [])


def test_nothing_is_recorded_beyond_the_target(legacy: Workshop) -> None:
    build(legacy, 5)
    report = legacy.migrate(target="002")
    assert adopted(report) == ALL[:2]
    assert legacy.applied() == ALL[:2]


def test_only_what_is_needed_is_recorded(legacy: Workshop) -> None:
    legacy.sql("004_step", CHAIN[3], header="-- depends: 001")
    build(legacy, 5)
    report = legacy.migrate(target="004", only_needed=True)
    assert adopted(report) == ["001", "004"]


def test_the_evidence_is_told_before_anything_is_recorded(legacy: Workshop) -> None:
    build(legacy, 2)
    told: list[tuple[str, bool]] = []
    project = legacy.project(
        events=lambda event: (
            told.append((type(event).__name__, legacy.exists("migrations")))
            if isinstance(event, Replaying | Adopting | Planned)
            else None
        )
    )
    report = legacy.run(project.migrate())
    assert told == [("Replaying", False), ("Adopting", False), ("Adopting", False), ("Planned", True)]
    assert [each.evidence for each in report.adopted] == [
        "table users is there",
        "index users_email is there",
    ]


def test_a_dry_run_tells_both_and_writes_nothing(legacy: Workshop) -> None:
    build(legacy, 2)
    report = legacy.migrate(dry_run=True)
    assert (adopted(report), [step.version.text for step in report.steps]) == (ALL[:2], ALL[2:])
    assert report.steps[0].statements[0].sql.startswith("INSERT INTO users")
    assert not legacy.exists("migrations")


def test_what_is_taken_over_is_not_reverted_with_the_batch(legacy: Workshop) -> None:
    build(legacy, 4)
    legacy.migrate()
    legacy.rollback(batch="last")
    assert legacy.applied() == ALL[:4]


# --- where it stops ---


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
def test_where_a_part_is_missing_it_says_which(legacy: Workshop, change: str, missing: str) -> None:
    build(legacy, 4)
    legacy.ask(change)
    error = stopped(legacy)
    assert isinstance(error, ContradictionError)
    assert missing in error.message
    assert error.message.startswith(
        "this database has no history, but it has already what pending migrations"
    )
    assert str(error.place) == f"migrations/{missing[:3]}_step.sql"
    assert "stepwell baseline --to V" in (error.hint or "")
    assert "--scratch-url" in (error.hint or "")


def test_what_a_view_lets_through_is_no_option_of_its_storage(legacy: Workshop) -> None:
    legacy.sql(
        "003_step",
        "CREATE VIEW v WITH (security_barrier) AS SELECT id FROM users WITH CHECK OPTION;",
        "SELECT 1;",
    )
    build(legacy, 2)
    legacy.ask("CREATE VIEW v AS SELECT id FROM users")
    error = stopped(legacy)
    assert "there in part: 003 step: view v: options check_option" in error.message
    legacy.ask("ALTER VIEW v SET (security_barrier = true, check_option = cascaded)")
    assert migrated(legacy)[:2] == (ALL[:3], ALL[3:])


def test_without_a_scratch_database_it_stops(legacy: Workshop) -> None:
    build(legacy, 2)
    error = stopped(legacy, scratch_url=legacy.url)
    assert isinstance(error, ContradictionError)
    assert "table users (created by 001 step), index users_email; " in error.message
    assert "scratch_url leads to the server of the target" in error.message
    assert "stepwell baseline --to V" in (error.hint or "")
    assert "--scratch-url" in (error.hint or "")


def test_a_scratch_server_that_can_not_be_reached_stops_it(legacy: Workshop) -> None:
    build(legacy, 2)
    error = stopped(legacy, scratch_url="postgresql://nobody@127.0.0.1:1/scratch")
    assert isinstance(error, ContradictionError)
    assert "stepwell baseline --to V" in (error.hint or "")


def test_a_replay_that_fails_stops_it_and_names_the_line(legacy: Workshop) -> None:
    build(legacy, 2)
    path = legacy.sql("004_step", "SELECT 1;\n\nALTER TABLE only_there ADD COLUMN x INTEGER;")
    error = stopped(legacy)
    assert isinstance(error, ContradictionError)
    assert "replay on a scratch database" in error.message
    assert "only_there" in error.message
    assert str(error.place) == legacy.line(path, "only_there")
    assert "stepwell baseline --to V" in (error.hint or "")


def test_what_no_migration_leaves_behind_is_not_taken_for_theirs(legacy: Workshop) -> None:
    legacy.sql("001_step", "CREATE TABLE work (id INTEGER);\nDROP TABLE work;\n" + CHAIN[0])
    legacy.ask("CREATE TABLE work (id INTEGER)")
    error = stopped(legacy)
    assert isinstance(error, ContradictionError)
    assert "table work (created by 001 step); and nothing else of what they give is there" in error.message


@pytest.mark.parametrize(
    "ask",
    [
        lambda project: project.migrate(),
        lambda project: project.baseline(),
        lambda project: project.snapshot(),
        lambda project: project.drift(),
        lambda project: project.status(drift=True),
    ],
    ids=["migrate", "baseline", "snapshot", "drift", "status"],
)
def test_a_structure_that_somebody_changes_just_now_is_no_failed_migration(
    legacy: Workshop, ask: Any
) -> None:
    build(legacy, 1)
    with psycopg.connect(legacy.url) as other:
        other.execute("LOCK users IN ACCESS EXCLUSIVE MODE")
        error = legacy.failure(ask(legacy.project(lock_timeout="50ms")))
    assert isinstance(error, ConnectionFailedError)
    assert error.exit_code == 7
    assert error.message == "the structure can't be read: canceling statement due to lock timeout"
    assert "--lock-timeout" in (error.hint or "")
    assert not legacy.exists("migrations")


def test_what_is_created_only_where_it_is_missing_is_no_obstacle(legacy: Workshop) -> None:
    legacy.sql("001_step", "CREATE TABLE IF NOT EXISTS work (id INTEGER);\nDROP TABLE work;\n" + CHAIN[0])
    legacy.ask("CREATE TABLE work (id INTEGER)")
    assert migrated(legacy)[:2] == ([], ALL)


def test_a_schema_and_an_extension_that_were_provided_are_no_obstacle(legacy: Workshop) -> None:
    legacy.sql(
        "004_step", "CREATE SCHEMA IF NOT EXISTS extra;\nCREATE EXTENSION IF NOT EXISTS plpgsql;\n" + CHAIN[3]
    )
    legacy.ask("CREATE SCHEMA extra")
    build(legacy, 2)
    assert migrated(legacy)[:2] == (ALL[:2], ALL[2:])


def test_what_would_be_refused_afterwards_is_refused_before(legacy: Workshop) -> None:
    """With --strict nothing may be applied before one that is applied, as 003 would be."""
    seed(legacy, attributes="idempotent = True")
    build(legacy, 4)
    error = legacy.failure(legacy.project().migrate(strict=True))
    assert "out of order: 003 step" in error.message
    assert not legacy.exists("migrations")


def test_a_failure_behind_it_says_what_stands(legacy: Workshop) -> None:
    build(legacy, 2)
    legacy.ask("INSERT INTO users (id) VALUES (1)")
    error = legacy.failure(legacy.project().migrate())
    assert isinstance(error, StepError)
    report = report_of(error)
    assert adopted(report) == ALL[:2]
    assert report.stands is not None
    assert report.stands.startswith("001, 002 recorded, since what they give is there; nothing was applied")
    assert legacy.applied() == ALL[:2]


# --- several at once, and kills ---


def test_two_at_once_take_it_over_once(legacy: Workshop) -> None:
    async def both() -> Sequence[RunReport]:
        return await asyncio.gather(*(legacy.project().migrate() for _ in range(2)))

    build(legacy, 4)
    reports = legacy.run(both())
    assert sorted(map(adopted, reports)) == [[], ALL[:4]]
    assert sorted(map(applied, reports)) == [[], ["005"]]
    assert [entry.event for entry in legacy.log()] == ["marked"] * 4 + ["applied"]


def test_a_kill_between_recording_and_applying_is_gone_on_from(legacy: Workshop) -> None:
    legacy.sql("003_step", "ALTER TABLE users ADD COLUMN name TEXT;")
    build(legacy, 2)
    with psycopg.connect(legacy.url) as connection:
        connection.execute("LOCK TABLE users IN ACCESS SHARE MODE")  # 003 has to wait
        process = legacy.process()
        recorded = "SELECT version FROM migrations"
        legacy.run(until(lambda: legacy.exists("migrations") and legacy.column(recorded) == ALL[:2]))
        process.kill()
        process.communicate()
    report = legacy.migrate()
    assert (adopted(report), applied(report)) == ([], ALL[2:])


# --- where the history is ---


def test_the_history_may_be_in_another_schema(legacy: Workshop) -> None:
    legacy.ask("CREATE SCHEMA books")
    build(legacy, 4)
    report = legacy.run(legacy.project(schema="books", table="history").migrate())
    assert (adopted(report), applied(report)) == (ALL[:4], ["005"])
    assert legacy.column("SELECT version FROM books.history ORDER BY id") == ALL


def test_an_interrupted_replay_tells_nothing_of_the_scratch_database(legacy: Workshop) -> None:
    """Its report would say that something was undone, and people would take that for theirs."""
    build(legacy, 2)
    legacy.waiting("006_wait")

    async def interrupted() -> asyncio.CancelledError:
        task = asyncio.ensure_future(legacy.project().migrate())
        await legacy.has_begun()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value

    assert not hasattr(legacy.run(interrupted()), "report")
    assert not legacy.exists("migrations")


def test_what_a_constant_creates_is_known_beforehand(legacy: Workshop) -> None:
    (legacy.folder / "001_step.sql").unlink()
    legacy.python(
        "001_step", "for sql in TABLES:\n    await database.execute(sql)", head=f'TABLES = ["{CHAIN[0]}"]\n'
    )
    build(legacy, 2)
    assert migrated(legacy)[0] == ALL[:2]

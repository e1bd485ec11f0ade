"""`is_applied()`: a migration says itself whether it ran, when a database without a history is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.verify.legacy import ALL, CHAIN, adopted, applied, build, migrated, seed, stopped

from stepwell.core.errors import MisuseError, StepError
from stepwell.core.events import Warned

if TYPE_CHECKING:
    from stepwell.testing import Workshop

ASKS = 'return await database.fetch_val("SELECT count(*) FROM users") > 0'


def asked(body: str, *, plain: bool = False) -> dict[str, Any]:
    """Arguments that let the third one define `is_applied`, behind its `up`."""
    return {"attributes": f"{'' if plain else 'async '}def is_applied(self):\n    {body}\n"}


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
@pytest.mark.parametrize("built", [3, 4], ids=["at the end", "between"])
def test_a_data_migration_is_asked(legacy: Workshop, built: int, there: bool, plain: bool) -> None:
    body = ASKS.replace("await ", "") if plain else ASKS
    seed(legacy, **asked(body, plain=plain))
    build(legacy, built)
    if not there:
        legacy.ask("DELETE FROM users")
    report = legacy.migrate()
    assert ("003" in adopted(report)) is there
    assert ("003" in applied(report)) is not there
    assert legacy.column("SELECT count(*) FROM users") == [1]
    assert legacy.pending() == []


@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
def test_a_number_may_stand_for_a_truth(legacy: Workshop, *, there: bool) -> None:
    """As `SELECT EXISTS (...)` gives it on engines that have no other."""
    seed(legacy, **asked('return await database.fetch_val("SELECT count(*) FROM users")'))
    build(legacy, 2 + there)
    assert migrated(legacy)[0] == ALL[: 2 + there]


def test_an_idempotent_one_between_others_is_run_and_it_is_said_why(legacy: Workshop) -> None:
    seed(legacy, attributes="idempotent = True")
    build(legacy, 2)
    legacy.ask(CHAIN[3])
    recorded, run, warnings = migrated(legacy)
    assert (recorded, run) == (["001", "002", "004"], ["003", "005"])
    assert (
        "003 step: it is declared idempotent, and what stands before and behind it is there: it is run"
        in warnings
    )


def test_one_that_nobody_can_tell_of_is_recorded_between_others_and_told(legacy: Workshop) -> None:
    build(legacy, 2)
    legacy.ask(CHAIN[3])
    told: list[str] = []
    legacy.run(
        legacy.project(
            events=lambda event: told.append(event.message) if isinstance(event, Warned) else None
        ).migrate()
    )
    assert any("003 step: nothing tells whether it ran" in message for message in told)
    assert legacy.applied() == ALL


def test_baseline_asks_too(legacy: Workshop) -> None:
    seed(legacy, **asked(ASKS))
    build(legacy, 3)
    report = legacy.run(legacy.project().baseline(dry_run=True))
    assert [version.text for version, _ in report.recorded] == ALL[:3]
    assert report.evidence[-1] == "003 step: is_applied() says so"
    legacy.ask("DELETE FROM users")
    report = legacy.run(legacy.project().baseline())
    assert [version.text for version, _ in report.recorded] == ALL[:2]
    assert report.warnings == ("003 step: is_applied() says False: it is run",)


def test_what_is_seen_decides_and_a_contradiction_is_told(legacy: Workshop) -> None:
    (legacy.folder / "002_step.sql").unlink()
    legacy.python(
        "002_step",
        f'await database.execute("{CHAIN[1]}")',
        attributes="async def is_applied(self):\n    return False",
    )
    build(legacy, 2)
    recorded, _, warnings = migrated(legacy)
    assert recorded == ALL[:2]
    assert "002 step: is_applied() says False, but what it gives is there: it is recorded" in warnings


def test_a_read_that_fails_may_be_caught(legacy: Workshop) -> None:
    seed(
        legacy,
        **asked(
            "try:\n"
            '        return await database.fetch_val("SELECT true FROM not_there")\n'
            "    except Exception:\n"
            "        return False"
        ),
    )
    build(legacy, 2)
    assert migrated(legacy)[:2] == (ALL[:2], ALL[2:])


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
        ("return 2", "is_applied() only asks: it must give True or False, not 2"),
        ("return None", "is_applied() only asks: it must give True or False, not None"),
        ("yield True", "is_applied() holds a 'yield'"),
    ],
    ids=["execute", "count", "many", "returning", "driver", "a count", "no answer", "generator"],
)
def test_it_must_only_ask(legacy: Workshop, body: str, message: str) -> None:
    path = seed(legacy, **asked(body))
    build(legacy, 4)
    error = stopped(legacy)
    assert isinstance(error, MisuseError)
    assert message in error.message
    line = "def is_applied" if body.startswith(("return", "yield")) else body
    assert str(error.place) == legacy.line(path, line)
    assert legacy.column("SELECT count(*) FROM users") == [1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise RuntimeError('who knows')", "RuntimeError: who knows"),
        ('return await database.fetch_val("SELECT unseen()") > 0', "read-only"),
        ('return await database.fetch_val("SELECT nothing FROM users")', '"nothing" does not exist'),
    ],
    ids=["raises", "writes unseen", "wrong SQL"],
)
def test_what_fails_in_it_is_told_with_its_line(legacy: Workshop, body: str, message: str) -> None:
    path = seed(legacy, **asked(body))
    build(legacy, 4)
    legacy.ask("CREATE FUNCTION unseen() RETURNS integer LANGUAGE sql AS 'DELETE FROM users RETURNING 1'")
    error = stopped(legacy)
    assert isinstance(error, StepError)
    assert message in error.message
    assert str(error.place) == legacy.line(path, body)


def test_behind_what_is_there_it_may_fail(legacy: Workshop) -> None:
    """It may ask for tables that will come only then."""
    seed(legacy, **asked('return await database.fetch_val("SELECT count(*) FROM posts") > 0'))
    build(legacy, 1)
    assert migrated(legacy)[:2] == (ALL[:1], ALL[1:])


def test_what_it_raises_is_told_without_secrets(legacy: Workshop) -> None:
    legacy.url = legacy.url.replace("postgres@", "postgres:very-secret@")
    seed(legacy, **asked(f"raise RuntimeError('no {legacy.url}')"))
    build(legacy, 4)
    error = legacy.failure(legacy.project().migrate())
    assert "RuntimeError: no postgresql://" in error.message
    assert "very-secret" not in f"{error!r} {error} {vars(error)}"

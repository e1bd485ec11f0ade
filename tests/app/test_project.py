"""The library face: which arguments it refuses, and what listeners can't break."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite(
    "stepwell.testing"
)  # before its first import, whichever folder is collected first

from stepwell import blocking  # noqa: E402 - see above
from stepwell.core.errors import ConnectionFailedError, UsageError  # noqa: E402 - see above
from stepwell.core.events import Event, Planned, SegmentCommitted  # noqa: E402 - see above
from stepwell.core.migration import Direction  # noqa: E402 - see above
from stepwell.core.settings import Atomic  # noqa: E402 - see above
from stepwell.project import Project  # noqa: E402 - see above
from stepwell.testing import Workshop  # noqa: E402 - see above
from stepwell.testing.workshop import outcomes  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Workshop:
    """Migrations in a new folder, and a file that is not there yet."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()

    return Workshop(sqlite_url, tmp_path, ask)


# --- arguments ---

WRONG: list[dict[str, Any]] = [
    {"url": 5},
    {"url": ""},
    {"migrations": []},
    {"migrations": 5},
    {"migrations": [5]},
    {"root": 5},
    {"connect": "x"},
    {"engine": 5},
    {"events": "x"},
    {"wait": "x"},
    {"wait": -1},
    {"lock_wait": "x"},
    {"lock_timeout": -1},
    {"idle_timeout": True},
    {"atomic": "foo"},
    {"numbering": 1},
    {"table": "a.b"},
    {"schema": 7},
    {"trusted_owners": 7},
    {"nope": 1},
]


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_a_wrong_argument_of_a_project_is_named(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        Project(**given)
    assert f"{next(iter(given))!r}" in str(caught.value)


def test_settings_are_taken_as_from_a_configuration() -> None:
    project = Project(
        "sqlite://",
        migrations=[Path("a"), "b,c"],
        lock_wait="5s",
        lock_timeout="250ms",
        idle_timeout=None,
        trusted_owners=[],
        atomic="migration",
        wait="1min",
    )
    settings = project.settings
    assert settings.migrations == ("a", "b,c")
    assert (settings.lock_wait, settings.lock_timeout, settings.idle_timeout) == (5.0, 0.25, 600.0)
    assert (settings.atomic, settings.trusted_owners) == (Atomic.MIGRATION, ())


WRONG_WISHES: dict[str, Callable[[Project], Coroutine[Any, Any, object]]] = {
    "target": lambda project: project.migrate(target=5),  # type: ignore[arg-type]
    "dry_run": lambda project: project.migrate(dry_run="no"),  # type: ignore[arg-type]
    "only_needed": lambda project: project.migrate(only_needed=None),  # type: ignore[arg-type]
    "steps": lambda project: project.rollback(steps="1"),  # type: ignore[arg-type]
    "strict": lambda project: project.rollback(strict=1),  # type: ignore[arg-type]
    "direction": lambda project: project.preview("sideways"),  # type: ignore[arg-type]
    "limit": lambda project: project.log(limit=True),
    "batch": lambda project: project.log(batch=5),  # type: ignore[arg-type]
    "version": lambda project: project.mark(6),  # type: ignore[arg-type]
    "force": lambda project: project.unlock(force="yes"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG_WISHES)
def test_a_wrong_argument_of_a_verb_is_named(shop: Workshop, name: str) -> None:
    shop.table("001_items")
    error = shop.failure(WRONG_WISHES[name](shop.project()))
    assert isinstance(error, UsageError)
    assert f"'{name}'" in error.message
    assert not (shop.root / "test.db").exists()


def test_a_direction_may_be_text(shop: Workshop) -> None:
    shop.table("001_items")
    shop.migrate()
    report = shop.run(shop.project().preview("down"))  # type: ignore[arg-type]
    assert (report.direction, outcomes(report)) == (Direction.DOWN, ["001 planned"])


# --- events ---


def test_a_listener_that_fails_breaks_no_run(shop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    shop.table("001_items")
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "stepwell"):
        report = shop.run(shop.project(events=listen).migrate())
    assert outcomes(report) == ["001 applied"]
    assert any(isinstance(event, SegmentCommitted) for event in heard), "it is called all the same"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "stepwell"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_run_that_finds_all_done_warns_of_nothing(shop: Workshop) -> None:
    """Another runner does everything between our plan and our lock."""
    shop.table("001_items")
    shop.sql("002_open", "VACUUM;", options="transaction:false")
    shop.table("003_more")
    other = blocking.Project(shop.url, root=shop.root, migrations="migrations")

    def listen(event: Event) -> None:
        if isinstance(event, Planned) and event.steps:
            runner = threading.Thread(target=other.migrate)
            runner.start()
            runner.join()

    report = shop.run(shop.project(events=listen).migrate())
    assert (report.ok, report.steps, report.segments, report.warnings) == (True, (), (), ())
    assert shop.applied() == ["001", "002", "003"]


def test_who_has_waited_is_not_told_to_wait(shop: Workshop) -> None:
    address = "postgresql://app@127.0.0.1:1/none"
    hints = [
        error.hint or ""
        for wait in (None, 0.0)
        if isinstance(
            error := shop.failure(shop.project(url=address, wait=wait).status()), ConnectionFailedError
        )
    ]
    assert ["--wait" in hint for hint in hints] == [True, False]
    assert "in vain" in hints[1]

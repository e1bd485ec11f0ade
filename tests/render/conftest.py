"""Reports to be drawn: made by hand, with a clock that stands still."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

import pytest

from stepwell.core.answers import StatusReport
from stepwell.core.errors import Place
from stepwell.core.history import Entry, Record, State
from stepwell.core.migration import Finding, Language, Migration, PythonBody, SourceFile, Version
from stepwell.render.view import View

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ZONE = timezone(timedelta(hours=1), "CET")


def migration(version: str, name: str, description: str, dependencies: tuple[str, ...]) -> Migration:
    source = SourceFile(
        f"db/migrations/{version}_{name}.py", Language.PYTHON, Version(version), name, b"", "0" * 64
    )
    body = PythonBody("X", 4, has_up=True, has_down=True, has_is_applied=False)
    return Migration(
        Version(version),
        name,
        description,
        tuple(map(Version, dependencies)),
        source,
        body,
        dependencies_stated=True,
    )


def entry(
    version: str,
    name: str,
    description: str,
    *dependencies: str,
    state: State = State.APPLIED,
    age: timedelta | None = None,
) -> Entry:
    found = migration(version, name, description, dependencies)
    record = None
    if age is not None:
        record = Record(
            int(version),
            found.version,
            name,
            description,
            found.dependencies,
            NOW - age,
            "1:" + "a" * 64,
            "0" * 64,
        )
    return Entry(
        found.version,
        name,
        description,
        found.dependencies,
        state,
        record,
        None if state is State.MISSING else found,
    )


@pytest.fixture
def journal() -> StatusReport:
    """The reference application with one migration pending."""
    entries = (
        entry("001", "initial_schema", "Create initial database schema", age=timedelta(days=2, minutes=5)),
        entry(
            "002", "add_user_authentication", "Add auth fields to users table", "001", age=timedelta(hours=5)
        ),
        entry(
            "003",
            "add_changelog_publishing",
            "Add publishing fields to changelog",
            "001",
            age=timedelta(hours=1),
        ),
        entry("004", "seed_default_roles", "Create default roles", "001", age=timedelta(minutes=3)),
        entry("005", "seed_initial_data", "Seed moods and meal types", "001", state=State.PENDING),
    )
    return StatusReport(
        "postgresql://app@db/shop", "postgresql", "public.migrations", entries, (Version("005"),)
    )


@pytest.fixture
def troubled() -> StatusReport:
    """Every state, long and wide texts, and what must not act on a terminal."""
    entries = (
        entry("1", "a" * 40, "Long " * 20, state=State.APPLIED, age=timedelta(seconds=5)),
        entry("2", "changed", "表を追加する " * 6, "1", state=State.CHANGED, age=timedelta(days=40)),
        entry("3", "missing", "two\nlines", "1", "2", state=State.MISSING, age=timedelta(days=-1)),
        entry("4", "failed", "\x1b[31mred\x1b[0m", "1", "2", "3", state=State.FAILED),
        entry("5", "in_doubt", "", "4", state=State.IN_DOUBT),
        entry("20261123101500", "pending", "🎉 done", "5", state=State.PENDING),
    )
    finding = Finding("out-of-order", "stands below 20261123101500", Place("db/migrations/5_in_doubt.py", 4))
    return StatusReport(
        "postgresql://app@db.internal.example.org:5432/a_rather_long_name_of_a_database",
        "postgresql",
        "public.migrations",
        entries,
        (Version("20261123101500"),),
        (finding,),
    )


class Surface(Protocol):
    """Makes a view on which the clock stands still."""

    def __call__(self, width: int | None = None, *, terminal: bool = False, unicode: bool = True) -> View: ...


@pytest.fixture
def surface() -> Surface:
    def make(width: int | None = None, *, terminal: bool = False, unicode: bool = True) -> View:
        return View(width=width, colour=terminal, relative=terminal, unicode=unicode, now=NOW, zone=ZONE)

    return make


class Golden(Protocol):
    """Compares a text with the file of this name under `golden/`."""

    def __call__(self, name: str, text: str) -> None: ...


@pytest.fixture
def golden() -> Golden:
    """What people see is frozen in files; STEPWELL_UPDATE_GOLDEN=1 writes them anew, to be read in the
    diff.
    """

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if os.environ.get("STEPWELL_UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare

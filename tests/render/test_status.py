"""The status table: golden files at 80 and 140 columns, and that no line is ever too long."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.core.answers import StatusReport
from stepwell.core.history import Entry, Record, State
from stepwell.core.migration import Migration, Version
from stepwell.render.cells import width
from stepwell.render.status import status_text
from stepwell.render.view import View

Surface = Callable[..., View]
Golden = Callable[[str, str], None]

SURFACES: dict[str, dict[str, Any]] = {
    "terminal_80": {"width": 80, "terminal": True},
    "terminal_140": {"width": 140, "terminal": True},
    "plain_80": {"width": 80},
    "plain_140": {"width": 140},
    "plain_unlimited": {},
    "ascii_60": {"width": 60, "unicode": False},
    "narrow_30": {"width": 30},
}


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("which", ["journal", "troubled"])
def test_golden(
    name: str, which: str, surface: Surface, golden: Golden, request: pytest.FixtureRequest
) -> None:
    text = status_text(request.getfixturevalue(which), surface(**SURFACES[name]))
    golden(f"status_{which}_{name}.txt", text)
    if room := SURFACES[name].get("width"):
        assert max(width(line) for line in bare(text).splitlines()) <= room


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_colours_add_nothing_but_colours(journal: StatusReport, surface: Surface) -> None:
    plain = View(width=80, relative=True, now=surface().now, zone=surface().zone)
    assert bare(status_text(journal, surface(80, terminal=True))) == status_text(journal, plain)


def entries(migration: Migration | None, *states: State) -> tuple[Entry, ...]:
    return tuple(
        Entry(Version(str(number)), "n", "d", (), state, migration=migration)
        for number, state in enumerate(states, start=1)
    )


def odd(version: str) -> Record:
    return Record(9, Version(version), "odd", None, (), None)


LAST_LINES = [
    ((), "no migrations yet: run 'stepwell new NAME'"),
    ((State.APPLIED,), "up to date: 1 migration applied"),
    ((State.APPLIED, State.APPLIED), "up to date: 2 migrations applied"),
    ((State.APPLIED, State.PENDING, State.PENDING), "2 pending: run 'stepwell migrate'"),
    ((State.CHANGED, State.PENDING), "1 pending: run 'stepwell migrate'"),
    ((State.CHANGED, State.MISSING), "nothing pending, 2 to look at: see above"),
    ((State.FAILED, State.PENDING), "1 failed, 1 pending: run 'stepwell migrate'"),
    ((State.IN_DOUBT, State.PENDING), "1 in doubt: see above before anything else is run"),
]


@pytest.mark.parametrize(("states", "last"), LAST_LINES)
def test_the_last_line_says_what_to_run_next(
    states: tuple[State, ...], last: str, journal: StatusReport
) -> None:
    file = journal.entries[0].migration
    report = StatusReport("sqlite://", "sqlite", "migrations", entries(file, *states), ())
    lines = status_text(report, View()).splitlines()
    assert lines[0] == "database: sqlite:// (sqlite, table migrations)"
    assert lines[-1] == last


def unfinished(journal: StatusReport, **changes: Any) -> str:
    """The status where the third migration is as told."""
    first, second, third, *_ = journal.entries
    entries = (first, second, replace(third, **changes))
    return status_text(replace(journal, entries=entries), View())


TROUBLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "half applied": (
        {"state": State.FAILED, "record": None},
        "003 add_changelog_publishing began and did not finish: run 'stepwell migrate': it resumes where it stopped",
        "1 failed, 0 pending: run 'stepwell migrate'",
    ),
    "half reverted": (
        {"state": State.FAILED},
        (
            "the rollback of 003 add_changelog_publishing began and did not finish: run 'stepwell rollback': "
            "it resumes where it stopped"
        ),
        "1 failed, 0 pending: run 'stepwell rollback'",
    ),
    "half applied, without a file": (
        {"state": State.FAILED, "record": None, "migration": None},
        (
            "003 add_changelog_publishing began and did not finish, and its file is missing: restore the file; "
            "or undo by hand what was done of it, and say so: 'stepwell unmark 003'"
        ),
        "1 failed, 0 pending: see above before anything else is run",
    ),
    "an odd version": (
        {"state": State.MISSING, "version": Version("x y z"), "record": odd("x y z")},
        (
            "x y z add_changelog_publishing is applied, but its file is missing: restore the file, "
            "or forget the record: stepwell unmark 'x y z'"
        ),
        "nothing pending, 1 to look at: see above",
    ),
    "an empty version": (
        {"state": State.MISSING, "version": Version(""), "record": odd("")},
        (
            "the row with the id 9 is applied, but its file is missing: restore the file, or forget the record: "
            "stepwell unmark ''"
        ),
        "nothing pending, 1 to look at: see above",
    ),
    "recorded twice": (
        {"twins": (odd("3"),)},
        "",
        "nothing pending, 1 to look at: see above",
    ),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_what_to_do_about_it(name: str, journal: StatusReport) -> None:
    changes, advice, last = TROUBLES[name]
    lines = unfinished(journal, **changes).splitlines()
    assert lines[-1] == last
    assert advice in lines


@given(
    columns=st.integers(24, 200),
    names=st.lists(st.text(max_size=80), min_size=1, max_size=4),
    terminal=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_line_is_too_long_and_version_and_state_stay_whole(
    columns: int, names: list[str], terminal: bool, surface: Surface
) -> None:
    rows = tuple(
        Entry(Version(f"v{number}"), name, name, (), State.IN_DOUBT)
        for number, name in enumerate(names, start=1)
    )
    report = StatusReport("sqlite:///x", "sqlite", "main.migrations", rows, ())
    lines = bare(status_text(report, surface(columns, terminal=terminal))).splitlines()
    assert max(map(width, lines)) <= columns
    for row in rows:
        assert any(line.startswith(f"{row.version} ") and "‼ in doubt" in line for line in lines)

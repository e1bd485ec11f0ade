"""Every event of the closed set as one line."""

from typing import get_args

import pytest

from stepwell.cli.describe import describe
from stepwell.cli.options import Options, Verbosity
from stepwell.cli.output import Output
from stepwell.cli.progress import progress_on
from stepwell.core.events import (
    Adopting,
    Blocked,
    Connected,
    Event,
    Planned,
    Replanned,
    Replaying,
    Retrying,
    SegmentAborted,
    SegmentCommitted,
    StatementSent,
    StepFinished,
    StepStarted,
    Verified,
    Waiting,
    WaitingForServer,
    Warned,
)
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Outcome, SegmentReport
from stepwell.render.view import View

ONE, TWO = Version("001"), Version("002")

LINES: list[tuple[Event, str]] = [
    (Connected("postgresql://app@db/shop", "postgresql"), "database: postgresql://app@db/shop (postgresql)"),
    (
        Planned(Direction.UP, 2, (SegmentReport(1, (ONE, TWO), transactional=True),)),
        "applying 2 migrations in 1 segment",
    ),
    (Planned(Direction.DOWN, 1, ()), "reverting 1 migration in 0 segments"),
    (Waiting("app on web1", 3.2, 60), "waiting for the lock, held by app on web1 (3 of 60 s)"),
    (Waiting(None, 3.2, 60), "waiting for the lock (3 of 60 s)"),
    (WaitingForServer("refused", 2), "waiting for the database: refused (2 s)"),
    (StepStarted(ONE, "first", Direction.UP, 1, 2), "applying 001 first"),
    (StatementSent(ONE, 3), "001: 3 statements"),
    (Verified(ONE, "users", "fails_on_rows", 12.0), "001 users: fails on existing rows, 12.0 ms"),
    (Blocked(ONE, "process 7 of app", 3.2), "001 waits for process 7 of app (3 s)"),
    (StepFinished(ONE, "first", Outcome.APPLIED, 2, 3.14), "✔ applied 001 first: 2 statements, 3.1 ms"),
    (StepFinished(ONE, "first", None, 2, None), "sent 001 first: 2 statements"),
    (SegmentCommitted(1, (ONE, TWO)), "committed segment 1: 001, 002"),
    (SegmentAborted(2, "boom\n"), "undid segment 2: boom"),
    (Retrying(1, 2, 0.25, "deadlock"), "trying again in 0.2 s (attempt 2): deadlock"),
    (Replaying(2), "replaying 2 migrations on a scratch database, to find out what is there already"),
    (
        Adopting(ONE, "users", "table users is there"),
        "recording 001 users as applied: table users is there",
    ),
    (Replanned(), "somebody else was faster: planning anew"),
    (Warned("look\x1b[2J"), "look\\x1b[2J"),
]


@pytest.mark.parametrize(("event", "line"), LINES, ids=[type(event).__name__ for event, _ in LINES])
def test_an_event_is_one_line(event: Event, line: str) -> None:
    assert describe(event, View()) == line


def test_every_event_is_told() -> None:
    assert {type(event) for event, _ in LINES} == set(get_args(Event))


def told(
    capsys: pytest.CaptureFixture[str], verbosity: Verbosity, *, names_database: bool = True
) -> list[str]:
    output = Output(Options(verbosity=verbosity), {})
    with progress_on(output, names_database=names_database) as listen:
        for event, _ in LINES:
            listen(event)
        listen(LINES[-1][0])
    out, err = capsys.readouterr()
    assert out == ""
    lines: list[str] = err.splitlines()
    return lines


def test_what_is_told_depends_on_the_verbosity(capsys: pytest.CaptureFixture[str]) -> None:
    normal = told(capsys, Verbosity.NORMAL)
    assert normal[0].startswith("database: ")
    assert "[1/2] ✔ applied 001 first: 2 statements, 3.1 ms" in normal
    assert [line for line in normal if "look" in line] == ["warning: look\\x1b[2J"], "once"
    assert not [line for line in normal if "statement 3" in line]
    assert "[1/2] 001: statement 3" in told(capsys, Verbosity.VERBOSE)
    assert told(capsys, Verbosity.QUIET) == []


def test_the_database_is_not_named_where_the_result_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert not told(capsys, Verbosity.NORMAL, names_database=False)[0].startswith("database: ")


def test_waiting_is_told_when_it_begins_changes_and_goes_on_for_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(Options(), {})
    with progress_on(output, names_database=True) as listen:
        for holder, waited in [(None, 0.5), (None, 1.0), ("a", 1.5), ("a", 11.4), ("a", 11.5), ("a", 12.0)]:
            listen(Waiting(holder, waited, 60))
        for waited in (0.0, 0.5):
            listen(WaitingForServer("starting", waited))
    assert capsys.readouterr().err.splitlines() == [
        "waiting for the lock (0 of 60 s)",
        "waiting for the lock, held by a (2 of 60 s)",
        "waiting for the lock, held by a (12 of 60 s)",
        "waiting for the database: starting (0 s)",
    ]

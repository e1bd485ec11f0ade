"""On a terminal: a table with colours and relative times, a live line, a question before a rollback,
signals.
"""

import json
import os
import pty
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    import subprocess

Spawn = Callable[..., "subprocess.Popen[str]"]

SLOW = """\
import asyncio

from stepwell import Migration, database


class Slow(Migration):
    \"\"\"Takes its time\"\"\"

    dependencies = []

    async def up(self) -> None:
        await database.execute("CREATE TABLE slow (id INTEGER)")
        open("started", "w").close()
        {wait}

    async def down(self) -> None:
        await database.execute("DROP TABLE slow")
"""

# Takes the first signal for nothing, and goes on.
STUBBORN = """\
for _ in range(300):
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                pass"""


class Terminal:
    """A program on a pseudo-terminal of 100 columns."""

    def __init__(self, spawn: Spawn, *arguments: str, **environ: str) -> None:
        self._ours, theirs = pty.openpty()
        environ = {"TERM": "xterm", "COLUMNS": "100", **environ}
        self.process = spawn(*arguments, stdin=theirs, stdout=theirs, stderr=theirs, **environ)
        os.close(theirs)
        self.seen = ""

    def read_until(self, text: str | None, seconds: float = 20.0) -> str:
        """Read until a text has come; None: until the program has ended."""
        end = time.monotonic() + seconds
        while text is None or text not in self.seen:
            assert time.monotonic() < end, f"{text!r} never came, but {self.seen!r}"
            try:
                piece = os.read(self._ours, 65536)
            except OSError:  # Linux: the other side was closed
                break
            if not piece:
                break
            self.seen += piece.decode(errors="replace")
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        self.read_until(None)
        os.close(self._ours)
        return self.process.wait(10)


@pytest.fixture
def migrated(project: Path, spawn: Spawn) -> Path:
    (project / "db/migrations/001_slow.py").write_text(SLOW.format(wait="pass"))
    assert spawn("migrate").wait(20) == 0
    return project


def test_the_status_is_coloured_and_its_times_are_relative(migrated: Path, spawn: Spawn) -> None:
    terminal = Terminal(spawn, "status")
    assert terminal.end() == 0
    assert "\x1b[32m✔ applied\x1b[0m" in terminal.seen
    assert "just now" in terminal.seen


def test_a_dumb_terminal_has_no_colours(migrated: Path, spawn: Spawn) -> None:
    terminal = Terminal(spawn, "status", TERM="dumb")
    assert terminal.end() == 0
    assert "\x1b" not in terminal.seen


@pytest.mark.parametrize(
    ("answer", "reverted"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False)]
)
def test_a_rollback_asks_first(answer: str, reverted: bool, migrated: Path, spawn: Spawn) -> None:
    terminal = Terminal(spawn, "rollback", "--no-color")
    terminal.read_until("revert? [y/N] ")
    assert "would revert 1 migration" in terminal.seen
    assert "001 slow" in terminal.seen
    terminal.type(answer)
    assert terminal.end() == 0
    assert ("reverted 1 migration" in terminal.seen) is reverted
    assert ("nothing done" in terminal.seen) is not reverted
    assert terminal.seen.count("database: ") == 1


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_a_rollback_does_not_ask_where_that_was_answered(option: str, migrated: Path, spawn: Spawn) -> None:
    terminal = Terminal(spawn, "rollback", option)
    assert terminal.end() == 0
    assert "[y/N]" not in terminal.seen


def test_a_question_can_be_interrupted(migrated: Path, spawn: Spawn) -> None:
    terminal = Terminal(spawn, "rollback")
    terminal.read_until("[y/N] ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert "Traceback" not in terminal.seen


ONE = "-- depends: {0}\n-- migrate:up\nCREATE TABLE {1} (id INTEGER);\n-- migrate:down\nDROP TABLE {1};\n"

TWO = """\
-- depends:
-- migrate:up transaction:false
CREATE TABLE a (id INTEGER);
CREATE TABLE nowhere.b (id INTEGER);
"""


class Correction(NamedTuple):
    """What is typed, and what is told before and behind the answer."""

    line: str
    question: str
    shown: str
    typed: str
    told: str


CORRECTIONS = {
    "mark": Correction(
        "mark 002", "record that?", "002: recorded as applied, nothing was run (dry run", "y", "002: recorded"
    ),
    "no mark": Correction("mark 002", "record that?", "002: recorded as applied", "n", "nothing done"),
    "unmark": Correction(
        "unmark 001", "remove that?", "001: its record was removed", "yes", "it is pending now"
    ),
    "baseline": Correction("baseline --to 002", "record that?", "002 more", "y", "002 more"),
}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_correction_is_shown_first(name: str, migrated: Path, spawn: Spawn) -> None:
    line, question, shown, typed, told = CORRECTIONS[name]
    (migrated / "db/migrations/002_more.sql").write_text(ONE.format("001", "more"))
    terminal = Terminal(spawn, *line.split(), "--no-color")
    before = terminal.read_until(f"{question} [y/N] ")
    assert shown in before
    terminal.type(f"{typed}\n")
    assert terminal.end() == 0
    assert told in terminal.seen.removeprefix(before)
    assert terminal.seen.count("database: ") == 1
    recorded = "002" in spawn("log", "--limit", "1").communicate()[0]
    assert recorded is (typed != "n" and "unmark" not in line)


@pytest.mark.parametrize(
    "line", ["mark 002 --yes", "mark 002 --dry-run", "mark 001", "repair", "repair --yes"]
)
def test_what_was_answered_or_changes_nothing_is_not_asked(line: str, migrated: Path, spawn: Spawn) -> None:
    (migrated / "db/migrations/002_more.sql").write_text(ONE.format("001", "more"))
    terminal = Terminal(spawn, *line.split())
    assert terminal.end() == 0
    assert "[y/N]" not in terminal.seen


@pytest.mark.parametrize(
    ("words", "code", "state"),
    [
        (("no", "y"), 0, "failed"),
        (("YES", "y"), 0, "failed"),
        (("",), 6, "in doubt"),
        (("no", "n"), 0, "in doubt"),
    ],
)
def test_what_is_in_doubt_is_asked_for(
    words: tuple[str, ...], code: int, state: str, project: Path, spawn: Spawn
) -> None:
    (project / "db/migrations/001_first.sql").write_text(TWO)
    assert spawn("migrate").wait(20) == 1
    with closing(sqlite3.connect(project / "app.db")) as database:
        database.execute("DELETE FROM migrations_log WHERE event IN ('statement_failed', 'failed')")
        database.execute("UPDATE migrations_log SET fingerprint = NULL")
        database.commit()
    terminal = Terminal(spawn, "repair", "--no-color")
    terminal.read_until("did statement 2 of 001 run? [yes, no; nothing: leave it in doubt] ")
    assert "CREATE TABLE nowhere.b (id INTEGER)" in terminal.seen
    terminal.type(f"{words[0]}\n")
    if len(words) > 1:
        terminal.read_until("write that down? [y/N] ")
        terminal.type(f"{words[1]}\n")
    assert terminal.end() == code
    assert state in spawn("status").communicate()[0]


def test_progress_is_live(project: Path, spawn: Spawn) -> None:
    (project / "db/migrations/001_slow.py").write_text(SLOW.format(wait="await asyncio.sleep(0.7)"))
    terminal = Terminal(spawn, "migrate")
    assert terminal.end() == 0
    assert "[1/1] applying 001 slow, 1 statement, " in terminal.seen
    assert "applied 1 migration in" in terminal.seen


def wait_for(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "wait", ["await asyncio.sleep(30)", "[__import__('time').sleep(0.01) for _ in range(40)]"]
)
def test_a_signal_undoes_what_was_not_committed(
    number: signal.Signals, code: int, wait: str, project: Path, spawn: Spawn
) -> None:
    (project / "db/migrations/001_slow.py").write_text(SLOW.format(wait=wait))
    process = spawn("migrate", "--format", "json")
    wait_for(project / "started")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    document = json.loads(out)
    assert document["error"]["code"] == "interrupted"
    assert [step["version"] for step in document["steps"]] == ["001"]
    assert document["steps"][0]["outcome"] in {"undone", "failed"}
    assert "Traceback" not in err
    status, _ = spawn("status").communicate(timeout=20)
    assert "1 pending" in status


def test_a_second_signal_ends_at_once(project: Path, spawn: Spawn) -> None:
    (project / "db/migrations/001_slow.py").write_text(SLOW.format(wait=STUBBORN))
    process = spawn("migrate")
    wait_for(project / "started")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143

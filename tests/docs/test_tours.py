"""The tours are run: every command in them prints what they show, times and ids apart."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stepwell

ROOT = Path(__file__).parents[2]
SOURCE = Path(stepwell.__file__).parents[1]

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = 'python() { "$PYTHON" "$@"; }; stepwell() { "$PYTHON" -m stepwell "$@"; }; '
# What differs from run to run, and from one database to the other.
_MASKS = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"\b\d+(\.\d+)? m?s\b", "LONG"),
    (r"\(batch \w+\)", "(batch ID)"),
    (r"(?m)^database: \S+ ", "database: URL "),
    (r"[ ]+", " "),
)


@dataclass(frozen=True, slots=True)
class Tour:
    """A part of a page, between two headings, and what has to have happened before it."""

    page: str
    begin: str
    end: str
    before: tuple[str, ...] = ()

    def text(self) -> str:
        """The part of the page."""
        whole = (ROOT / self.page).read_text(encoding="utf-8")
        return whole.partition(f"\n## {self.begin}\n")[2].partition(f"\n## {self.end}\n")[0]


def masked(text: str) -> str:
    """Without what differs."""
    for pattern, word in _MASKS:
        text = re.sub(pattern, word, text)
    return text.strip()


def follow(tour: Tour, folder: Path, environ: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Do what a tour says, in a folder; give each command, what it printed, and what the tour shows."""
    code = 0
    text = tour.text()
    for command in tour.before:
        run(command, folder, environ, code)
    for block in _FENCE.finditer(text):
        if block[1] == "console":
            for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                code, printed = run(command, folder, environ, code)
                yield command, masked(printed), masked(shown)
        else:
            suffix = {"python": "py", "sql": "sql"}[block[1]]
            *_, name = re.findall(rf"db/migrations/\w+\.{suffix}", text[: block.start()])
            (folder / name).write_text(block[2], encoding="utf-8")


def run(command: str, folder: Path, environ: dict[str, str], last_code: int) -> tuple[int, str]:
    """Run a line of a shell; give its exit code and all that it printed."""
    done = subprocess.run(
        ["bash", "-c", f"{_SHELL} (exit {last_code}); {command}"],
        check=False,
        cwd=folder,
        env={**environ, "PYTHON": sys.executable, "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment without anything that would configure us."""
    ours = ("STEPWELL_", "DATABASE_URL", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def test_the_tour_of_the_readme(tmp_path: Path, environ: dict[str, str], postgresql_url: str) -> None:
    """On a copy of the application in `db/`."""
    shutil.copytree(ROOT / "db", tmp_path / "db", ignore=shutil.ignore_patterns("__pycache__"))
    tour = Tour(
        "README.md", "Sixty seconds", "In your own project", ("python db/migrate_incremental.py migrate",)
    )
    followed = list(follow(tour, tmp_path, {**environ, "DATABASE_URL": postgresql_url}))
    assert [(command, printed) for command, printed, _ in followed] == [
        (command, shown) for command, _, shown in followed
    ]
    assert len(followed) == 7


def test_the_tour_of_the_book(tmp_path: Path, environ: dict[str, str]) -> None:
    """From an empty folder."""
    tour = Tour("docs/tour.md", "A project", "Files that change afterwards")
    followed = list(follow(tour, tmp_path, environ))
    assert [(command, printed) for command, printed, _ in followed] == [
        (command, shown) for command, _, shown in followed
    ]
    assert len(followed) == 9

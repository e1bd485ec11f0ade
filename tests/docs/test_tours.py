"""The tours are run: every command in them prints what they show, times and ids apart.

STEPWELL_UPDATE_GOLDEN=1 writes what was seen into the page, to be read in the diff.
"""

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

UPDATE = os.environ.get("STEPWELL_UPDATE_GOLDEN") == "1"  # before the fixture takes it away
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
    url: str
    before: tuple[str, ...] = ()

    def text(self) -> str:
        """The part of the page."""
        whole = (ROOT / self.page).read_text(encoding="utf-8")
        return whole.partition(f"\n## {self.begin}\n")[2].partition(f"\n## {self.end}\n")[0]

    def check(self, folder: Path, environ: dict[str, str], commands: int) -> None:
        """Follow it in a folder, all of its commands, and compare."""
        followed = list(follow(self, folder, environ))
        assert len(followed) == commands
        if UPDATE:
            for each in followed:
                self.update(each)
        seen = [(each.command, masked(each.printed)) for each in followed]
        assert seen == [(each.command, masked(each.shown)) for each in followed]

    def update(self, followed: "Followed") -> None:
        """Show in the page what a command printed."""
        path = ROOT / self.page
        printed = re.sub(r"(?m)^database: [^ \n]+", f"database: {self.url}", followed.printed)
        before, after = (f"$ {followed.command}\n{text}" for text in (followed.shown, printed))
        if masked(before) != masked(after):
            path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Followed:
    """A command, what it printed, and what the page shows."""

    command: str
    printed: str
    shown: str


def masked(text: str) -> str:
    """Without what differs."""
    for pattern, word in _MASKS:
        text = re.sub(pattern, word, text)
    return text.strip()


def follow(tour: Tour, folder: Path, environ: dict[str, str]) -> Iterator[Followed]:
    """Do what a tour says, in a folder."""
    code = 0
    text = tour.text()
    for command in tour.before:
        run(command, folder, environ, code)
    for block in _FENCE.finditer(text):
        if block[1] == "console":
            for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                code, printed = run(command, folder, environ, code)
                yield Followed(command, printed, shown)
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
    before = ("python db/migrate_incremental.py migrate",)
    tour = Tour("README.md", "Sixty seconds", "In your own project", "embedded://journal", before)
    tour.check(tmp_path, {**environ, "DATABASE_URL": postgresql_url}, commands=7)


def test_the_tour_of_the_book(tmp_path: Path, environ: dict[str, str]) -> None:
    """From an empty folder."""
    tour = Tour("docs/tour.md", "A project", "Files that change afterwards", "sqlite:///shop.db")
    tour.check(tmp_path, environ, commands=9)

"""Running the command line in a project of its own, with an environment that holds nothing of the
machine's.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from stepwell.cli.main import main

SOURCE = Path(__file__).parents[2] / "src"
_OURS = (
    "STEPWELL_",
    "DATABASE_URL",
    "PG",
    "COLUMNS",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "COVERAGE",
    "PYTHON",
)


class Run(Protocol):
    """Runs the program in this process; gives exit code, standard output and standard error."""

    def __call__(self, *arguments: str) -> tuple[int, str, str]: ...


class Spawn(Protocol):
    """Starts the program as a process of its own."""

    def __call__(
        self, *arguments: str, stdin: int | None = None, stdout: int = -1, stderr: int = -1, **environ: str
    ) -> subprocess.Popen[str]: ...


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with an SQLite database; the current folder."""
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stepwell.toml").write_text('url = "sqlite:///app.db"\n')
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as end:  # argparse, after --help
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def spawn(project: Path) -> Iterator[Spawn]:
    """Starts the program; whatever still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *arguments: str, stdin: int | None = None, stdout: int = -1, stderr: int = -1, **environ: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", *arguments],
            cwd=project,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            env={**_environment(), **environ},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"}

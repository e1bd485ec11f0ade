"""Puts the peers into `bench/.peers/`, through the ordinary clients of their registries."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from bench.peer import AbsentError

PEERS = Path(__file__).resolve().parent / ".peers"


def python_packages(peer: str, *requirements: str) -> Path:
    """Make a virtual environment with these packages, once; give its `bin` folder. Raises `AbsentError`."""
    home = PEERS / peer
    programs = home / "bin"
    if not _done(home).exists():
        _start_over(home)
        _run("venv", sys.executable, "-m", "venv", str(home))
        _run("pip", str(programs / "python"), "-m", "pip", "install", "--quiet", *requirements)
        _done(home).touch()
    return programs


def node_packages(peer: str, *requirements: str) -> Path:
    """Install these npm packages, once; give the folder of their programs. Raises `AbsentError`."""
    home = PEERS / peer
    npm = _program("npm")
    if not _done(home).exists():
        _start_over(home)
        _run(
            "npm", npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--silent", *requirements
        )
        _done(home).touch()
    return home / "node_modules" / ".bin"


def go_program(peer: str, module: str, *, tags: str) -> Path:
    """Build the program of a Go module, once, with build tags; give its folder. Raises `AbsentError`."""
    home = PEERS / peer
    go = _program("go")
    if not _done(home).exists():
        _start_over(home)
        _run("go", go, "install", f"-tags={tags}", module, GOBIN=str(home))
        _done(home).touch()
    return home


@cache
def first_line(*command: str) -> str:
    """The first line that a program writes, for its version. Raises `AbsentError`."""
    lines = _run(Path(command[0]).name, *command).splitlines()
    return lines[0].strip() if lines else ""


def node_version(programs: Path, package: str) -> str:
    """The version of an npm package beside the programs in this folder."""
    described = json.loads((programs.parent / package / "package.json").read_text())
    return str(described["version"])


def package_version(programs: Path, package: str) -> str:
    """The version of a package in the virtual environment that `programs` belongs to."""
    question = f"import importlib.metadata as m; print(m.version({package!r}))"
    return first_line(str(programs / "python"), "-c", question)


def _done(home: Path) -> Path:
    return home / "installed"  # written last, so that what was interrupted is not taken for complete


def _start_over(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)


def _program(name: str) -> str:
    if (path := shutil.which(name)) is None:
        raise AbsentError(f"{name} is not installed")
    return path


def _run(what: str, *command: str, **variables: str) -> str:
    try:
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            env={**os.environ, **variables},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AbsentError(f"{what}: {type(error).__name__}") from error
    if done.returncode != 0:
        last = done.stdout.strip().splitlines()[-1:] or ["no message"]
        raise AbsentError(f"{what} failed: {last[0][:200]}")
    return done.stdout

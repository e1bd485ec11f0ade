"""The tree of the project, for tests that read the code itself."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("src", "tests", "bench", "torture", "db", "docs", "examples")
NOT_OURS = {".peers", "__pycache__", "_build"}  # what was installed or made


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def programs() -> list[Path]:
    """Every Python file of ours, in order."""
    found = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    return [path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts)]


@pytest.fixture(scope="session")
def trees(programs: list[Path]) -> dict[str, ast.Module]:
    """The syntax tree of every Python file, by its path from the root."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_bytes()) for path in programs}


@pytest.fixture(scope="session")
def tracked(unavailable: Callable[[str], NoReturn]) -> list[Path]:
    """Every file under version control."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        unavailable("this is no working copy of git")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]

"""What the tools say of the code: ruff and mypy, as configured in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = ("src", "tests", "bench", "torture", "db", "docs")


def said_by(root: Path, *command: str) -> str:
    """What a tool prints, if it does not agree."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_check(root: Path) -> None:
    assert said_by(root, "ruff", "check", "--quiet", *EVERYTHING) == ""


def test_ruff_format(root: Path) -> None:
    assert said_by(root, "ruff", "format", "--check", "--quiet", *EVERYTHING) == ""


@pytest.mark.slow
def test_mypy(root: Path) -> None:
    assert said_by(root, "mypy", "--strict", "--no-error-summary") == ""

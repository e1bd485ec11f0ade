"""Every branch of what decides about migrations is taken by an example, not only by the luck of a property."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DECIDES = ("graph", "history", "ledger", "plan", "run", "tables")
EXAMPLES = (
    "graph",
    "history",
    "ledger",
    "plan_up",
    "plan_up_refused",
    "plan_down",
    "plan_batch",
    "plan_segments",
    "plan_unfit",
    "run",
    "tables",
)


@pytest.mark.slow
def test_every_branch_of_the_decisions_is_taken(root: Path, tmp_path: Path) -> None:
    """By hand, with the lines that lack: leave out `-q`, and add `--cov-report=term-missing`."""
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--cov-branch",
            "--cov-fail-under=100",
        ),
        *(f"--cov=stepwell.core.{name}" for name in DECIDES),
        *(f"tests/core/test_{name}.py" for name in EXAMPLES),
    ]
    settings = {"COVERAGE_FILE": str(tmp_path / "coverage"), "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, cwd=root, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

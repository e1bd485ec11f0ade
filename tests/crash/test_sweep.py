"""The sample of the fault sweep that every test run takes; `make torture` runs all of it. See `torture`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from torture.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LONGEST = 600.0  # seconds
NO_SERVER = 2


@pytest.mark.slow
@pytest.mark.timeout(LONGEST + 60)
@pytest.mark.parametrize("target", TARGETS)
def test_a_run_that_is_hit_anywhere(target: str, unavailable: Callable[[str], NoReturn]) -> None:
    """SIGKILL at every await point of a plan with everything in it, every kind of fault at some points of all plans."""
    command = [sys.executable, "-m", "torture", "sample", "--targets", target, "--jobs", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, told = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.terminate()  # it stops its servers
            raise
    if process.returncode == NO_SERVER and told.startswith("no server"):
        unavailable(told)
    assert (process.returncode, [line for line in told.splitlines() if not line[:1].isdigit()]) == (0, [])

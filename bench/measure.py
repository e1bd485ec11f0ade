"""Runs one command and says how long it took and how much memory it held at most. Knows no loads."""

import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.peer import Command

LIMIT = 900.0  # seconds after which a run is killed
KEPT = ("PATH", "HOME", "TMPDIR", "LANG")


class FailedRunError(Exception):
    """A command failed, hung, or did not do what it was asked; the message is for the report."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One run: wall-clock seconds, and the peak of resident memory in KiB."""

    seconds: float
    peak_kib: int


@dataclass(frozen=True, slots=True)
class Timings:
    """The runs of one tool at one load."""

    runs: tuple[Timing, ...]

    @property
    def median(self) -> float:
        """The median of the seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def fastest(self) -> float:
        """The least of the seconds."""
        return min(run.seconds for run in self.runs)

    @property
    def slowest(self) -> float:
        """The most of the seconds."""
        return max(run.seconds for run in self.runs)

    @property
    def peak_mib(self) -> float:
        """The median of the peaks, in MiB."""
        return statistics.median(run.peak_kib for run in self.runs) / 1024


def run(command: Command, folder: Path) -> Timing:
    """Run a command, as often in a row as it says, in a folder. Raises `FailedRunError`.

    The variables of whoever runs the benchmark stay outside, since tools read settings from them.
    """
    variables = {name: os.environ[name] for name in KEPT if name in os.environ}
    variables |= {"NO_COLOR": "1", **command.environment}
    arguments = [str(argument) for argument in command.arguments]
    peak = 0
    started = time.perf_counter()
    for _ in range(command.times):
        peak = max(peak, _once(arguments, folder, variables))
    return Timing(time.perf_counter() - started, peak)


def _once(arguments: list[str], folder: Path, variables: dict[str, str]) -> int:
    """Run once; give the peak memory in KiB. A child begins with what we hold: it is never less than that."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            arguments, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        peak_kib = _wait(process)
        if process.returncode != 0:
            output.seek(0)
            raise FailedRunError(_told(output.read(), process.returncode))
        return peak_kib


def _wait(process: "subprocess.Popen[bytes]") -> int:
    watchdog = threading.Timer(LIMIT, process.kill)
    watchdog.start()
    # wait4 is the only call that gives the memory of this child alone; Popen must be told what it found.
    _, status, usage = os.wait4(process.pid, 0)
    watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss


def _told(output: bytes, code: int) -> str:
    """The last line that speaks of an error, or else the last one."""
    lines = output.decode(errors="replace").strip().splitlines() or ["no message"]
    errors = [line for line in lines if "error" in line.lower()]
    return f"exit {code}: {(errors or lines)[-1].strip()[:200]}"

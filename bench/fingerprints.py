"""What the fingerprint at the end costs a run: `python -m bench.fingerprints`, from the root of the repo.

Two runs on databases of 5, 100 and 2,000 tables: one that makes them all, and one of a single migration, which is the
worst. Each is a whole process, with and without the fingerprint in turn; what is told is the ratio of the medians.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.server import NoServerError, Server, running
from bench.snapshots import TABLE

SIZES = (5, 100, 2000)
MOST_FILES = 100  # the tables are spread over so many migrations
ONE = "ALTER TABLE t0 ADD COLUMN more integer;"


class Cost(NamedTuple):
    """The medians of one kind of run, in seconds, without and with a fingerprint."""

    kind: str
    without: float
    taken: float


def write(folder: Path, tables: int) -> None:
    """Migrations that make so many tables, each of which refers to the one before it."""
    each = max(1, tables // MOST_FILES)
    for number, first in enumerate(range(0, tables, each), 1):
        statements = (
            TABLE.format(number=n, refers=f"REFERENCES t{n - 1} (id)" if n else "")
            for n in range(first, min(first + each, tables))
        )
        _file(folder, number, "".join(statements))


def _file(folder: Path, number: int, up: str) -> Path:
    path = folder / f"{number:04}_step.sql"
    depends = f"{number - 1:04}" if number > 1 else ""
    path.write_text(f"-- depends: {depends}\n-- migrate:up\n{up}\n")
    return path


def seconds_of_run(url: str, folder: Path, taken: str) -> float:
    """How long a `migrate` takes, from the start of its process to its end."""
    command = [sys.executable, "-m", "stepwell", "migrate", "--quiet", "--url", url, "--atomic", "migration"]
    command += ["--migrations", str(folder), "--fingerprint", taken]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def measure(server: Server, tables: int, repeats: int) -> Iterator[Cost]:
    """Both kinds of run on new databases, in turn without and with a fingerprint."""
    seconds: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        write(folder, tables)
        last = len(list(folder.iterdir())) + 1
        for _ in range(repeats):
            for taken in ("false", "true"):
                url = server.create("fingerprints").url()
                seconds.setdefault(("all", taken), []).append(seconds_of_run(url, folder, taken))
                more = _file(folder, last, ONE)
                seconds.setdefault(("one", taken), []).append(seconds_of_run(url, folder, taken))
                more.unlink()
    for kind in ("all", "one"):
        without, with_one = (statistics.median(seconds[kind, taken]) for taken in ("false", "true"))
        yield Cost(kind, without, with_one)


def main() -> int:
    """Measure, and print a line for each kind of run."""
    parser = argparse.ArgumentParser(prog="python -m bench.fingerprints", description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=SIZES, metavar="N", help="how many tables")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="measured runs (default: 5)")
    parser.add_argument("--postgresql", type=Path, metavar="DIR", help="the folder of the server's programs")
    options = parser.parse_args()
    try:
        with running(options.postgresql) as server:
            print(f"PostgreSQL {server.version}, medians of {options.repeats} runs", flush=True)
            for tables in options.tables:
                for kind, without, taken in measure(server, tables, options.repeats):
                    print(
                        f"{tables} tables, {kind}: {without:.2f} s without, {taken:.2f} s with, "
                        f"ratio {taken / without:.2f}",
                        flush=True,
                    )
    except NoServerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How long a snapshot takes, beside `pg_dump -s`: `python -m bench.snapshots`, from the root of the repo.

Both read the same database of many tables, in turn; what is told is the ratio of the medians.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from bench.server import NoServerError, Server, running
from stepwell.project import Project

GOAL = 1.2  # times what pg_dump takes
TABLE = """
CREATE TABLE t{number} (id bigserial PRIMARY KEY, parent bigint {refers}, name text NOT NULL,
  email varchar(200) UNIQUE, amount numeric(12,2) DEFAULT 0 CHECK (amount >= 0), created timestamptz DEFAULT now(),
  kind text CHECK (kind IN ('a', 'b', 'c')), payload jsonb);
CREATE INDEX ON t{number} (name, created DESC);
CREATE INDEX ON t{number} (lower(email)) WHERE amount > 0;
COMMENT ON TABLE t{number} IS 'table {number}';"""
AT_ONCE = 100  # tables in a transaction, which holds a lock for each


def fill(url: str, tables: int) -> None:
    """Make so many tables, each of which refers to the one before it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for first in range(0, tables, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, tables))
            statements = (
                TABLE.format(number=n, refers=f"REFERENCES t{n - 1} (id)" if n else "") for n in numbers
            )
            connection.execute("".join(statements).encode())
        connection.execute("ANALYZE")


def seconds_of_snapshot(url: str) -> float:
    """How long the library takes for a snapshot and its fingerprint, with the connection."""
    began = time.perf_counter()
    _ = asyncio.run(Project(url).snapshot()).fingerprint
    return time.perf_counter() - began


def seconds_of_dump(programs: Path, url: str) -> float:
    """How long pg_dump takes."""
    began = time.perf_counter()
    subprocess.run([programs / "pg_dump", "-s", url], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def compare(server: Server, tables: int, repeats: int) -> tuple[float, float]:
    """The medians of both, in seconds: ours, that of pg_dump."""
    url = server.create("snapshots").url()
    fill(url, tables)
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(seconds_of_dump(server.programs, url))
        ours.append(seconds_of_snapshot(url))
    return statistics.median(ours), statistics.median(theirs)


def main() -> int:
    """Measure, and say whether the goal was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.snapshots", description=__doc__)
    parser.add_argument(
        "--tables", type=int, default=2000, metavar="N", help="how many tables (default: 2000)"
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="measured runs (default: 5)")
    parser.add_argument("--postgresql", type=Path, metavar="DIR", help="the folder of the server's programs")
    options = parser.parse_args()
    try:
        with running(options.postgresql) as server:
            ours, theirs = compare(server, options.tables, options.repeats)
            print(f"PostgreSQL {server.version}, {options.tables} tables, medians of {options.repeats} runs")
    except NoServerError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"snapshot {ours:.2f} s, pg_dump -s {theirs:.2f} s: ratio {ours / theirs:.2f}, wanted at most {GOAL}"
    )
    return 0 if ours / theirs <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())

"""How long a snapshot of MySQL or MariaDB takes, beside `mariadb-dump --no-data`: `python -m bench.snapshots_mysql URL`

The URL is that of a server, with a database that exists, whose user may make another one.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import pymysql

from stepwell.core.url import DatabaseUrl, parse_url
from stepwell.project import Project

NAME = "stepwell_bench_snapshots"
TABLE = """CREATE TABLE t{number} (id BIGINT AUTO_INCREMENT PRIMARY KEY, parent BIGINT, name VARCHAR(100) NOT NULL,
  email VARCHAR(200) UNIQUE, amount DECIMAL(12, 2) DEFAULT 0 CHECK (amount >= 0), created DATETIME DEFAULT NOW(),
  kind VARCHAR(9) CHECK (kind IN ('a', 'b', 'c')), payload JSON, KEY by_name (name, created){refers})
COMMENT 'table {number}'"""
REFERS = ", FOREIGN KEY (parent) REFERENCES t{before} (id)"


def connected(url: DatabaseUrl) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """A connection by the driver's blocking half."""
    ((host, port),) = url.hosts
    password = url.password.reveal() if url.password else ""
    return pymysql.connect(
        host=host, port=port or 3306, user=url.user, password=password, database=url.database, autocommit=True
    )


def fill(url: DatabaseUrl, tables: int) -> None:
    """Make so many tables, each of which refers to the one before it."""
    with connected(url) as connection, connection.cursor() as cursor:
        for number in range(tables):
            refers = REFERS.format(before=number - 1) if number else ""
            cursor.execute(TABLE.format(number=number, refers=refers))


def seconds_of_snapshot(url: DatabaseUrl, given: str) -> float:
    """How long the library takes for a snapshot and its fingerprint, with the connection."""
    base, _, _ = given.rpartition("/")
    began = time.perf_counter()
    _ = asyncio.run(Project(f"{base}/{url.database}").snapshot()).fingerprint
    return time.perf_counter() - began


def seconds_of_dump(url: DatabaseUrl) -> float | None:
    """How long mariadb-dump takes; None where there is none."""
    if shutil.which("mariadb-dump") is None:
        return None
    ((host, port),) = url.hosts
    command = [
        "mariadb-dump",
        "--no-defaults",
        f"--host={host}",
        f"--port={port or 3306}",
        f"--user={url.user}",
    ]
    password = url.password.reveal() if url.password else ""
    began = time.perf_counter()
    subprocess.run(
        [*command, "--skip-ssl", "--no-data", "--routines", "--events", str(url.database)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "MYSQL_PWD": password},
        check=True,
    )
    return time.perf_counter() - began


def measure(given: str, tables: int, repeats: int) -> None:
    """Fill a database of its own, measure, tell, and drop it."""
    master = parse_url(given)
    url = replace(master, database=NAME)
    with connected(master) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME}")
        try:
            fill(url, tables)
            ours = statistics.median(seconds_of_snapshot(url, given) for _ in range(repeats))
            theirs = [each for _ in range(repeats) if (each := seconds_of_dump(url)) is not None]
        finally:
            cursor.execute(f"DROP DATABASE {NAME}")
    beside = f", mariadb-dump {statistics.median(theirs):.2f} s" if theirs else ""
    print(f"{tables} tables, medians of {repeats} runs: snapshot {ours:.2f} s{beside}")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.snapshots_mysql", description=__doc__)
    parser.add_argument("url", metavar="URL")
    parser.add_argument(
        "--tables", type=int, default=2000, metavar="N", help="how many tables (default: 2000)"
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="measured runs (default: 5)")
    options = parser.parse_args()
    measure(options.url, options.tables, options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(main())

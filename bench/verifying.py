"""How long `verify` takes for many migrations: `python -m bench.verifying`, from the root of the repo.

On embedded PostgreSQL, as a user has it. The ways to call it take turns; what is told is the median of each, and its
ratio to that of one worker with rows.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stepwell.core.proof import Verdict, VerifyReport
from stepwell.project import Project

# Of five migrations one each: a table, a column, an index, a check, a view.
KINDS: Sequence[tuple[str, str]] = (
    (
        "CREATE TABLE t{t} (id bigserial PRIMARY KEY, name text NOT NULL, email varchar(200));",
        "DROP TABLE t{t};",
    ),
    ("ALTER TABLE t{t} ADD COLUMN age integer;", "ALTER TABLE t{t} DROP COLUMN age;"),
    ("CREATE INDEX t{t}_email ON t{t} (email);", "DROP INDEX t{t}_email;"),
    ("ALTER TABLE t{t} ADD CONSTRAINT t{t}_id CHECK (id > 0);", "ALTER TABLE t{t} DROP CONSTRAINT t{t}_id;"),
    ("CREATE VIEW v{t} AS SELECT id, name FROM t{t};", "DROP VIEW v{t};"),
)
BASIS = "one worker"
WAYS: dict[str, dict[str, Any]] = {
    BASIS: {"jobs": 1, "cache": False},
    "one worker, without rows": {"jobs": 1, "cache": False, "rows": False},
    "two workers": {"jobs": 2, "cache": False},
    "four workers": {"jobs": 4, "cache": False},
    "all of it known": {},
    "only the last one": {"last": True, "cache": False},
}


def write(folder: Path, count: int) -> None:
    """Write so many migrations."""
    folder.mkdir(parents=True)
    for number in range(count):
        up, down = (text.format(t=number // len(KINDS)) for text in KINDS[number % len(KINDS)])
        text = f"-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n"
        (folder / f"{number + 1:04}_m.sql").write_text(text)


def seconds(root: Path, count: int, *, last: bool = False, **choice: Any) -> float:
    """How long it takes to verify all, or the last one. Raises `ValueError` where not all of it was proved."""
    project = Project(root=root)
    began = time.perf_counter()
    report: VerifyReport = asyncio.run(project.verify([f"{count:04}"] if last else [], **choice))
    taken = time.perf_counter() - began
    if report.count(Verdict.PROVED) != (1 if last else count):
        raise ValueError(report)
    return taken


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.verifying", description=__doc__)
    parser.add_argument("--count", type=int, default=100, metavar="N", help="migrations (default: 100)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="measured runs (default: 3)")
    options = parser.parse_args()
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        root.chmod(0o711)  # the server of root runs under another account
        write(root / "db" / "migrations", options.count)
        seconds(root, options.count)  # the server is there, and all of it is known
        for _ in range(options.repeats):
            for way, choice in WAYS.items():
                taken[way].append(seconds(root, options.count, **choice))
                print(f"{way}: {taken[way][-1]:.2f} s", file=sys.stderr, flush=True)
    medians = {way: statistics.median(times) for way, times in taken.items()}
    print(f"{options.count} migrations, medians of {options.repeats} runs\n")
    print("| how | median | beside one worker |\n| --- | --- | --- |")
    for way, median in medians.items():
        print(f"| {way} | {median:.2f} s | {median / medians[BASIS]:.2f}x |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

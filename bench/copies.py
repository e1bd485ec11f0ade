"""How long a test waits for a migrated database: `python -m bench.copies`, from the root of the repo.

Two ways to get one for each test, in turn: what the plugin does (on most engines a copy of one that was migrated once),
and running the migrations each time. PostgreSQL is the embedded one.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from stepwell.app.databases import Database
from stepwell.project import Project

MIGRATION = """-- description: Make table {number}
-- depends: {before}
-- migrate:up
CREATE TABLE t{number} (
    id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, amount INTEGER DEFAULT 0 CHECK (amount >= 0)
);
CREATE INDEX t{number}_name ON t{number} (name);
INSERT INTO t{number} (id, name) VALUES (1, 'one'), (2, 'two');

-- migrate:down
DROP TABLE t{number};
"""

Make = Callable[[], AbstractAsyncContextManager[Database]]


def write(folder: Path, count: int) -> None:
    """So many migrations, each with a table, an index and two rows."""
    folder.mkdir()
    for number in range(1, count + 1):
        before = f"{number - 1:04}" if number > 1 else ""
        text = MIGRATION.format(number=number, before=before)
        (folder / f"{number:04}_table.sql").write_text(text)


@asynccontextmanager
async def copied(project: Project) -> AsyncIterator[Make]:
    """What the fixture `stepwell_database` does, in any number of tests of one session."""
    async with project.databases() as make:
        async with make():
            pass  # the first one pays for all
        yield make


@asynccontextmanager
async def migrated(project: Project) -> AsyncIterator[Make]:
    """An empty database of the same kind, and then all migrations."""
    async with project.databases() as make:
        async with make("base"):
            pass

        @asynccontextmanager
        async def anew() -> AsyncIterator[Database]:
            async with make("base") as database:
                await database.up(everything=True)
                yield database

        yield anew


async def milliseconds(way: Callable[[Project], Any], project: Project, tests: int) -> float:
    """The median of what one test waits, with the end of its database."""
    waited = []
    async with way(project) as make:
        for _ in range(tests):
            began = time.perf_counter()
            async with make():
                pass
            waited.append((time.perf_counter() - began) * 1000)
    return statistics.median(waited)


def told(name: str, count: int, project: Project, tests: int) -> str:
    """A row of the table."""
    copy = asyncio.run(milliseconds(copied, project, tests))
    run = asyncio.run(milliseconds(migrated, project, tests))
    return f"| {name} | {count} | {copy:.1f} ms | {run:.1f} ms | {run / copy:.1f} |"


def main() -> int:
    """Measure, and print the table of the book."""
    parser = argparse.ArgumentParser(prog="python -m bench.copies", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[5, 100], metavar="N", help="migrations")
    parser.add_argument("--tests", type=int, default=20, metavar="N", help="tests of each (default: 20)")
    parser.add_argument("--mysql", metavar="URL", help="a server of MySQL or MariaDB besides")
    options = parser.parse_args()
    engines: dict[str, dict[str, Any]] = {"sqlite": {}, "postgresql": {}}
    if options.mysql:
        engines[options.mysql.partition(":")[0]] = {"scratch_url": options.mysql}
    print("| engine | migrations | for each test | all migrations each time | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        for count in options.counts:
            write(Path(home) / str(count), count)
            for engine, settings in engines.items():
                project = Project(engine=engine, root=home, migrations=str(count), **settings)
                print(told(engine, count, project, options.tests), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

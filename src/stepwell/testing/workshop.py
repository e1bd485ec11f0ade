"""A folder of migrations that a test writes, and the verbs run on it. It knows no engine and asserts nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import stepwell
from stepwell.core.errors import StepwellError
from stepwell.core.history import State
from stepwell.core.migration import Version
from stepwell.core.report import RunReport
from stepwell.core.tables import JOURNAL_EVENTS
from stepwell.core.url import parse_url
from stepwell.parts import find_engine
from stepwell.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from stepwell.core.abilities import Abilities
    from stepwell.core.answers import LogEntry, StatusReport
    from stepwell.core.history import Entry
    from stepwell.core.report import Outcome

T = TypeVar("T")
Row = tuple[Any, ...]

PATIENCE = 60.0  # seconds; on a machine that has much else to do, little is done in time
POLL = 0.01

_RUN_ALONE = """
import json, sys
from stepwell.blocking import Project
from stepwell.core.errors import StepwellError

url, root, verb = sys.argv[1:]
try:
    report = getattr(Project(url, root=root, migrations="migrations", lock_wait=20.0), verb)()
except StepwellError as error:
    print(json.dumps({"exit": error.exit_code, "steps": [], "error": str(error)}))
    sys.exit(error.exit_code)
print(json.dumps({"exit": 0, "steps": [f"{step.version} {step.outcome}" for step in report.steps]}))
"""


class Workshop:
    """Migrations under `root/migrations`, for the database at `url`.

    Takes also `ask`, a function that runs one statement outside of stepwell, commits it, and gives its rows.
    """

    def __init__(self, url: str, root: Path, ask: Callable[[str], list[Row]]) -> None:
        self.url, self.root, self.ask = url, root, ask
        self.folder = root / "migrations"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.abilities: Abilities = find_engine(parse_url(url).engine).dialect.abilities

    # --- writing migrations ---

    def sql(self, stem: str, up: str, down: str = "", *, header: str = "", options: str = "") -> Path:
        """Write `STEM.sql` with these two sections; `options` stand behind both markers."""
        lines = [
            *([header] if header else []),
            f"-- migrate:up {options}".rstrip(),
            textwrap.dedent(up).strip(),
        ]
        if down:
            lines += ["", f"-- migrate:down {options}".rstrip(), textwrap.dedent(down).strip()]
        path = self.folder / f"{stem}.sql"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def table(self, stem: str, *, depends: str = "") -> str:
        """Write a migration that creates a table and drops it, and give the name of the table: that of the file."""
        name = stem.partition("_")[2]
        header = f"-- depends: {depends}" if depends else ""
        self.sql(stem, f"CREATE TABLE {name} (id INTEGER PRIMARY KEY);", f"DROP TABLE {name};", header=header)
        return name

    def python(
        self, stem: str, up: str, down: str = "", *, attributes: str = "", plain: bool = False, head: str = ""
    ) -> Path:
        """Write `STEM.py` with these bodies of `up` and `down`; with `plain` they are no coroutines."""
        define = "def" if plain else "async def"
        parts = [
            "from pathlib import Path\n\nfrom stepwell import Migration, database\n",
            textwrap.dedent(head),
            "\nclass Step(Migration):",
            '    """Made by a test."""\n',
            textwrap.indent(textwrap.dedent(attributes).strip(), "    "),
            f"\n    {define} up(self):",
            textwrap.indent(textwrap.dedent(up).strip(), "        "),
        ]
        if down:
            parts += [
                f"\n    {define} down(self):",
                textwrap.indent(textwrap.dedent(down).strip(), "        "),
            ]
        path = self.folder / f"{stem}.py"
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return path

    def waiting(self, stem: str, statements: str = "", *, attributes: str = "") -> Path:
        """Write a Python migration that runs `statements`, tells that it has begun, and ends when it may.

        See `has_begun` and `let_go`.
        """
        return self.python(
            stem,
            f"""
            {statements or "pass"}
            await database.flush()
            Path({str(self._begun)!r}).touch()
            while not Path({str(self._gone)!r}).exists():
                await asyncio.sleep({POLL})
            """,
            attributes=attributes,
            head="import asyncio\n",
        )

    @property
    def _begun(self) -> Path:
        return self.root / "begun"

    @property
    def _gone(self) -> Path:
        return self.root / "go"

    async def has_begun(self, process: subprocess.Popen[str] | None = None) -> None:
        """Wait until a migration of `waiting`, perhaps run by this process, is at its waiting point."""
        await until(lambda: self._begun.exists() or (process is not None and process.poll() is not None))
        if process is not None and not self._begun.exists():
            raise AssertionError(f"the process has ended before: {process.communicate()}")

    def let_go(self) -> None:
        """Let the migration of `waiting` end."""
        self._gone.touch()

    def line(self, path: Path, text: str) -> str:
        """The place of the first line that holds `text`, as messages name it."""
        lines = path.read_text(encoding="utf-8").splitlines()
        number = next(number for number, line in enumerate(lines, 1) if text in line)
        return f"migrations/{path.name}:{number}"

    # --- running verbs ---

    def project(self, **settings: Any) -> Project:
        """The project of these migrations and this database."""
        return Project(**{"url": self.url, "migrations": "migrations", "root": self.root, **settings})

    def run(self, verb: Coroutine[Any, Any, T]) -> T:
        """Run a verb in a loop of its own."""
        return asyncio.run(verb)

    def migrate(self, **wish: Any) -> RunReport:
        """Apply what is pending."""
        return self.run(self.project().migrate(**wish))

    def rollback(self, **wish: Any) -> RunReport:
        """Revert."""
        return self.run(self.project().rollback(**wish))

    def status(self) -> StatusReport:
        """The state of everything."""
        return self.run(self.project().status())

    def states(self) -> dict[str, str]:
        """The state of every migration by version, in the order of the plan."""
        return {entry.version.text: entry.state.value for entry in self.status().entries}

    def entry(self, version: str) -> Entry:
        """The line of the status of one version."""
        return next(entry for entry in self.status().entries if entry.version == Version(version))

    def applied(self) -> list[str]:
        """The versions that the history has, in the order of application."""
        entries = [entry for entry in self.status().entries if entry.record is not None]
        return [
            entry.version.text
            for entry in sorted(entries, key=lambda each: each.record.id if each.record else 0)
        ]

    def pending(self) -> list[str]:
        """The versions that are pending, in the order of the plan."""
        return [version for version, state in self.states().items() if state == State.PENDING]

    def log(self) -> tuple[LogEntry, ...]:
        """The whole log, oldest first."""
        return self.run(self.project().log(limit=None)).entries

    def told(self, **what: Any) -> tuple[LogEntry, ...]:
        """The log without its journal: what it tells of whole steps. Takes what `Project.log` does."""
        entries = self.run(self.project().log(**{"limit": None, **what})).entries
        return tuple(entry for entry in entries if entry.event not in JOURNAL_EVENTS)

    def failure(self, verb: Coroutine[Any, Any, object]) -> StepwellError:
        """Run a verb that must fail, and give its error."""
        try:
            result = self.run(verb)
        except StepwellError as error:
            return error
        raise AssertionError(f"it did not fail: {result}")

    def process(self, verb: str = "migrate") -> subprocess.Popen[str]:
        """Run a verb in a process of its own, which prints its outcome as JSON."""
        source = str(Path(stepwell.__file__).parent.parent)
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own program
            [sys.executable, "-c", _RUN_ALONE, self.url, str(self.root), verb],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    # --- asking the database ---

    def exists(self, table: str) -> bool:
        """Whether a table can be read."""
        try:
            self.ask(f"SELECT count(*) FROM {table}")
        except Exception:  # noqa: BLE001 - every driver has an error of its own for it
            return False
        return True

    def column(self, sql: str) -> list[Any]:
        """The first column of what a query gives."""
        return [row[0] for row in self.ask(sql)]


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true; raises `TimeoutError` where it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        await asyncio.sleep(POLL)


def outcomes(report: RunReport) -> list[str]:
    """The steps of a run, such as `001 applied`."""
    return [f"{step.version} {step.outcome}" for step in report.steps]


def report_of(error: BaseException) -> RunReport:
    """The report that an error carries."""
    found = getattr(error, "report", None)
    if not isinstance(found, RunReport):
        raise AssertionError(f"{error!r} carries no report")  # noqa: TRY004 - the assertion of a test
    return found


def versions(report: RunReport, outcome: Outcome) -> list[str]:
    """The versions that had this outcome, in the order of the run."""
    return [version.text for version in report.versions(outcome)]


def texts(found: Sequence[Version]) -> list[str]:
    """Versions as text."""
    return [version.text for version in found]

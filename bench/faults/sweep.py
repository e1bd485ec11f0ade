"""One tool under faults: at each message that the server acts upon in turn; then what one more run makes of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from tests.faults.framing import STARTUP, Message, Side
from tests.faults.proxy import Proxy, Rule, When

from bench.faults.scenarios import State
from bench.peer import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.faults.scenarios import Scenario
    from bench.faults.tools import Tool
    from bench.server import Database

PATIENCE = 60.0  # seconds for one run
MOST = 2000  # messages
ACTED_UPON = frozenset({STARTUP, "Q", "E", "S", "X"})
RUNNERS = 4
CONCURRENT_ROUNDS = 10

OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(slots=True)
class Tally:
    """What became of the faulted runs of one kind."""

    runs: int = 0
    right: int = 0  # after one more ordinary run everything stands, once
    stuck: int = 0  # the next run fails: somebody has to look
    wrong: int = 0  # the next run reports success, and something is not as it should be
    untrue: int = 0  # the exit code of the faulted run told something else than what stood
    parts: int = 0  # a part of the migrations stood after the faulted run
    kinds: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """For the file."""
        return {
            "runs": self.runs,
            "right": self.right,
            "stuck": self.stuck,
            "wrong": self.wrong,
            "untrue": self.untrue,
            "parts": self.parts,
            "kinds": dict(self.kinds.most_common()),
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a message: the connection is cut, or the program is killed; before it, or after it was done."""

    when: When
    kills: bool

    @property
    def key(self) -> str:
        """Its name in the file."""
        return f"{'kill' if self.kills else 'cut'} {self.when}"


# A kill before a message leaves what a kill after the one before it leaves: it would only be counted twice.
FAULTS = (Fault(When.AFTER, kills=True), Fault(When.BEFORE, kills=False), Fault(When.AFTER, kills=False))


class Bench:
    """One tool, the folder of its migrations, and an empty database behind the proxy."""

    def __init__(
        self, tool: Tool, scenario: Scenario, folder: Path, database: Database, proxy: Proxy
    ) -> None:
        self.tool, self.scenario, self._proxy = tool, scenario, proxy
        self._direct = database
        self._folder = folder
        folder.mkdir()
        tool.write(scenario, folder)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database, beside the proxy."""
        with psycopg.connect(self._direct.url(), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Begin anew."""
        self.ask(END_OTHERS)
        self.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def start(self, *, through_proxy: bool = False) -> subprocess.Popen[str]:
        """Start the tool."""
        database = self._direct.through(self._proxy.port) if through_proxy else self._direct
        command = self.tool.command(Site(self._folder, len(self.scenario.changes), database))
        return subprocess.Popen(
            [str(argument) for argument in command.arguments],
            cwd=self._folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        """Run it to its end, beside the proxy; give its exit code and what it said."""
        return finished(self.start())

    def must_work(self) -> None:
        """See that it does what it should where nothing happens."""
        self.empty()
        code, said = self.run()
        wrong = self.state().wrong(self.scenario)
        if code != 0 or wrong:
            raise AssertionError(f"{self.tool.name} without any fault: exit code {code}, {wrong}, {said}")

    def faulted(self, fault: Fault, number: int) -> tuple[int, bool]:
        """Run it through the proxy, which does harm at this message. Gives the exit code, and whether it did."""
        process: list[subprocess.Popen[str]] = []

        def kill() -> None:
            while not process:  # the message is faster than its own program's number
                time.sleep(0.001)
            process[0].kill()

        rule = Rule(acted_upon(number), fault.when, call=kill if fault.kills else None)
        self._proxy.plan(rule)
        process.append(self.start(through_proxy=True))
        code, _ = finished(process[0])
        self._settle()
        return code, rule.fired

    def _settle(self) -> None:
        """Let the server notice that the run is gone."""
        deadline = time.monotonic() + PATIENCE
        while self.ask(OTHERS) != [(0,)] and time.monotonic() < deadline:
            time.sleep(0.01)

    def state(self) -> State:
        """What stands."""
        recorded = 0
        with suppress(psycopg.Error):  # its table may not be there yet
            ((recorded,),) = self.ask(self.tool.recorded)
        return State.of(self.ask, recorded)


def acted_upon(number: int) -> Callable[[Message], bool]:
    """The message of this number among those that the server acts upon, as it does not on parsing and binding."""
    count = 0

    def matches(message: Message) -> bool:
        nonlocal count
        count += message.side is Side.CLIENT and message.tag in ACTED_UPON
        return message.side is Side.CLIENT and message.tag in ACTED_UPON and count == number

    return matches


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for its end; a program that hangs is ended, and its code is 124."""
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        return 124, said + "\nit hangs"
    return process.returncode, said


def sweep(bench: Bench, fault: Fault, stride: int = 1) -> Tally:
    """Do this harm at the first message, the second, and so on; with a stride, at every so-manieth."""
    bench.must_work()
    tally = Tally()
    for number in range(1, MOST, stride):
        bench.empty()
        code, fired = bench.faulted(fault, number)
        if not fired:
            return tally
        _count(tally, bench, code if not fault.kills else None)
    raise AssertionError("it does not end")


def _count(tally: Tally, bench: Bench, code: int | None) -> None:
    tally.runs += 1
    between = bench.state()
    complete = not between.wrong(bench.scenario)
    tally.parts += between.is_part and not complete
    if code is not None and (code == 0) is not complete:
        tally.untrue += 1
        tally.kinds["told success, but not all stood" if code == 0 else "told failure, but all stood"] += 1
    again, said = bench.run()
    wrong = bench.state().wrong(bench.scenario)
    if again != 0:
        tally.stuck += 1
        tally.kinds[f"next run: {reason(said)}"] += 1
    elif wrong:
        tally.wrong += 1
        tally.kinds.update(f"next run succeeded, but {each}" for each in wrong)
    else:
        tally.right += 1


def reason(said: str) -> str:
    """The gist of what a tool said of its failure, the same for the same failure."""
    text = said.lower()
    for words in ("locked", "in doubt", "already exists", "duplicate", "it hangs"):
        if words in text:
            return words
    lines = [line for line in said.strip().splitlines() if line.strip()]
    return lines[-1][:100] if lines else "nothing said"


def at_once(bench: Bench) -> Iterator[tuple[list[int], bool]]:
    """Start several at the same moment, on an empty database; give their exit codes, and whether all is right."""
    for _ in range(CONCURRENT_ROUNDS):
        bench.empty()
        runners = [bench.start() for _ in range(RUNNERS)]
        codes = [finished(runner)[0] for runner in runners]
        yield sorted(codes), not bench.state().wrong(bench.scenario)


def failing_index(bench: Bench) -> str:
    """Build a unique index over rows that are the same, mend the rows, run again: what the tool makes of that."""
    bench.empty()
    first, _ = bench.run()
    bench.ask("UPDATE items SET n = id")
    again, said = bench.run()
    wrong = bench.state().wrong(bench.scenario)
    if first == 0:
        return "the failure was not told"
    if again != 0:
        return f"the next run fails ({reason(said)})"
    return f"the next run succeeds, but {', '.join(wrong)}" if wrong else "the next run builds it anew"

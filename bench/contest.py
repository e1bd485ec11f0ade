"""Lets the peers do the loads in turn, each on a fresh database, and checks that they did. Draws nothing."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from bench.delay_proxy import delayed
from bench.generate import tables
from bench.loads import Load
from bench.measure import FailedRunError, Timing, Timings, run
from bench.peer import AbsentError, Command, Kind, Peer, Site, Verb
from bench.server import Database, Server

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Present:
    """A peer that takes part."""

    name: str
    kind: Kind
    version: str
    remark: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that does not, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """How one peer did at one load: its timings, or why there are none."""

    load: Load
    peer: str
    outcome: Timings | FailedRunError


@dataclass(frozen=True, slots=True)
class Entrant:
    """A peer at one load: where it stands, what it starts from, what it runs."""

    peer: Peer
    load: Load
    site: Site
    template: str
    command: Command


def install(peers: Sequence[Peer], say: Say) -> tuple[list[Peer], list[Present], list[Absent]]:
    """Install the peers; give those that take part, what is known of them, and those that are absent."""
    ready: list[Peer] = []
    present: list[Present] = []
    absent: list[Absent] = []
    for peer in peers:
        try:
            version = peer.install()
        except AbsentError as error:
            say(f"{peer.name}: absent: {error}")
            absent.append(Absent(peer.name, str(error)))
        else:
            say(f"{peer.name} {version}")
            ready.append(peer)
            present.append(Present(peer.name, peer.kind, version, peer.remark))
    return ready, present, absent


class Contest:
    """One run of the benchmark on one server: remembers which folders and templates were made."""

    def __init__(self, server: Server, home: Path, peers: Sequence[Peer], repeats: int, say: Say) -> None:
        self._server = server
        self._home = home
        self._peers = peers
        self._repeats = repeats
        self._say = say
        self._templates: set[str] = set()

    def hold(self, load: Load) -> list[Result]:
        """Let every peer that can do this load do it: once to warm up, then `repeats` times, in turn."""
        self._say(f"{load.title}:")
        failed: list[Result] = []
        entrants: list[Entrant] = []
        with self._link(load) as port:
            for number, peer in enumerate(self._peers):
                with self._noting(load, peer, failed):
                    if entrant := self._enter(load, number, peer, port):
                        self._once(entrant)
                        entrants.append(entrant)
            return self._rounds(entrants, failed) + failed

    def round_trip(self, load: Load) -> float:
        """The round trip that the link of a load really has, in seconds: the fastest of some."""
        with self._link(load) as port, psycopg.connect(Database("postgres", port).url()) as connection:
            return min(_timed(lambda: connection.execute("SELECT 1")) for _ in range(20))

    def _rounds(self, entrants: Sequence[Entrant], failed: list[Result]) -> list[Result]:
        runs: dict[str, list[Timing]] = {entrant.peer.name: [] for entrant in entrants}
        for number in range(self._repeats):
            turn = number % max(
                1, len(entrants)
            )  # another one begins each time: no place in the order is always worst
            for entrant in [*entrants[turn:], *entrants[:turn]]:
                with self._noting(entrant.load, entrant.peer, failed):
                    runs[entrant.peer.name].append(self._once(entrant))
        unlucky = {result.peer for result in failed}
        good = [entrant for entrant in entrants if entrant.peer.name not in unlucky]
        return [Result(one.load, one.peer.name, Timings(tuple(runs[one.peer.name]))) for one in good]

    def _enter(self, load: Load, number: int, peer: Peer, port: int) -> Entrant | None:
        site = Site(self._folder(peer, number, load.count), load.count, Database("run", port))
        command = peer.command(load.verb, site)
        if command is None:
            return None
        template = self._applied(peer, number, site) if load.starts_applied else "template0"
        return Entrant(peer, load, site, template, command)

    def _folder(self, peer: Peer, number: int, count: int) -> Path:
        folder = self._home / f"peer{number}-{count}"
        if not folder.exists():
            folder.mkdir()
            peer.write(tables(count), folder)
        return folder

    def _applied(self, peer: Peer, number: int, site: Site) -> str:
        """A template database on which the peer has applied everything; one that can't apply begins empty."""
        name = f"applied-{number}-{site.count}"
        if name not in self._templates:
            database = self._server.create(name)
            command = peer.command(Verb.APPLY, replace(site, database=database))
            if command is not None:
                run(command, site.folder)
            self._templates.add(name)
        return name

    def _once(self, entrant: Entrant) -> Timing:
        if entrant.load.verb is Verb.HELP:
            return run(entrant.command, entrant.site.folder)
        self._server.create(entrant.site.database.name, entrant.template)
        self._server.settle()
        timing = run(entrant.command, entrant.site.folder)
        self._prove(entrant)
        self._say(f"  {entrant.peer.name}: {timing.seconds:.3f} s")
        return timing

    def _prove(self, entrant: Entrant) -> None:
        expected = entrant.load.tables_after
        if entrant.peer.command(Verb.APPLY, entrant.site) is None:
            expected = 0  # a yardstick that applies nothing
        found = self._server.tables(entrant.site.database)
        if found != expected:
            raise FailedRunError(f"{found} tables are there afterwards, not {expected}")

    def _link(self, load: Load) -> contextlib.AbstractContextManager[int]:
        if load.round_trip:
            return delayed(self._server.port, load.round_trip)
        return contextlib.nullcontext(self._server.port)

    @contextlib.contextmanager
    def _noting(self, load: Load, peer: Peer, failed: list[Result]) -> Iterator[None]:
        try:
            yield
        except FailedRunError as error:
            self._say(f"  {peer.name}: {error}")
            if peer.name not in {result.peer for result in failed}:
                failed.append(Result(load, peer.name, error))


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started

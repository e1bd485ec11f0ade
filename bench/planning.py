"""What thousands of migration files cost stepwell: time and memory of a plan and of a status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generate import nothing_much
from bench.measure import FailedRunError, Timings, run
from bench.peer import Command, Site
from bench.peers.stepwell import Stepwell, on_database
from bench.server import Server

COUNTS = (1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Planned:
    """How stepwell did with a number of files of one form."""

    tool: str
    work: str
    count: int
    outcome: Timings | FailedRunError


def plan(
    server: Server, home: Path, peers: Sequence[Stepwell], repeats: int, say: Callable[[str], None]
) -> list[Planned]:
    """Measure every entry of ours with every number of files."""
    found: list[Planned] = []
    for peer in peers:
        for count in COUNTS:
            say(f"{peer.name}, {count:,} files:")
            found.extend(_plan(server, home, peer, count, repeats))
    return found


def _plan(server: Server, home: Path, peer: Stepwell, count: int, repeats: int) -> list[Planned]:
    site = _site(server, home, peer, count)
    done: list[Planned] = []
    for work, command, times in _steps(site, repeats):
        try:
            timings = Timings(tuple(run(command, site.folder) for _ in range(times)))
        except FailedRunError as error:
            return [*done, Planned(peer.name, work, count, error)]  # what follows stands on it
        done.append(Planned(peer.name, work, count, timings))
    return done


def _steps(site: Site, repeats: int) -> list[tuple[str, Command, int]]:
    """The works in their order, each with how often it can be measured."""
    return [
        ("plan, all pending", on_database(site, "migrate", "--dry-run"), repeats),
        ("apply all", on_database(site, "migrate"), 1),
        ("status, all applied", on_database(site, "status"), repeats),
        ("nothing to do", on_database(site, "migrate"), repeats),
    ]


def _site(server: Server, home: Path, peer: Stepwell, count: int) -> Site:
    folder = home / f"planning-{peer.form.name.lower()}-{count}"
    folder.mkdir()
    peer.write([nothing_much(number) for number in range(1, count + 1)], folder)
    return Site(folder, count, server.create("planning"))

"""The benchmark's command line: `python -m bench`, from the root of the repo. Joins the parts."""

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
from pathlib import Path

from bench.contest import Contest, install
from bench.loads import Load, loads
from bench.peer import Peer, all_peers
from bench.peers.stepwell import Stepwell
from bench.planning import Planned, plan
from bench.report import CHART, Facts, Report, markdown, svg
from bench.server import NoServerError, Server, running

DOCS = Path(__file__).resolve().parent.parent / "docs"
PLANNING = "planning"


def main() -> int:
    """Run what the command line asks for; print the page, or write it into the book."""
    options = _options()
    peers, present, absent = install([peer for peer in all_peers() if _wanted(peer.name, options.peers)], say)
    chosen = [load for load in loads(options.count) if _wanted(load.key, options.loads)]
    try:
        with running(options.postgresql) as server, tempfile.TemporaryDirectory() as home:
            contest = Contest(server, Path(home), peers, options.repeats, say)
            report = Report(
                facts=_facts(server, contest, chosen, options.repeats),
                loads=tuple(chosen),
                present=tuple(present),
                absent=tuple(absent),
                results=tuple(result for load in chosen for result in contest.hold(load)),
                planned=tuple(_planned(server, Path(home), peers, options)),
            )
    except NoServerError as error:
        say(str(error))
        return 2
    _deliver(report, write=options.write)
    return 0


def say(line: str) -> None:
    """Say a line of progress."""
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    keys = [load.key for load in loads(1000)] + [PLANNING]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure stepwell beside others.")
    parser.add_argument("--loads", nargs="+", choices=keys, metavar="LOAD", help=f"of: {', '.join(keys)}")
    parser.add_argument("--peers", nargs="+", metavar="NAME", help="only these tools")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="measured runs (default: 5)")
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="migrations of the large load")
    parser.add_argument("--postgresql", type=Path, metavar="DIR", help="the folder of the server's programs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and its chart")
    return parser.parse_args()


def _wanted(name: str, names: list[str] | None) -> bool:
    return names is None or name in names


def _planned(server: Server, home: Path, peers: list[Peer], options: argparse.Namespace) -> list[Planned]:
    if not _wanted(PLANNING, options.loads):
        return []
    ours = [peer for peer in peers if isinstance(peer, Stepwell)]
    return plan(server, home, ours, min(3, options.repeats), say)


def _facts(server: Server, contest: Contest, chosen: list[Load], repeats: int) -> Facts:
    longer = [load for load in chosen if load.round_trip]
    return Facts(
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        cores=len(os.sched_getaffinity(0)),
        system=platform.system(),
        python=platform.python_version(),
        postgresql=server.version,
        repeats=repeats,
        round_trip=contest.round_trip(longer[0]) if longer else None,
    )


def _deliver(report: Report, *, write: bool) -> None:
    if not write:
        print(markdown(report))
        return
    chart = DOCS / CHART
    chart.parent.mkdir(parents=True, exist_ok=True)
    chart.write_text(svg(report))
    (DOCS / "benchmarks.md").write_text(markdown(report))
    say("written: docs/benchmarks.md and its chart")


if __name__ == "__main__":
    sys.exit(main())

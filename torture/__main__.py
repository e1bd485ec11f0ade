"""The command line of the sweep: `python -m torture`, from the root of the repo."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import platform
import signal
import sys
import time
from pathlib import Path

from stepwell import __version__
from torture import matrix
from torture.case import Result, run_case
from torture.crew import Done, WorkerFailedError, sweep
from torture.faults import Fault, Kind
from torture.ground import Ground
from torture.preload import preload
from torture.scope import full, sample
from torture.servers import NoServerError
from torture.targets import TARGETS

EVERY = 50  # results that are told together
PLANS = sorted({plan.name for target in TARGETS.values() for plan in target.plans})


def main() -> int:
    """Do what the command line asks for. Gives 1 where something was violated, 2 where no server could be started."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    try:
        if options.command == "case":
            return _one(options)
        if options.command == "render":
            matrix.render()
            return 0
        return _sweep(options)
    except (NoServerError, WorkerFailedError) as error:
        say(str(error))
        return 2


def say(line: str) -> None:
    """Say a line of progress."""
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m torture", description="Fault stepwell at every await point."
    )
    parser.add_argument("--postgresql", type=Path, metavar="DIR", help="the folder of the server's programs")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("full", "everything, as in the book"), ("sample", "what CI runs")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--targets", nargs="+", choices=sorted(TARGETS), default=list(TARGETS))
        command.add_argument("--plans", nargs="+", choices=PLANS, default=PLANS)
        command.add_argument("--kinds", nargs="+", choices=[*Kind], default=[*Kind])
        command.add_argument("--jobs", type=int, default=2, metavar="N", help="worker processes (default: 2)")
        command.add_argument(
            "--every", type=int, default=1, metavar="N", help="leave out all but each Nth point"
        )
        command.add_argument(
            "--minutes", type=float, default=math.inf, metavar="N", help="begin nothing after these"
        )
        command.add_argument("--write", action="store_true", help="write the kill matrix into the book")
    one = commands.add_parser("case", help="one case again")
    one.add_argument("target", choices=sorted(TARGETS))
    one.add_argument("plan", choices=PLANS)
    one.add_argument("kind", choices=[*Kind])
    one.add_argument("point", type=int)
    one.add_argument("--late", action="store_true")
    one.add_argument("--times", type=int, default=1, metavar="N")
    commands.add_parser("render", help="write the kill matrix of its file into the book")
    return parser.parse_args()


def _one(options: argparse.Namespace) -> int:
    preload()
    with Ground(options.postgresql) as ground:
        target = ground.target(options.target)
        plan = next(plan for plan in target.plans if plan.name == options.plan)
        fault = Fault(Kind(options.kind), options.point, options.late)
        results = [run_case(target, plan, fault) for _ in range(options.times)]
    for result in results:
        print(
            f"{result.where or 'not reached'}: {result.ended}, {result.left} of it stood, {result.doubts} doubts"
        )
        for violation in result.violations:
            print(f"    {violation}")
    return int(any(result.violations for result in results))


def _sweep(options: argparse.Namespace) -> int:
    cells = [
        cell._replace(step=cell.step * options.every)
        for cell in (full() if options.command == "full" else sample())
        if cell.target in options.targets and cell.plan in options.plans and cell.kind in options.kinds
    ]
    began, done = time.monotonic(), None
    progress = _Progress()
    seconds = 60 * options.minutes
    for each in sweep(cells, jobs=options.jobs, programs=options.postgresql, seconds=seconds):
        if isinstance(each, Done):
            done = each
        else:
            progress.tell(each)
    assert done is not None
    facts = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "stepwell": __version__,
        "python": platform.python_version(),
        "seconds": round(time.monotonic() - began),
    }
    data = matrix.summed_up(done, facts)
    print(matrix.rendered(data))
    if options.write:
        everything = {cell._replace(step=1) for cell in full()} == {cell._replace(step=1) for cell in cells}
        matrix.write(data, whole=everything)
    return int(any(result.violations for result in done.results))


class _Progress:
    """Tells how far a sweep is, and each violation as it comes."""

    def __init__(self) -> None:
        self._count = 0

    def tell(self, result: Result) -> None:
        """Tell of one result."""
        self._count += 1
        if not self._count % EVERY:
            say(f"{self._count} runs")
        if result.violations:
            say(f"VIOLATION {result.command}  ({result.where}: {result.ended}, {result.left})")
            for violation in result.violations:
                say(f"    {violation}")


if __name__ == "__main__":
    sys.exit(main())

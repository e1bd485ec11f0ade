"""The command line: `python -m bench.faults`, from the root of the repo. Some half an hour for all tools."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from tests.faults.proxy import Proxy
from tests.postgresql import running

from bench.faults.report import DATA, embed
from bench.faults.scenarios import BATCH, SCENARIOS, unique_index
from bench.faults.sweep import FAULTS, Bench, at_once, failing_index, sweep
from bench.faults.tools import TOOLS
from bench.peer import AbsentError
from bench.server import USER, Database, candidates

if TYPE_CHECKING:
    from bench.faults.scenarios import Scenario
    from bench.faults.tools import Tool

DATABASE = "faults"


def main() -> int:
    """Put the tools under faults; print what came of it, or write it into the book."""
    options = _options()
    if options.only_page:
        embed(json.loads(DATA.read_text(encoding="utf-8")))
        return 0
    found = [
        _examined(tool, options.stride)
        for tool in TOOLS
        if options.tools is None or tool.name in options.tools
    ]
    result = {"format": 1, "date": dt.datetime.now(dt.UTC).date().isoformat(), "tools": found}
    if not options.write:
        print(json.dumps(result, indent=1))
        return 0
    if options.tools is not None:
        result = _together(result)
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    embed(result)
    return 0


def _options() -> argparse.Namespace:
    names = [tool.name for tool in TOOLS]
    parser = argparse.ArgumentParser(
        prog="python -m bench.faults", description="Put migration tools under faults."
    )
    parser.add_argument("--tools", nargs="+", choices=names, metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument("--stride", type=int, default=1, metavar="N", help="only every N-th message")
    parser.add_argument("--write", action="store_true", help="write the data of the book, and the page")
    parser.add_argument("--only-page", action="store_true", help="write the page anew from the data")
    return parser.parse_args()


def _together(result: dict[str, Any]) -> dict[str, Any]:
    """With what is known of the other tools from before."""
    known = json.loads(DATA.read_text(encoding="utf-8"))["tools"] if DATA.exists() else []
    by_name = {each["name"]: each for each in (*known, *result["tools"])}
    ordered = [by_name[tool.name] for tool in TOOLS if tool.name in by_name]
    return {**result, "tools": ordered}


def _examined(tool: Tool, stride: int) -> dict[str, Any]:
    try:
        version = tool.install()
    except AbsentError as error:
        _say(f"{tool.name}: left out, {error}")
        return {"name": tool.name, "absent": str(error)}
    with running(candidates()[0].parent) as server, tempfile.TemporaryDirectory() as home:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {USER} LOGIN SUPERUSER".encode())
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}".encode())
            major = connection.info.server_version // 10000
        with Proxy(Database(DATABASE, server.port).url()) as proxy:
            make = _maker(tool, Path(home), Database(DATABASE, server.port), proxy)
            return {
                "name": tool.name,
                "version": version,
                "date": dt.datetime.now(dt.UTC).date().isoformat(),
                "postgresql": major,
                "remark": tool.remark,
                "stride": {scenario.key: stride for scenario in SCENARIOS},
                "sweeps": {scenario.key: _swept(make(scenario), stride) for scenario in SCENARIOS},
                "at_once": _at_once(make(BATCH)),
                "failing_index": {
                    "plain": failing_index(make(unique_index(careful=False))),
                    "if not exists": failing_index(make(unique_index(careful=True))),
                },
            }


class _maker:  # noqa: N801 - a function that counts
    """Gives each bench a folder of its own."""

    def __init__(self, tool: Tool, home: Path, database: Database, proxy: Proxy) -> None:
        self._all = (tool, home, database, proxy)
        self._made = 0

    def __call__(self, scenario: Scenario) -> Bench:
        tool, home, database, proxy = self._all
        self._made += 1
        return Bench(tool, scenario, home / f"{self._made}", database, proxy)


def _swept(bench: Bench, stride: int) -> dict[str, Any]:
    found = {}
    for fault in FAULTS:
        tally = sweep(bench, fault, stride)
        _say(f"{bench.tool.name}, {bench.scenario.key}, {fault.key}: {tally.as_json()}")
        found[fault.key] = tally.as_json()
    return found


def _at_once(bench: Bench) -> dict[str, Any]:
    rounds = list(at_once(bench))
    failed = sum(code != 0 for codes, _ in rounds for code in codes)
    found = {
        "runs": sum(len(codes) for codes, _ in rounds),
        "failed": failed,
        "wrong": sum(not ok for _, ok in rounds),
    }
    _say(f"{bench.tool.name}, at once: {found}")
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

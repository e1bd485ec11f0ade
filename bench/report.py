"""Turns what was measured into the page of the book. Pure: value in, Markdown out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.chart import Bar, Panel, draw, duration
from bench.contest import Absent, Present, Result
from bench.goals import Verdict, judge, medians
from bench.loads import Load
from bench.measure import Timings
from bench.planning import Planned

CHART = "assets/benchmarks.svg"
OURS = "stepwell"  # the entry that ratios refer to


@dataclass(frozen=True, slots=True)
class Facts:
    """What the numbers depend on, in general terms; `round_trip` is what the longer link had, in seconds."""

    date: str
    cores: int
    system: str
    python: str
    postgresql: str
    repeats: int
    round_trip: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run of the benchmark."""

    facts: Facts
    loads: tuple[Load, ...]
    present: tuple[Present, ...]
    absent: tuple[Absent, ...]
    results: tuple[Result, ...]
    planned: tuple[Planned, ...]


def markdown(report: Report) -> str:
    """The page."""
    verdicts = judge(report.results, report.present)
    parts = [
        _opening(report.facts),
        *([f"![The medians as bars]({CHART})"] if report.results else []),
        *([_goals(verdicts)] if verdicts else []),
        "## The loads",
        *[_load(load, report) for load in report.loads],
        *([_planning(report.planned)] if report.planned else []),
        _entrants(report),
    ]
    return "\n\n".join(parts) + "\n"


def svg(report: Report) -> str:
    """The chart."""
    kinds = {peer.name: peer.kind for peer in report.present}
    panels = [
        Panel(
            load.title,
            tuple(Bar(result.peer, kinds[result.peer], timings.median) for result, timings in rows),
        )
        for load in report.loads
        if (rows := _measured(load, report.results))
    ]
    return draw(panels, title="Medians of the benchmark; shorter is better")


def _opening(facts: Facts) -> str:
    link = (
        ""
        if facts.round_trip is None
        else f" The longer link had a round trip of {facts.round_trip * 1000:.1f} ms."
    )
    return f"""\
# Benchmarks

<!-- Written by `python -m bench --write`. Edit the program, not this page. -->

stepwell beside other tools, all on one PostgreSQL of the benchmark's own with its default settings.
Every migration creates a table and an index.
Each run begins on a fresh database.
The tools take turns, one run each, after a run to warm up that is not counted.
After each run the tables are counted: a tool that did not do the work has no time.
Times are those of the whole process as its user waits for it, start of the interpreter included.

Measured on {facts.date} on a machine with {facts.cores} cores, {facts.system}, Python {facts.python},
PostgreSQL {facts.postgresql}; medians of {facts.repeats} runs.{link}
Absolute numbers depend on the machine; ratios travel better."""


def _goals(verdicts: Sequence[Verdict]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [
        (
            verdict.goal.load,
            verdict.tool,
            f"at most {verdict.goal.limit:.2g}x of {verdict.goal.against}",
            "-" if verdict.ratio is None else f"{verdict.ratio:.2f}x of {verdict.against}",
            words[verdict.reached],
        )
        for verdict in verdicts
    ]
    return "## What stepwell wants to reach\n\n" + _table(
        ("load", "entry", "goal", "measured", "reached"), rows
    )


def _load(load: Load, report: Report) -> str:
    ours = medians(report.results).get(load.key, {}).get(OURS)
    rows = [
        (
            result.peer,
            duration(timings.median),
            f"{duration(timings.fastest)} to {duration(timings.slowest)}",
            "-" if ours is None else f"{timings.median / ours:.2f}x",
        )
        for result, timings in _measured(load, report.results)
    ]
    failed = [
        (result.peer, "-", f"failed: {result.outcome}", "-")
        for result in report.results
        if result.load.key == load.key and not isinstance(result.outcome, Timings)
    ]
    heads = ("tool", "median", "fastest to slowest", f"beside {OURS}")
    return f"### {load.title}\n\n`{load.key}`\n\n" + _table(heads, [*rows, *failed])


def _planning(planned: Sequence[Planned]) -> str:
    rows: list[tuple[str, ...]] = []
    for one in planned:
        start = (one.tool, one.work, f"{one.count:,}")
        if isinstance(one.outcome, Timings):
            each = f"{one.outcome.median / one.count * 1e6:.0f} µs"
            rows.append((*start, duration(one.outcome.median), each, f"{one.outcome.peak_mib:.0f} MiB"))
        else:
            rows.append((*start, f"failed: {one.outcome}", "-", "-"))
    heads = ("entry", "work", "files", "median", "a file", "peak memory")
    return f"""\
## Many files

Migrations that only select a number, so that what is seen is the cost of having files.
It is linear where the time a file does not grow with their number.

{_table(heads, rows)}"""


def _entrants(report: Report) -> str:
    tools = [(peer.name, peer.version, str(peer.kind), peer.remark) for peer in report.present]
    absent = "".join(f"\n- {peer.name}: {peer.reason}" for peer in report.absent) or " nobody."
    return f"""\
## Who took part

{_table(("tool", "version", "as", "how"), tools)}

Absent:{absent if absent.startswith(" ") else chr(10) + absent}

## Run it yourself

```console
$ python -m pip install -e '.[embedded]'
$ python -m bench --write
```

Tools are installed into `bench/.peers/`; delete that folder to get newer ones.
`python -m bench --help` names the options: fewer loads, fewer tools, fewer repeats."""


def _measured(load: Load, results: Sequence[Result]) -> list[tuple[Result, Timings]]:
    """What was measured at a load, the fastest first."""
    found = [
        (result, result.outcome)
        for result in results
        if result.load.key == load.key and isinstance(result.outcome, Timings)
    ]
    return sorted(found, key=lambda pair: pair[1].median)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

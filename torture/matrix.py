"""The kill matrix: from results to a JSON file, from that to the tables of the book."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torture.faults import Kind
from torture.targets import TARGETS

if TYPE_CHECKING:
    from torture.case import Result
    from torture.crew import Done

DOCS = Path(__file__).resolve().parent.parent / "docs"
FILE = DOCS / "_data" / "kill-matrix.json"
PAGE = DOCS / "reliability.md"
BEGIN = "<!-- The kill matrix: written by `python -m torture render`, from _data/kill-matrix.json. -->"
END = "<!-- The end of the kill matrix. -->"
WORDS = {
    Kind.KILL: "the runner is killed (SIGKILL)",
    Kind.EXCEPTION: "an exception nobody expects",
    Kind.CANCEL: "the task is cancelled",
    Kind.TERMINATE: "its session is ended on the server",
    Kind.SHUTDOWN: "its connection is shut",
    Kind.STOP: "it is paused, a second runner comes, it goes on",
    Kind.SERVER: "the server is killed and started again",
}


def summed_up(done: Done, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The matrix as data: a row for each target and kind, with the facts of the sweep."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in done.results:
        if result.where is not None:
            groups.setdefault((result.target, result.fault.kind.value), []).append(result)
    rows = [_row(target, kind, results, done.points) for (target, kind), results in groups.items()]
    points = {f"{target} {plan}": number for (target, plan), number in sorted(done.points.items())}
    return {**facts, "versions": list(done.versions), "points": points, "rows": _ordered(rows)}


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = [*TARGETS]
    kinds = [kind.value for kind in Kind]
    return sorted(rows, key=lambda row: (order.index(row["target"]), kinds.index(row["kind"])))


def _row(
    target: str, kind: str, results: Sequence[Result], points: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    left = Counter(result.left for result in results)
    return {
        "target": target,
        "kind": kind,
        "points": len({(result.plan, result.fault.point) for result in results}),
        "of": sum(number for (of, _), number in points.items() if of == target),
        "runs": len(results),
        "none": left["none"],
        "some": left["some"],
        "all": left["all"],
        "doubts": sum(result.doubts for result in results),
        "violations": sum(bool(result.violations) for result in results),
    }


def rendered(data: Mapping[str, Any]) -> str:
    """The matrix as Markdown."""
    total = _total(data["rows"])
    servers = ", ".join(data["versions"])
    minutes = f"{data['seconds'] // 60} minutes"
    lines = [
        f"Last sweep: {data['date']}, stepwell {data['stepwell']}, {servers}, Python {data['python']}, {minutes}.",
        f"{total['runs']:,} faulted runs; {total['doubts']} times a person had to decide;",
        f"**{total['violations']} violations**.",
    ]
    for target, made in TARGETS.items():
        rows = [row for row in data["rows"] if row["target"] == target]
        if rows:
            lines += ["", f"### {made.title}", "", *_table(rows)]
    return "\n".join(lines)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield (
        "| fault | points | faulted runs | after it stood: nothing | a part | all | in doubt | violations |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    total = _total(rows)
    for row in rows:
        yield _line(WORDS[Kind(row["kind"])], row)
    yield _line("**together**", total)


def _line(words: str, row: Mapping[str, Any]) -> str:
    points = f"{row['points']} of {row['of']}" if "of" in row else ""
    cells = [points, *(row[key] for key in ("runs", "none", "some", "all", "doubts", "violations"))]
    return f"| {words} | " + " | ".join(str(cell) for cell in cells) + " |"


def _total(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update({key: row[key] for key in ("runs", "none", "some", "all", "doubts", "violations")})
    return {key: total[key] for key in ("runs", "none", "some", "all", "doubts", "violations")}


def page_with(matrix: str, page: str) -> str:
    """The page with the matrix between its two markers. Raises `ValueError` where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the markers are missing in {PAGE.name}")
    return f"{before}{BEGIN}\n\n{matrix}\n\n{END}{after}"


def read() -> dict[str, Any]:
    """The matrix of the last full sweep."""
    data: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return data


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The former matrix with those rows anew that were swept again."""
    again = {(row["target"], row["kind"]) for row in new["rows"]}
    kept = [row for row in old["rows"] if (row["target"], row["kind"]) not in again]
    return {
        **new,
        "seconds": old["seconds"] + new["seconds"],
        "versions": sorted({*old["versions"], *new["versions"]}),
        "points": {**old["points"], **new["points"]},
        "rows": _ordered([*kept, *new["rows"]]),
    }


def write(data: Mapping[str, Any], *, whole: bool) -> None:
    """Write the matrix into its file and into the page; what is not `whole` replaces the rows that it has."""
    FILE.parent.mkdir(exist_ok=True)
    made = data if whole else merged(read(), data)
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    render()


def render() -> None:
    """Write the page anew from the file."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page_with(rendered(read()), page), encoding="utf-8")

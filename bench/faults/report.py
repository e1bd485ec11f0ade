"""The section of the book about other tools, made of the data. Pure, but for `embed`, which writes it into its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).resolve().parents[2] / "docs"
DATA = DOCS / "_data" / "faults.json"
PAGE = DOCS / "faults.md"
BEGIN = "<!-- Other tools: written by `python -m bench.faults --only-page`, from _data/faults.json. -->"
END = "<!-- The end of other tools. -->"

Found = dict[str, Any]

CUTS = ("cut before", "cut after")
SCENARIOS = {
    "batch": "**Four migrations with transactions**",
    "apart": "**Four migrations, of which an index and an update run without a transaction**",
}


def section(result: Found) -> str:
    """The tables and what is to be said about them, in Markdown."""
    present = [found for found in result["tools"] if "absent" not in found]
    lines = [
        _row(["", *(f"{found['name']} {found['version']}" for found in present)]),
        _row(["---"] * (len(present) + 1)),
        *(_row([title, *(tell(found) for found in present)]) for title, tell in _rows()),
        "",
        *_notes(present),
    ]
    return "\n".join(lines)


def _rows() -> list[tuple[str, Callable[[Found], str]]]:
    rows: list[tuple[str, Callable[[Found], str]]] = []
    for key, title in SCENARIOS.items():
        rows += [
            (title, lambda _: ""),
            ("faulted runs", _sum(key, "runs")),
            ("one more run, and all is right", _sum(key, "right")),
            ("the next run fails: somebody has to look", _sum(key, "stuck")),
            ("the next run says success, and something is wrong", _sum(key, "wrong")),
            ("of the runs that were cut off, those whose exit code was untrue", _untrue(key)),
        ]
    return [
        *rows,
        ("a part of the batch stood after the fault", _sum("batch", "parts")),
        ("**Four started at once**, ten times: how many failed", _at_once),
        ("**A unique index that can't be built**, then can: the next run", _index("plain")),
        ("the same, with `IF NOT EXISTS`", _index("if not exists")),
    ]


def _sum(scenario: str, what: str) -> Callable[[Found], str]:
    return lambda found: str(sum(tally[what] for tally in found["sweeps"][scenario].values()))


def _untrue(scenario: str) -> Callable[[Found], str]:
    def tell(found: Found) -> str:
        tallies = [found["sweeps"][scenario][cut] for cut in CUTS]
        return f"{sum(each['untrue'] for each in tallies)} of {sum(each['runs'] for each in tallies)}"

    return tell


def _at_once(found: Found) -> str:
    told = found["at_once"]
    wrong = f"; {told['wrong']} times something was wrong" if told["wrong"] else ""
    return f"{told['failed']} of {told['runs']}{wrong}"


def _index(how: str) -> Callable[[Found], str]:
    return lambda found: str(found["failing_index"][how]).removeprefix("the next run ")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _notes(present: list[Found]) -> list[str]:
    majors = ", ".join(sorted({str(found["postgresql"]) for found in present}))
    dates = sorted({found["date"] for found in present})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    lines = [f"Measured on {when}, on PostgreSQL {majors}. How each was used:", ""]
    lines += [f"- {found['name']}: {found['remark']}{_stride(found)}." for found in present]
    lines += ["", "What it was, where a run was not right, or its exit code not true:", ""]
    for found in present:
        kinds = _kinds(found)
        told = "; ".join(f"{kind} ({count})" for kind, count in kinds.items()) or "nothing"
        lines.append(f"- {found['name']}: {told}.")
    return lines


def _stride(found: Found) -> str:
    words = [
        f"one message of {stride} in the {place} list"
        for place, stride in zip(("first", "second"), found["stride"].values(), strict=True)
        if stride > 1
    ]
    return f"; faults only at {' and '.join(words)}" if words else ""


def _kinds(found: Found) -> dict[str, int]:
    """Of all sweeps together, the most frequent first."""
    counts: dict[str, int] = {}
    for sweep in found["sweeps"].values():
        for tally in sweep.values():
            for kind, count in tally["kinds"].items():
                counts[kind] = counts.get(kind, 0) + count
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def written(page: str, result: Found) -> str:
    """The page with this section in its place. Raises `ValueError` where the page has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no place for it: {BEGIN}")
    return f"{before}{BEGIN}\n\n{section(result)}\n\n{END}{after}"


def embed(result: Found) -> None:
    """Write it into its page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, result), encoding="utf-8")

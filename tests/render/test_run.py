"""Reports of runs: as text against golden files, as JSON by the contract."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from stepwell.core.errors import Fault, Place
from stepwell.core.migration import Direction, Version
from stepwell.core.report import Adopted, Outcome, RunReport, SegmentReport, StatementReport, StepReport
from stepwell.render.json import dumps, run_document
from stepwell.render.run import run_text
from stepwell.render.view import View

BATCH = "01JDABCDEF"


def step(
    version: str, outcome: Outcome, *sql: str, segment: int = 1, elapsed: float | None = 3.14
) -> StepReport:
    statements = tuple(StatementReport(text, None) for text in sql)
    return StepReport(Version(version), f"name_of_{version}", outcome, segment, elapsed, statements)


def report(*steps: StepReport, direction: Direction = Direction.UP, dry_run: bool = False) -> RunReport:
    return RunReport(True, direction, dry_run, BATCH, 41.25, steps)


FAILED = RunReport(
    ok=False,
    direction=Direction.UP,
    dry_run=False,
    batch=BATCH,
    elapsed_ms=41.25,
    steps=(
        step("001", Outcome.UNDONE),
        step("002", Outcome.FAILED, "CREATE TABL x ()"),
        step("003", Outcome.NOT_RUN, elapsed=None),
    ),
    warnings=("002 is out of order",),
    error=Fault("syntax error", version="002", place=Place("db/migrations/002_x.sql", 3), sqlstate="42601"),
    exit_code=1,
    stands="Nothing of this run stands.",
)

DRY = RunReport(
    ok=True,
    direction=Direction.UP,
    dry_run=True,
    batch=BATCH,
    elapsed_ms=1.0,
    steps=(
        StepReport(
            Version("001"),
            "first",
            Outcome.PLANNED,
            1,
            None,
            (
                StatementReport("CREATE TABLE a (\n  id int\n)"),
                StatementReport(
                    "INSERT INTO a VALUES (:id)", values={"id": 1}, note="seen before the pending steps"
                ),
            ),
            note="the rest depends on data",
        ),
        StepReport(Version("002"), "second", Outcome.PLANNED, 2, None, (StatementReport("VACUUM;"),)),
    ),
    segments=(
        SegmentReport(1, (Version("001"),), transactional=True, ends_because="002 can't be in a transaction"),
        SegmentReport(2, (Version("002"),), transactional=False),
    ),
)

ADOPTED = (Adopted(Version("001"), "first", "table a, table b are there"),)

GOLDEN = {
    "nothing": report(),
    "applied": report(step("001", Outcome.APPLIED), step("002", Outcome.APPLIED, elapsed=1500.0)),
    "reverted": report(step("002", Outcome.REVERTED), direction=Direction.DOWN),
    "failed": FAILED,
    "dry": DRY,
    "adopted": report(step("002", Outcome.APPLIED))._replace(adopted=ADOPTED),
    "adopted_all": report()._replace(adopted=ADOPTED, dry_run=True),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"run_{name}.txt", run_text(GOLDEN[name], View()))


def test_a_preview_is_drawn_as_a_plan() -> None:
    text = run_text(report(step("002", Outcome.PLANNED), direction=Direction.DOWN), View())
    assert text.startswith("would revert 1 migration:\n\nsegment 1\n  ○ planned  002 name_of_002\n")


def test_json_has_the_keys_of_the_contract_in_their_order() -> None:
    document = run_document(FAILED)
    assert list(document) == [
        "format", "ok", "direction", "dry_run", "batch", "elapsed_ms", "steps", "warnings", "error",
    ]  # fmt: skip
    assert list(document["steps"][0]) == ["version", "name", "outcome", "segment", "elapsed_ms", "statements"]
    assert document["steps"][1]["statements"] == [{"sql": "CREATE TABL x ()", "elapsed_ms": None}]
    assert list(document["error"]) == [
        "code", "message", "version", "path", "line", "statement", "sqlstate", "hint",
    ]  # fmt: skip
    assert document["format"] == 1
    assert document["ok"] is False
    assert [item["outcome"] for item in document["steps"]] == ["undone", "failed", "not_run"]


def test_json_tells_what_was_adopted_where_something_was() -> None:
    document = run_document(GOLDEN["adopted"])
    assert document["adopted"] == [
        {"version": "001", "name": "first", "evidence": "table a, table b are there"}
    ]


def test_json_of_a_dry_run_has_values_and_notes_only_where_there_are_any() -> None:
    first, second = run_document(DRY)["steps"]
    assert first["note"] == "the rest depends on data"
    assert list(first["statements"][0]) == ["sql", "elapsed_ms"]
    assert first["statements"][1] == {
        "sql": "INSERT INTO a VALUES (:id)",
        "elapsed_ms": None,
        "values": {"id": 1},
        "note": "seen before the pending steps",
    }
    assert "note" not in second


def test_values_that_json_has_no_form_for_are_written_all_the_same() -> None:
    document = {"when": datetime(2026, 1, 2, tzinfo=UTC), "bytes": b"x", "list": (1, None, True)}
    expected = {"when": "2026-01-02T00:00:00+00:00", "bytes": "b'x'", "list": [1, None, True]}
    assert json.loads(dumps(document)) == expected
    assert json.loads(dumps(document, lambda text: text)) == expected


def test_every_text_in_a_document_is_cleaned() -> None:
    document = {"a": ["x secret", {"b": "secret"}], "n": 1}
    assert json.loads(dumps(document, lambda text: text.replace("secret", "***"))) == {
        "a": ["x ***", {"b": "***"}],
        "n": 1,
    }

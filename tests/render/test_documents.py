"""The other JSON documents and texts."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from stepwell.core.answers import (
    CheckReport,
    CorrectionReport,
    CreatedFiles,
    LockReport,
    LogEntry,
    LogReport,
    StatusReport,
)
from stepwell.core.errors import Fault, Place
from stepwell.core.migration import Finding, Version
from stepwell.render import json as documents
from stepwell.render.text import check_text, correction_text, created_text, lock_text, log_text
from stepwell.render.view import View

FINDING = Finding("no-down", "has no down()", Place("db/migrations/001_x.py", 4), "write one")


def test_the_status_document_is_the_one_of_the_contract(journal: StatusReport) -> None:
    document = documents.status_document(journal)
    assert list(document) == ["format", "url", "engine", "table", "counts", "heads", "migrations"]
    assert document["counts"] == {
        "applied": 4, "pending": 1, "changed": 0, "missing": 0, "failed": 0, "in_doubt": 0,
    }  # fmt: skip
    assert list(document["counts"]) == ["applied", "pending", "changed", "missing", "failed", "in_doubt"]
    assert document["heads"] == ["005"]
    assert document["migrations"][1] == {
        "version": "002",
        "name": "add_user_authentication",
        "description": "Add auth fields to users table",
        "dependencies": ["001"],
        "state": "applied",
        "applied_at": "2026-11-25T07:00:00+00:00",
        "checksum": "1:" + "a" * 64,
        "path": "db/migrations/002_add_user_authentication.py",
        "reversible": True,
    }
    assert list(document["migrations"][0]) == [
        "version", "name", "description", "dependencies", "state", "applied_at",
        "checksum", "path", "reversible",
    ]  # fmt: skip
    pending = document["migrations"][4]
    assert (pending["state"], pending["applied_at"], pending["checksum"]) == ("pending", None, None)


def test_a_missing_migration_has_no_path(troubled: StatusReport) -> None:
    missing = documents.status_document(troubled)["migrations"][2]
    assert (missing["state"], missing["path"], missing["reversible"]) == ("missing", None, False)


CHECKS = [
    (CheckReport((), 3), "3 files checked: no findings\n"),
    (
        CheckReport((FINDING,), 1, "sqlite://"),
        (
            "db/migrations/001_x.py:4: has no down() [no-down]\n  hint: write one\n"
            "1 file checked against sqlite://: 1 finding\n"
        ),
    ),
]


@pytest.mark.parametrize(("report", "text"), CHECKS)
def test_check(report: CheckReport, text: str) -> None:
    assert check_text(report, View()) == text
    document = documents.check_document(report)
    assert (document["ok"], document["files"], document["url"]) == (
        not report.findings,
        report.files,
        report.url,
    )


def test_a_finding_in_json() -> None:
    assert documents.check_document(CheckReport((FINDING,), 1))["findings"] == [
        {
            "code": "no-down",
            "message": "has no down()",
            "path": "db/migrations/001_x.py",
            "line": 4,
            "hint": "write one",
        }
    ]


FIRST = LogEntry(
    id=1,
    batch="01JDA",
    segment=1,
    version=Version("001"),
    direction="up",
    event="applied",
    statement=None,
    statements=2,
    started_at=datetime(2026, 11, 25, 11, 59, tzinfo=UTC),
    elapsed_ms=3.14,
    checksum="1:a",
    user="app",
    host="web1",
    tool="stepwell 0.1.0",
    error=None,
)
SPARSE = LogEntry(
    2, "01JDB", None, None, None, "failed", 1, 2, None, None, None, None, None, None, "no table\nx"
)
LOG = LogReport("sqlite:///x.db", "sqlite", "main.migrations", (FIRST, SPARSE))


def test_log(golden: Callable[[str, str], None], surface: Callable[..., View]) -> None:
    golden("log.txt", log_text(LOG, surface()))
    golden("log_80.txt", log_text(LOG, surface(80)))
    entries = documents.log_document(LOG)["entries"]
    assert (entries[0]["started_at"], entries[0]["version"]) == ("2026-11-25T11:59:00+00:00", "001")
    assert (entries[1]["started_at"], entries[1]["version"], entries[1]["statement"]) == (None, None, 1)


def test_an_empty_log() -> None:
    assert log_text(LogReport("sqlite://", "sqlite", "m", ()), View()).endswith("the log is empty\n")


LOCKS = [
    (LockReport("sqlite://", None), "nobody holds the lock"),
    (
        LockReport("sqlite://", "app@web1"),
        "the lock is held by app@web1\nto end that holder: stepwell unlock --force",
    ),
    (LockReport("sqlite://", "app@web1", ended=True), "ended the holder of the lock: app@web1"),
]


@pytest.mark.parametrize(("report", "text"), LOCKS)
def test_lock(report: LockReport, text: str) -> None:
    assert lock_text(report) == f"database: sqlite://\n{text}\n"
    document = documents.lock_document(report)
    assert (document["holder"], document["ended"]) == (report.holder, report.ended)


def test_corrections() -> None:
    report = CorrectionReport(
        "mark", Version("001"), "x", dry_run=True, changed=True, message="recorded 001", warnings=("w",)
    )
    assert correction_text(report) == "recorded 001 (dry run: nothing was written)\n"
    assert documents.correction_document(report)["action"] == "mark"


def test_created_files() -> None:
    report = CreatedFiles(("a", "b"), ("c",), ("next: do",))
    assert created_text(report) == "created a\ncreated b\nkept    c\nnext: do\n"
    assert documents.created_document(report)["created"] == ["a", "b"]


def test_an_error_document_lists_several_problems() -> None:
    one = Fault("one")
    assert list(documents.error_document(one)) == ["format", "ok", "error"]
    assert list(documents.error_document(one, (one,))) == ["format", "ok", "error"]
    assert [
        problem["message"] for problem in documents.error_document(one, (one, Fault("two")))["problems"]
    ] == [
        "one",
        "two",
    ]

"""Reports as JSON documents. Each has `"format": 1`; those of the contract have exactly its keys, in its
order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stepwell.core.contradictions import hint_on
from stepwell.core.migration import version_texts
from stepwell.render.errors import error_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.core.answers import (
        CheckReport,
        CorrectionReport,
        CreatedFiles,
        LockReport,
        LogEntry,
        LogReport,
        StatusReport,
    )
    from stepwell.core.errors import Fault
    from stepwell.core.history import Entry
    from stepwell.core.migration import Finding
    from stepwell.core.report import Adopted, RunReport, StatementReport, StepReport
    from stepwell.core.standing import Standing

FORMAT = 1

Document = dict[str, Any]


def dumps(
    document: Mapping[str, Any], clean: Callable[[str], str] | None = None, *, ascii_only: bool = False
) -> str:
    """Write a document as text that ends with a line break; `clean` is applied to every text in it."""
    cleaned = document if clean is None else _cleaned(document, clean)
    return json.dumps(cleaned, indent=2, ensure_ascii=ascii_only, default=_plain) + "\n"


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, clean) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(value if isinstance(value, str) else _plain(value))


def _plain(value: object) -> str:
    """What JSON has no form for: times in ISO 8601, the rest as Python shows it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def status_document(report: StatusReport) -> Document:
    """The document of `status`; `drift` is there where it was asked for."""
    document = {
        "format": FORMAT,
        "url": report.url,
        "engine": report.engine,
        "table": report.table,
        "counts": {state.value: count for state, count in report.counts.items()},
        "heads": version_texts(report.heads),
        "migrations": [_entry(entry) for entry in report.entries],
    }
    return document if report.standing is None else document | {"drift": _standing(report.standing)}


def _standing(standing: Standing) -> Document:
    left = standing.left
    return {
        "verdict": standing.verdict.value,
        "fingerprint": standing.now,
        "batch": left.batch if left else None,
        "taken_at": _time(left.taken_at if left else None),
        "why": standing.why,
    }


def _entry(entry: Entry) -> Document:
    """One migration; `hint` is there where something is to be done about it."""
    record, migration = entry.record, entry.migration
    document = {
        "version": entry.version.text,
        "name": entry.name,
        "description": entry.description,
        "dependencies": version_texts(entry.dependencies),
        "state": entry.state.value,
        "applied_at": _time(record.applied_at if record else None),
        "checksum": record.checksum if record else None,
        "path": migration.path if migration else None,
        "reversible": migration.reversible if migration else False,
    }
    hint = hint_on(entry)
    return document if hint is None else document | {"hint": hint}


def run_document(report: RunReport) -> Document:
    """The document of `migrate` and `rollback`, also of a dry run, also after a failure.

    `batch` is null where it failed before a batch began; `adopted` is there only where something was.
    """
    document = {
        "format": FORMAT,
        "ok": report.ok,
        "direction": report.direction.value,
        "dry_run": report.dry_run,
        "batch": report.batch or None,
        "elapsed_ms": _rounded(report.elapsed_ms),
        "steps": [_step(step) for step in report.steps],
        "warnings": list(report.warnings),
        "error": None if report.error is None else error_json(report.error),
    }
    adopted = [_adopted(each) for each in report.adopted]
    return document | {"adopted": adopted} if adopted else document


def _adopted(adopted: Adopted) -> Document:
    return {"version": adopted.version.text, "name": adopted.name, "evidence": adopted.evidence}


def _step(step: StepReport) -> Document:
    document = {
        "version": step.version.text,
        "name": step.name,
        "outcome": step.outcome.value,
        "segment": step.segment,
        "elapsed_ms": _rounded(step.elapsed_ms),
        "statements": [_statement(statement) for statement in step.statements],
    }
    return document if step.note is None else document | {"note": step.note}


def _statement(statement: StatementReport) -> Document:
    document: Document = {"sql": statement.sql, "elapsed_ms": _rounded(statement.elapsed_ms)}
    extra = {"values": statement.values, "note": statement.note}
    return document | {key: value for key, value in extra.items() if value is not None}


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)


def check_document(report: CheckReport) -> Document:
    """The document of `check`: whether there are no findings, how many files, the findings."""
    return {
        "format": FORMAT,
        "ok": not report.findings,
        "url": report.url,
        "files": report.files,
        "findings": [_finding(finding) for finding in report.findings],
        "error": None,
    }


def _finding(finding: Finding) -> Document:
    return {
        "code": finding.code,
        "message": finding.message,
        "path": finding.place.path,
        "line": finding.place.line,
        "hint": finding.hint,
    }


def log_document(report: LogReport) -> Document:
    """The document of `log`, newest entry last."""
    return {
        "format": FORMAT,
        "url": report.url,
        "engine": report.engine,
        "table": report.table,
        "entries": [_log_entry(entry) for entry in report.entries],
    }


def _log_entry(entry: LogEntry) -> Document:
    return {
        "id": entry.id,
        "batch": entry.batch,
        "segment": entry.segment,
        "version": entry.version.text if entry.version else None,
        "direction": entry.direction,
        "event": entry.event,
        "statement": entry.statement,
        "statements": entry.statements,
        "started_at": _time(entry.started_at),
        "elapsed_ms": _rounded(entry.elapsed_ms),
        "checksum": entry.checksum,
        "user": entry.user,
        "host": entry.host,
        "tool": entry.tool,
        "error": entry.error,
    }


def correction_document(report: CorrectionReport) -> Document:
    """The document of `mark` and `unmark`."""
    return {
        "format": FORMAT,
        "ok": True,
        "action": report.action,
        "version": report.version.text,
        "name": report.name,
        "dry_run": report.dry_run,
        "changed": report.changed,
        "message": report.message,
        "warnings": list(report.warnings),
        "error": None,
    }


def lock_document(report: LockReport) -> Document:
    """The document of `unlock`."""
    return {
        "format": FORMAT,
        "ok": True,
        "url": report.url,
        "holder": report.holder,
        "ended": report.ended,
        "error": None,
    }


def created_document(report: CreatedFiles) -> Document:
    """The document of `new` and `init`."""
    return {
        "format": FORMAT,
        "ok": True,
        "created": list(report.created),
        "kept": list(report.kept),
        "notes": list(report.notes),
        "error": None,
    }


def error_document(fault: Fault, problems: tuple[Fault, ...] = ()) -> Document:
    """The document of a command that failed before it had a report; several problems are listed besides."""
    document: Document = {"format": FORMAT, "ok": False, "error": error_json(fault)}
    return (
        document | {"problems": [error_json(problem) for problem in problems]}
        if len(problems) > 1
        else document
    )

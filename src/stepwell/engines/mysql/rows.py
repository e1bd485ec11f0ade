"""Rows of the two tables to values and back. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stepwell.core.history import Record, parse_dependencies
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.actions import LogLine
    from stepwell.ports import Batch


def read_record(row: Mapping[str, Any]) -> Record:
    """One row of the history, of either shape."""
    return Record(
        id=int(row["id"]),
        version=Version(str(row["version"])),
        name=str(row["name"]),
        description=row["description"],
        dependencies=parse_dependencies(row["dependencies"]),
        applied_at=as_utc(row["applied_at"]),
        checksum=row.get("checksum"),
        file_hash=row.get("file_hash"),
    )


def as_utc(moment: object) -> datetime | None:
    """Times come without a zone, in that of the session, which is UTC; a date of zeros is none."""
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None


def log_values(line: LogLine, batch: Batch) -> dict[str, Any]:
    """The values of a log row, by the names of `tables.insert_log`."""
    return {
        "batch": batch.id,
        "segment": line.segment,
        "version": line.version.text,
        "name": line.name,
        "direction": line.direction.value,
        "event": line.event.value,
        "statement": line.statement,
        "statements": line.statements,
        "elapsed_us": round((line.elapsed_ms or 0.0) * 1000),
        "elapsed_ms": line.elapsed_ms,
        "checksum": line.digest,
        "fingerprint": line.fingerprint,
        "host": batch.host,
        "tool": batch.tool,
        "error": line.error,
    }

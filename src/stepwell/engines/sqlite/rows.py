"""Rows of the two tables to values and back. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import HistoryTableError
from stepwell.core.history import Record, parse_dependencies
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.actions import LogLine
    from stepwell.ports import Batch, Kept


def read_record(row: Mapping[str, Any]) -> Record:
    """One row of the history, of either shape. Raises `HistoryTableError` where it has no version."""
    version = row["version"]
    if version is None:
        raise HistoryTableError("a row of the history has no version", hint="fill it in, or delete that row")
    dependencies = row["dependencies"]
    return Record(
        id=int(row["id"]),
        version=Version(str(version)),
        name=str(row["name"] or ""),
        description=None if row["description"] is None else str(row["description"]),
        dependencies=parse_dependencies(None if dependencies is None else str(dependencies)),
        applied_at=as_utc(row["applied_at"]),
        checksum=row.get("checksum"),
        file_hash=row.get("file_hash"),
    )


def as_utc(text: str | None) -> datetime | None:
    """Times are stored as text without a zone and mean UTC; one that can't be read is not known."""
    try:
        moment = datetime.fromisoformat(str(text)) if text is not None else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def log_values(line: LogLine, batch: Batch, user: str, kept: Kept | None) -> dict[str, Any]:
    """The parameters of `tables.insert_log`."""
    return {
        "batch": batch.id,
        "segment": line.segment,
        "version": line.version.text,
        "name": kept.migration.name if kept else None,
        "direction": line.direction.value,
        "event": line.event.value,
        "statement": line.statement,
        "statements": line.statements,
        "elapsed_ms": line.elapsed_ms,
        "checksum": line.digest or (kept.checksum if kept else None),
        "fingerprint": line.fingerprint,
        "db_user": user,
        "host": batch.host,
        "tool": batch.tool,
        "error": line.error,
    }

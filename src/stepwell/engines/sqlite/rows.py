"""Rows of the two tables to values and back. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import HistoryTableError
from stepwell.core.history import Record, dump_dependencies, parse_dependencies
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.actions import LogLine
    from stepwell.ports import Batch, Kept


def read_record(row: Mapping[str, Any]) -> Record:
    """One row of the history, of either shape. Raises `HistoryTableError` where its id or version can't be read."""
    number, version = row["id"], row["version"]
    if not isinstance(number, int) or version is None:
        column, value = ("version", version) if isinstance(number, int) else ("id", number)
        raise HistoryTableError(
            f"a row of the history has {value!r} ({type(value).__name__}) in its column {column}",
            hint="the order of application is that of the ids, which are whole numbers: correct that row",
        )
    dependencies = row["dependencies"]
    return Record(
        id=number,
        version=Version(str(version)),
        name=str(row["name"] or ""),
        description=row["description"],
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


def record_values(kept: Kept) -> dict[str, Any]:
    """The parameters of `tables.insert_record`."""
    migration = kept.migration
    return {
        "version": migration.version.text,
        "name": migration.name,
        "description": migration.description,
        "dependencies": dump_dependencies(migration.dependencies),
        "checksum": kept.checksum,
        "file_hash": migration.source.file_hash,
    }


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
        "db_user": user,
        "host": batch.host,
        "tool": batch.tool,
        "error": line.error,
    }

"""Rows of the two tables to values and back, and the small texts of a segment. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import Fault, HistoryTableError
from stepwell.core.history import Record, dump_dependencies, parse_dependencies
from stepwell.core.migration import Version
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stepwell.core.actions import LogLine
    from stepwell.core.errors import Place
    from stepwell.core.plan import Step
    from stepwell.ports import Batch, BoundStatement, Kept

# SET CONSTRAINTS has no way back to what was declared, so each constraint that is declared so is named. A name that
# also belongs to a constraint that can't be deferred would be an error, and is left out.
DEFER_AGAIN = """DO $stepwell$
DECLARE declared text;
BEGIN
  SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I'::text, n.nspname, d.conname), ', '::text) INTO declared
  FROM (SELECT connamespace, conname FROM pg_catalog.pg_constraint GROUP BY connamespace, conname
        HAVING pg_catalog.bool_or(condeferred) AND pg_catalog.bool_and(condeferrable)) d
  JOIN pg_catalog.pg_namespace n ON n.oid = d.connamespace;
  IF declared IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || declared || ' DEFERRED'; END IF;
END $stepwell$"""


def read_record(row: Mapping[str, Any]) -> Record:
    """One row of `select_records`, of either shape. Raises `HistoryTableError` where it has no id or no version."""
    for column in ("id", "version"):
        if row[column] is None:
            raise HistoryTableError(
                f"a row of the history has no {column}",
                hint="the order of application is that of the ids: fill them in, or delete that row",
            )
    return Record(
        id=row["id"],
        version=Version(row["version"].strip()),
        name=row["name"] or "",
        description=row["description"],
        dependencies=parse_dependencies(row["dependencies"]),
        applied_at=read_moment(row["applied_at"]),
        checksum=row["checksum"],
        file_hash=row["file_hash"],
    )


def read_moment(text: str | None) -> datetime | None:
    """A time as JSON or an older tool has it; without a zone it means UTC, and one that can't be read is not known."""
    try:
        moment = datetime.fromisoformat(text.strip()) if text is not None else None
        return None if moment is None else _in_utc(moment)
    except (ValueError, OverflowError):
        return None


def as_utc(moment: datetime | None) -> datetime | None:
    """Times are stored without a zone and mean UTC."""
    return None if moment is None else _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def record_values(kept: Kept) -> list[Any]:
    """The values of a record: version, name, description, dependencies, checksum, file hash."""
    migration = kept.migration
    return [
        migration.version.text,
        migration.name,
        migration.description,
        dump_dependencies(migration.dependencies),
        kept.checksum,
        migration.source.file_hash,
    ]


def log_arrays(lines: Sequence[LogLine], batch: Batch) -> list[Any]:
    """The parameters of `tables.insert_log`."""
    rows = [
        (
            line.segment,
            line.version.text,
            line.name,
            line.direction.value,
            line.event.value,
            line.statement,
            line.statements,
            line.elapsed_ms,
            line.digest,
            line.fingerprint,
            line.error,
        )
        for line in lines
    ]
    return [*columns(rows), batch.id, batch.host, batch.tool]


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into the arrays that one statement unnests."""
    return [list(column) for column in zip(*rows, strict=True)]


def own_timeouts(step: Step) -> dict[str, float]:
    """The timeouts that a migration asks for, by the server's name, in seconds."""
    traits = step.migration.traits
    wanted = {
        "lock_timeout": traits.lock_timeout,
        "statement_timeout": traits.statement_timeout,
        "idle_in_transaction_session_timeout": traits.idle_timeout,
    }
    return {name: seconds for name, seconds in wanted.items() if seconds is not None}


def not_committed(answer: str | None) -> EngineError:
    """The server answers ROLLBACK to a COMMIT, without an error, where the transaction had failed before."""
    return EngineError(
        Fault(
            f"the server answered {answer or 'nothing'} to COMMIT: the transaction had failed before, nothing stands",
            code="not_committed",
        )
    )


def lock_lost(step: Step | None) -> EngineError:
    """The error of a migration that gave the lock of its own run away."""
    return EngineError(
        Fault(
            "the lock was lost while this migration ran: it gave it back, and another run may have begun",
            code="lock_lost",
            version=step.version.text if step else None,
            place=step.migration.place if step else None,
            hint="leave out DISCARD ALL and pg_advisory_unlock_all(): unlock what the migration locked, by its key",
        )
    )


def left_behind(words: Sequence[str], version: str, place: Place | None) -> EngineError:
    """The error of a migration that changes its session for those that come after it."""
    return EngineError(
        Fault(
            f"the migration leaves behind {', '.join(words)}",
            code="left_behind",
            version=version,
            place=place,
            hint="set what is needed with SET LOCAL; drop, close and give back what the migration made for itself",
        )
    )


def pooled(statement: BoundStatement) -> EngineError:
    """The error of a statement that needs a session of its own, behind a pooler that gives out transactions."""
    return EngineError(
        Fault(
            "behind a pooler this statement is refused: whether it ran could not be told after a failure",
            code="pooled",
            version=statement.origin.version,
            place=statement.origin.place,
            statement=statement.shown,
            hint="give the address of the database itself as direct_url; it is used for such steps",
        )
    )

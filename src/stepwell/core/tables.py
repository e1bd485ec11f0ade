"""The two tables of the tool in the user's database, as far as every dialect says the same of them. Text only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.history import Attempt, JournalEntry, TableShape, dump_dependencies
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from stepwell.core.answers import LogEntry
    from stepwell.core.migration import Migration
    from stepwell.core.standing import Left

SEVEN_COLUMNS = ("id", "version", "name", "description", "dependencies", "created_at", "applied_at")
ADDED_COLUMNS = (("checksum", "VARCHAR(80)"), ("file_hash", "VARCHAR(64)"))
ALL_COLUMNS = (*SEVEN_COLUMNS, *(name for name, _ in ADDED_COLUMNS))

LOG_COLUMNS = (
    "id",
    "batch",
    "segment",
    "version",
    "name",
    "direction",
    "event",
    "statement",
    "statements",
    "started_at",
    "elapsed_ms",
    "checksum",
    "fingerprint",
    "db_user",
    "host",
    "tool",
    "error",
)

JOURNAL_EVENTS = ("intent", "done", "statement_failed")
CLOSING_EVENTS = ("applied", "reverted", "marked", "unmarked")
CHANGING_EVENTS = (*JOURNAL_EVENTS, "applied", "reverted")  # behind which the structure may be another
FINGERPRINT = "fingerprint"


class TableNames(NamedTuple):
    """The quoted, where there are schemas qualified, names of the two tables."""

    history: str
    log: str

    @property
    def select_records(self) -> str:
        """Every record in the order of application; by `*`, since an older table lacks two columns."""
        return f"SELECT * FROM {self.history} ORDER BY id"

    @property
    def select_mark(self) -> str:
        """The mark of the history. The log belongs to it: a journal tells what of a step was done already."""
        return (
            "SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0),"
            f" (SELECT coalesce(max(id), 0) FROM {self.log}) FROM {self.history}"
        )

    @property
    def select_journal(self) -> str:
        """The journal of every step without transaction that began and was not closed, in order."""
        return (
            f"SELECT version, direction, statement, event, checksum, fingerprint FROM {self.log} l"
            f" WHERE event IN ({_quoted(JOURNAL_EVENTS)}) AND id > coalesce((SELECT max(id) FROM {self.log} c"
            f" WHERE c.version = l.version AND c.event IN ({_quoted(CLOSING_EVENTS)})), 0) ORDER BY id"
        )

    @property
    def select_confirmed(self) -> str:
        """What a batch (`:batch`) has applied or reverted, as the log says, if the records are as they have to be."""
        return (
            f"SELECT l.version FROM {self.log} l WHERE l.batch = :batch AND l.event IN ('applied', 'reverted') AND"
            f" (CASE WHEN l.event = 'applied' THEN 1 ELSE 0 END)"
            f" = (SELECT count(*) FROM {self.history} h WHERE h.version = l.version)"
        )

    @property
    def select_fingerprint(self) -> str:
        """The last fingerprint of the structure, and how often something was done since that may have changed it."""
        return (
            f"SELECT l.fingerprint, l.tool, l.batch, l.started_at, (SELECT count(*) FROM {self.log} c WHERE c.id > l.id"
            f" AND c.event IN ({_quoted(CHANGING_EVENTS)})) FROM {self.log} l WHERE l.event = '{FINGERPRINT}'"
            " ORDER BY l.id DESC LIMIT 1"
        )

    def select_log(self, *, of_batch: bool) -> str:
        """The newest rows (`:limit` of them, of `:batch`) about migrations, newest first."""
        where = f"WHERE event <> '{FINGERPRINT}'" + (" AND batch = :batch" if of_batch else "")
        return f"SELECT {', '.join(LOG_COLUMNS)} FROM {self.log} {where} ORDER BY id DESC LIMIT :limit"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def shape_of(columns: frozenset[str]) -> TableShape | None:
    """Which of the accepted shapes a history table with these columns has; None: neither."""
    if columns == frozenset(ALL_COLUMNS):
        return TableShape.FULL
    if columns == frozenset(SEVEN_COLUMNS):
        return TableShape.SEVEN
    return None


def attempts_of(rows: Iterable[Sequence[Any]], recorded: frozenset[Version]) -> tuple[Attempt, ...]:
    """Put the rows of `select_journal` together.

    Done marks count only within an attempt that has no record yet (down: that still has one). Where a way back began
    without a record, as it may for what was half applied, nothing that was done before it counts any more: an attempt
    without entries is left.
    """
    found: dict[tuple[Version, str], list[JournalEntry]] = {}
    for version, direction, statement, event, digest, fingerprint in rows:
        entry = JournalEntry(statement, event, digest, fingerprint)
        upward = (Version(version), "up")
        if direction == "down" and Version(version) not in recorded and upward in found:
            found[upward] = []
        found.setdefault((Version(version), direction), []).append(entry)
    return tuple(
        Attempt(version, direction, tuple(entries))
        for (version, direction), entries in found.items()
        if (version in recorded) == (direction == "down")
    )


# --- for engines that write one row at a time; values are `:name` ---


def insert_record(tables: TableNames, now: str) -> str:
    """One record; the values are those of `record_values`, the time is `now`, an expression."""
    return (
        f"INSERT INTO {tables.history} (version, name, description, dependencies, created_at, applied_at, checksum,"
        f" file_hash) VALUES (:version, :name, :description, :dependencies, {now}, {now}, :checksum,"
        " :file_hash)"
    )


def update_record(tables: TableNames) -> str:
    """Let a record say what its file is now; the values are those of `record_values`, and the id."""
    return (
        f"UPDATE {tables.history} SET version = :version, name = :name, description = :description,"
        " dependencies = :dependencies, checksum = :checksum, file_hash = :file_hash WHERE id = :id"
    )


def delete_record(tables: TableNames) -> str:
    """Take a record back; the values are its id and version, which must belong together."""
    return f"DELETE FROM {tables.history} WHERE id = :id AND version = :version"


def record_values(migration: Migration, checksum: str) -> dict[str, Any]:
    """The values of a record, by the names of its columns."""
    return {
        "version": migration.version.text,
        "name": migration.name,
        "description": migration.description,
        "dependencies": dump_dependencies(migration.dependencies),
        "checksum": checksum,
        "file_hash": migration.source.file_hash,
    }


# --- the log ---


def log_entry(row: Sequence[Any], as_utc: Callable[[Any], datetime | None]) -> LogEntry:
    """Make a value of a row of `select_log`. `as_utc` reads a time as the engine's driver gives it."""
    from stepwell.core.answers import LogEntry

    named = dict(zip(LOG_COLUMNS, row, strict=True))
    return LogEntry(
        id=named["id"],
        batch=named["batch"],
        segment=named["segment"],
        version=Version(named["version"]) if named["version"] else None,
        direction=named["direction"],
        event=named["event"],
        statement=named["statement"],
        statements=named["statements"],
        started_at=as_utc(named["started_at"]),
        elapsed_ms=named["elapsed_ms"],
        checksum=named["checksum"],
        user=named["db_user"],
        host=named["host"],
        tool=named["tool"],
        error=named["error"],
    )


def left_behind(rows: Sequence[Sequence[Any]], as_utc: Callable[[Any], datetime | None]) -> Left | None:
    """Make a value of what `select_fingerprint` gives; None where there is no row."""
    from stepwell.core.standing import Left

    for text, tool, batch, taken_at, later in rows:
        return Left(text, tool, batch, as_utc(taken_at), overtaken=bool(later))
    return None

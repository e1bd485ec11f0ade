"""What the database remembers, against what the files say: records and files give each migration its state.

Pure: the records come from a connection, the checksums from a function that is passed in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.evidence import Verdict
from stepwell.core.migration import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from stepwell.core.evidence import Judgement
    from stepwell.core.migration import Migration, SourceFile


class State(StrEnum):
    """Of a migration: see section 6 of the contract. Out of order and the like are findings, not states."""

    APPLIED = "applied"
    PENDING = "pending"
    CHANGED = "changed"
    MISSING = "missing"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


class TableShape(StrEnum):
    """What stands where the history table should be: nothing, the seven columns of an older runner, or all nine."""

    ABSENT = "absent"
    SEVEN = "seven"
    FULL = "full"


class Record(NamedTuple):
    """One row of the history. `applied_at` is aware and in UTC; `id` is the order of application."""

    id: int
    version: Version
    name: str
    description: str | None
    dependencies: tuple[Version, ...]
    applied_at: datetime | None
    checksum: str | None = None
    file_hash: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryMark:
    """A cheap stamp of the history: it differs when rows have come or gone, since ids are never used twice."""

    count: int = 0
    highest_id: int = 0
    sum_of_ids: int = 0
    highest_log_id: int = 0

    @classmethod
    def of(cls, row: Iterable[int]) -> HistoryMark:
        """Make a mark of the row that `TableNames.select_mark` gives, whatever numbers the driver has."""
        return cls(*map(int, row))


# No history has this one: a plan that was made for it is made anew.
NO_MARK = HistoryMark(-1, -1, -1)


class JournalEntry(NamedTuple):
    """How far one statement of a step outside a transaction came, by the log: intent, done or failed."""

    statement: int
    event: str
    digest: str | None
    fingerprint: str | None = None


class Attempt(NamedTuple):
    """A step outside a transaction that began and has no record: what its journal says, in order.

    `judgement` is what the catalog tells of the statement at which it was cut off.
    """

    version: Version
    direction: str
    entries: tuple[JournalEntry, ...]
    judgement: Judgement | None = None

    @property
    def cut_off(self) -> JournalEntry | None:
        """The statement that has an intent and nothing after it, if one has: the log can't tell whether it ran."""
        last = self.entries[-1] if self.entries else None
        return last if last is not None and last.event == "intent" else None

    @property
    def done(self) -> tuple[str | None, ...]:
        """The digests of the statements that are done, in their order."""
        done = tuple(entry.digest for entry in self.entries if entry.event == "done")
        return (*done, self.found_done.digest) if self.found_done is not None else done

    @property
    def found_done(self) -> JournalEntry | None:
        """The statement at which it was cut off, where the catalog tells that it ran."""
        ran = self.judgement is not None and self.judgement.verdict is Verdict.RAN
        return self.cut_off if ran else None

    @property
    def in_doubt(self) -> bool:
        """Whether nobody can tell if the statement at which it was cut off ran."""
        unknown = self.judgement is None or self.judgement.verdict is Verdict.UNKNOWN
        return self.cut_off is not None and unknown


class History(NamedTuple):
    """All that is read at the start: the shape of the table, its records by id, unfinished attempts, and the mark."""

    shape: TableShape = TableShape.ABSENT
    records: tuple[Record, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    mark: HistoryMark = HistoryMark()
    log_exists: bool = False

    @property
    def ready(self) -> bool:
        """Whether the tool's own tables are there in full, so that nothing has to be created or extended."""
        return self.shape is TableShape.FULL and self.log_exists


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the status: a migration, its record, or both, and the state that follows.

    Of a step that began, has no record and no file any more, only the version is known: that is its name too. `twins`
    are further records of the same version, written otherwise (`6` and `006`): they contradict each other.
    """

    version: Version
    name: str
    description: str
    dependencies: tuple[Version, ...]
    state: State
    record: Record | None = None
    migration: Migration | None = None
    twins: tuple[Record, ...] = ()

    @property
    def title(self) -> str:
        """The version with its name, where that says more."""
        return self.version.text if self.name == self.version.text else f"{self.version} {self.name}"

    @property
    def file_gone(self) -> bool:
        """Whether a step began and did not finish whose file is not there any more."""
        return self.migration is None and self.state in (State.FAILED, State.IN_DOUBT)

    @property
    def applied(self) -> bool:
        """Whether the history has it, whatever the file says."""
        return self.record is not None


def mark_of(ids: Iterable[int]) -> HistoryMark:
    """The mark of a history with these ids."""
    found = tuple(ids)
    return HistoryMark(len(found), max(found, default=0), sum(found))


def parse_dependencies(text: str | None) -> tuple[Version, ...]:
    """Read the column `dependencies`: a JSON array, a Python list, `{a,b}`, comma-separated text, empty, or NULL.

    A version holds none of the characters that these forms put around it, so that no form has to be told from another;
    numbers without quotes keep their zeros.
    """
    bare = (text or "").strip().strip("[](){}")
    if bare.lower() in _NOTHING:
        return ()
    items = (item.strip().strip("\"'").strip() for item in bare.split(","))
    return tuple(Version(item) for item in items if item)


_NOTHING = frozenset({"", "null", "none"})


def dump_dependencies(dependencies: Iterable[Version]) -> str:
    """Write the column `dependencies`: a JSON array."""
    return json.dumps([version.text for version in dependencies])


def unchanged(source: SourceFile, record: Record) -> bool:
    """Whether a file is byte for byte the one that was applied: then it needs no parsing."""
    return record.file_hash is not None and record.file_hash == source.file_hash


def compare(
    migrations: Iterable[Migration], history: History, checksum: Callable[[Migration], str]
) -> tuple[Entry, ...]:
    """Put files and records together, in natural order of version.

    Takes the parsed files, the history, and a function that gives a file's checksum; it is asked only where the bytes
    differ from what was applied and a checksum was recorded.
    """
    records = {record.version: record for record in reversed(history.records)}
    twins = _twins(history.records)
    attempts = {attempt.version: attempt for attempt in history.attempts}
    entries = [
        _entry_of_file(migration, records.pop(migration.version, None), attempts, checksum)
        for migration in migrations
    ]
    entries += [_entry_of_record(record, attempts.get(record.version)) for record in records.values()]
    known = {entry.version for entry in entries}
    entries += [_entry_of_attempt(attempt) for attempt in attempts.values() if attempt.version not in known]
    if twins:
        entries = [replace(entry, twins=twins.get(entry.version, ())) for entry in entries]
    return tuple(sorted(entries, key=lambda entry: entry.version.key))


def _twins(records: Iterable[Record]) -> Mapping[Version, tuple[Record, ...]]:
    """The records behind the first one of their version: those that differ from it in leading zeros only."""
    seen: set[Version] = set()
    found: dict[Version, tuple[Record, ...]] = {}
    for record in records:
        if record.version in seen:
            found[record.version] = (*found.get(record.version, ()), record)
        seen.add(record.version)
    return found


def _entry_of_file(
    migration: Migration,
    record: Record | None,
    attempts: Mapping[Version, Attempt],
    checksum: Callable[[Migration], str],
) -> Entry:
    return Entry(
        version=migration.version,
        name=migration.name,
        description=migration.description,
        dependencies=migration.dependencies,
        state=_state(migration, record, attempts.get(migration.version), checksum),
        record=record,
        migration=migration,
    )


def _state(
    migration: Migration, record: Record | None, attempt: Attempt | None, checksum: Callable[[Migration], str]
) -> State:
    if attempt is not None:
        return _state_of(attempt)
    if record is None:
        return State.PENDING
    if record.checksum is None or unchanged(migration.source, record):
        return State.APPLIED
    return State.APPLIED if checksum(migration) == record.checksum else State.CHANGED


def _state_of(attempt: Attempt) -> State:
    return State.IN_DOUBT if attempt.in_doubt else State.FAILED


def _entry_of_record(record: Record, attempt: Attempt | None) -> Entry:
    return Entry(
        version=record.version,
        name=record.name,
        description=record.description or "",
        dependencies=record.dependencies,
        state=State.MISSING if attempt is None else _state_of(attempt),
        record=record,
    )


def _entry_of_attempt(attempt: Attempt) -> Entry:
    """A step that began, and has neither a record nor a file: the log knows its version only."""
    return Entry(
        version=attempt.version,
        name=attempt.version.text,
        description="",
        dependencies=(),
        state=_state_of(attempt),
    )


def of_another_project(entries: Iterable[Entry]) -> bool:
    """Whether files and history have nothing in common: some of each, and no file that has a record or ever began."""
    recorded = files = False
    for entry in entries:
        if entry.migration is not None and entry.state is not State.PENDING:
            return False
        recorded = recorded or entry.applied
        files = files or entry.migration is not None
    return recorded and files


def command(verb: str, version: Version) -> str:
    """A command that corrects the history, as it is typed in a shell: in quotes, unless it needs some inside."""
    from shlex import quote  # only where something is wrong

    argument = quote(version.text)
    separator = "-- " if version.text.startswith("-") else ""
    plain = f"stepwell {verb} {separator}{argument}"
    return f"'{plain}'" if argument == version.text else plain

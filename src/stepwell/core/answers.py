"""What commands that ask, and those that correct, answer: as values. Rendering them is another layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stepwell.core.evidence import Verdict
from stepwell.core.history import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stepwell.core.history import Entry
    from stepwell.core.ignore import Ignore
    from stepwell.core.migration import Finding, Version
    from stepwell.core.schema.diff import Diff
    from stepwell.core.schema.ignoring import Ignored
    from stepwell.core.standing import Standing


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Every migration and its state, in the order of the plan. `url` holds no password.

    `standing` says whether the structure is still the one that the last run left, where that was asked for.
    """

    url: str
    engine: str
    table: str
    entries: tuple[Entry, ...]
    heads: tuple[Version, ...]
    findings: tuple[Finding, ...] = ()
    standing: Standing | None = None

    @property
    def drifted(self) -> bool:
        """Whether the structure is certainly another one than the last run has left; false where nobody asked."""
        return self.standing is not None and self.standing.changed

    @property
    def counts(self) -> Mapping[State, int]:
        """How many migrations are in each state."""
        return {state: sum(entry.state is state for entry in self.entries) for state in State}

    @property
    def up_to_date(self) -> bool:
        """Whether all are applied and unchanged, each once."""
        return all(entry.state is State.APPLIED and not entry.twins for entry in self.entries)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found. Errors of the files are raised, all of them together, not listed here."""

    findings: tuple[Finding, ...]
    files: int
    url: str | None = None
    heads: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One row of the log, as `stepwell log` shows it. Times are aware and in UTC."""

    id: int
    batch: str
    segment: int | None
    version: Version | None
    direction: str | None
    event: str
    statement: int | None
    statements: int | None
    started_at: datetime | None
    elapsed_ms: float | None
    checksum: str | None
    user: str | None
    host: str | None
    tool: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was done, newest last."""

    url: str
    engine: str
    table: str
    entries: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True)
class CorrectionReport:
    """What `mark` and `unmark` did, or with `dry_run` would do, to the history."""

    action: str
    version: Version
    name: str
    dry_run: bool
    changed: bool
    message: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repair:
    """A statement outside a transaction that was cut off, what is known of it, and whether that was written down.

    `sql` is its text, where the file has it still. `verdict` is what the catalog tells, or what a person has said.
    """

    version: Version
    name: str
    direction: str
    statement: int
    verdict: Verdict
    why: str
    sql: str | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether a person has to decide."""
        return self.verdict is Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What `repair` found, and wrote into the log or with `dry_run` would write."""

    dry_run: bool
    repairs: tuple[Repair, ...] = ()

    @property
    def in_doubt(self) -> bool:
        """Whether something is left for a person to decide."""
        return any(repair.in_doubt for repair in self.repairs)


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """What `baseline` recorded, or with `dry_run` would; what was found in the database, and what lacks for more."""

    dry_run: bool
    recorded: tuple[tuple[Version, str], ...]
    evidence: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockReport:
    """Who holds the lock, or None; `ended` is true where `--force` ended that holder."""

    url: str
    holder: str | None
    ended: bool = False


class Side(NamedTuple):
    """One of two snapshots that were compared: what it is called (a file, a URL), and what it is of."""

    name: str
    engine: str
    server: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What is different between two snapshots, and which they were.

    `ignored` is what may differ, with the entry that says so, and is no part of `diff`; `unused` are the entries that
    had nothing to ignore.
    """

    before: Side
    after: Side
    diff: Diff
    ignored: tuple[Ignored, ...] = ()
    unused: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True)
class CreatedFiles:
    """Which files a command such as `new` or `init` made, and which were there before and stay."""

    created: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What a folder lacks, or lacked, to be as it has to be: paths in it, sorted. `equal` of them were so already."""

    new: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    obsolete: tuple[str, ...] = ()
    equal: int = 0

    @property
    def any(self) -> bool:
        """Whether there is, or was, something to be done."""
        return bool(self.new or self.different or self.obsolete)

"""Every error that stepwell raises on purpose, and the exit code of each.

::

    StepwellError
     +- UsageError                 2   wrong usage or configuration
     |   +- TargetError            2   a target that does not exist, or is not applied
     +- GateError                  3   a gate says no: pending, found, not proved
     +- MigrationError             4   the migrations themselves are wrong
     |   +- MigrationFileError     4   one file is
     |   +- GraphError             4   they do not fit together
     |   +- IrreversibleError      4   one without `down()` is in the way of a rollback
     |   +- DependedOnError        4   one that stays depends on what a rollback would revert
     +- LockTimeoutError           5   somebody else holds the lock
     +- ContradictionError         6   history, files and database contradict each other
     |   +- HistoryTableError      6   the history table is not one that we can trust
     +- ConnectionFailedError      7   the database can't be reached, or refuses
     +- StepError                  1   a migration failed
     |   +- MisuseError            1   it used `database` in a way that can't work
     +- InterruptedRunError        130 SIGINT, or 143 SIGTERM

An error says what happened and where in its message, and what to do in its hint. It never holds a secret: whoever
raises one with text of a driver or a user passes that text through `redact` of the adapter first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Place(NamedTuple):
    """A line of a file that people can open: path as shown to them, line from 1 (None: the file as a whole)."""

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


class StepwellError(Exception):
    """The root of the tree.

    Takes the message (what happened), the place (file and line, where there is one) and a hint (what to do). Where it
    ended a run, `report` (a `RunReport`) says what became of every step.
    """

    exit_code = 1
    report: object = None

    def __init__(self, message: str, *, place: Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.place is None else f"{self.place}: {self.message}"


class UsageError(StepwellError):
    """Wrong usage or configuration."""

    exit_code = 2


def no_database() -> UsageError:
    """What whoever needs a database says where none is named."""
    return UsageError("no database is named", hint="give --url, DATABASE_URL, or 'url' in the configuration")


class TargetError(UsageError):
    """A target that does not exist or, for a rollback, is not applied."""


class GateError(StepwellError):
    """A gate says no: something is pending, drifted, found or not proved."""

    exit_code = 3


class MigrationError(StepwellError):
    """The migrations themselves are wrong. Several problems may be told at once in `problems`."""

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        problems: tuple[MigrationError, ...] = (),
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.problems = problems


class MigrationFileError(MigrationError):
    """One file is wrong: its name, its syntax, its markers, its class."""


class GraphError(MigrationError):
    """The files do not fit together: duplicate version, unknown dependency, cycle."""


class IrreversibleError(MigrationError):
    """A migration without `down()` is in the way of a rollback."""


class DependedOnError(MigrationError):
    """A migration that stays depends on one that a rollback would revert."""


Problem = TypeVar("Problem", bound=MigrationError)


def together(problems: Sequence[Problem]) -> Problem:
    """One error that tells several, as the first one does and with all in `problems`; a single one is given back.

    Takes at least one problem, all of the same kind, in the order in which they are to be told.
    """
    first = problems[0]
    if len(problems) > 1:
        return type(first)(first.message, place=first.place, hint=first.hint, problems=tuple(problems))
    return first


class LockTimeoutError(StepwellError):
    """Somebody else held the lock for longer than `lock_wait`."""

    exit_code = 5


class ContradictionError(StepwellError):
    """History, files and database contradict each other, or something is in doubt."""

    exit_code = 6


class HistoryTableError(ContradictionError):
    """What stands where the history table should be is not one that we can trust."""


class Refusal(StrEnum):
    """Why a database can't be used; each has its own message."""

    NAME = "name"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    PASSWORD = "password"  # noqa: S105 - the name of a reason, not a secret
    NO_DATABASE = "no such database"
    NO_ROLE = "no such role"
    STARTING = "starting up"
    TOO_MANY = "too many connections"
    READ_ONLY = "read-only"
    RIGHTS = "missing rights"
    DRIVER = "no driver"
    LOST = "connection lost"
    OTHER = "other"

    @property
    def passes(self) -> bool:
        """Whether it may be over soon: the server is starting, or its name is not known yet."""
        return self in _PASSING


_PASSING = frozenset(
    {Refusal.REFUSED, Refusal.STARTING, Refusal.TOO_MANY, Refusal.UNREACHABLE, Refusal.NAME, Refusal.LOST}
)


class ConnectionFailedError(StepwellError):
    """The database can't be reached, or refuses; `refusal` says which of the two and why."""

    exit_code = 7

    def __init__(
        self, message: str, *, refusal: Refusal, place: Place | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.refusal = refusal


class FailureKind(StrEnum):
    """What kind of failure it was, as far as the machine has to know."""

    STEP = "step"
    RETRYABLE = "retryable"
    LOST = "lost"
    INTERRUPTED = "interrupted"
    ENDED = "ended"  # the migration ended the transaction itself: what stands has to be asked


@dataclass(frozen=True, slots=True)
class Fault:
    """What is known of a statement that failed, as a value that reports and JSON are made of.

    `message` is the database's (or Python's) own first line; `position` counts characters of `statement` from 1.
    """

    message: str
    code: str = "step_failed"
    version: str | None = None
    place: Place | None = None
    statement: str | None = None
    sqlstate: str | None = None
    position: int | None = None
    hint: str | None = None
    detail: str | None = None

    def at(self, version: str, place: Place | None) -> Fault:
        """The same fault, with version and place filled in where they were not known."""
        return replace(self, version=self.version or version, place=self.place or place)


def locked(holder: str | None, limit: float) -> Fault:
    """What a run says that has waited for the lock in vain, for `limit` seconds."""
    return Fault(
        f"locked: {holder or 'somebody else'} holds the lock, waited {limit:g} s",
        code="locked",
        hint="wait for that run, wait longer with --lock-wait, or see 'stepwell unlock'",
    )


class StepError(StepwellError):
    """A migration failed; `fault` says which statement, where, and why."""

    exit_code = 1

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message, place=fault.place, hint=fault.hint)
        self.fault = fault


class MisuseError(StepError):
    """A migration used `database` in a way that can't work: not awaited, after its end, transaction control."""


class InterruptedRunError(StepwellError):
    """The run was interrupted by a signal; the database was left as after a failure."""

    def __init__(self, signal_number: int, message: str = "interrupted") -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number

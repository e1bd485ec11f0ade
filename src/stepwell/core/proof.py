"""What a trial on a scratch database proves of a migration: up, down and up again, and what the structure was between.

Pure: the trial is a value, and so is the proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stepwell.core.schema.diff import Added, Diff, Removed, diff, only_order, without_order
from stepwell.core.schema.words import sentences, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.core.errors import Fault
    from stepwell.core.migration import Migration, Version
    from stepwell.core.schema.snapshot import Snapshot


class Verdict(StrEnum):
    """How a trial ended, from best to worst."""

    PROVED = "proved"
    IRREVERSIBLE = "irreversible"
    LOSSY = "lossy"
    FAILS_ON_ROWS = "fails_on_rows"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of a trial that failed: `up`, `down`, `up again` or `up twice`, and why."""

    part: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Trial:
    """What was seen of one migration. A snapshot is None where the trial did not come that far.

    `twice` was taken after a second up() of one that is declared idempotent, `halfway` after an up() that failed, on
    tables with rows or without: it may have done a part that nothing undoes. The rest is of the same trial on tables
    with rows: `left` has what down() has left behind; `unfilled` says for which tables none, or few, could be made;
    `untried` why there was no such trial, though there should have been.
    """

    migration: Migration
    before: Snapshot | None = None
    up: Snapshot | None = None
    down: Snapshot | None = None
    again: Snapshot | None = None
    twice: Snapshot | None = None
    halfway: Snapshot | None = None
    failure: Failure | None = None
    rows_failure: Failure | None = None
    losses: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()
    untried: str | None = None
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of a migration, or what is against it: a sentence for each reason."""

    version: Version
    name: str
    path: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    elapsed_ms: float | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What came of every migration that was tried, in plan order. `where` is the kind of server it was tried on.

    `since` says what was compared with, where only what has changed was tried.
    """

    where: str
    proofs: tuple[Proof, ...]
    elapsed_ms: float = 0.0
    strict: bool = False
    since: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is against any; what loses rows on its way back is, where that is asked `strict`ly."""
        return not any(map(self.is_bad, self.proofs))

    def is_bad(self, proof: Proof) -> bool:
        """Whether a proof keeps the report from being right."""
        bad = {Verdict.BROKEN, Verdict.FAILS_ON_ROWS} | ({Verdict.LOSSY} if self.strict else set())
        return proof.verdict in bad

    def count(self, verdict: Verdict) -> int:
        """How many have this verdict."""
        return sum(proof.verdict is verdict for proof in self.proofs)


def judged(trial: Trial) -> Proof:
    """The proof that a trial gives."""
    migration = trial.migration
    verdict, reasons = _verdict(trial)
    return Proof(
        migration.version,
        migration.name,
        migration.path,
        verdict,
        tuple(reasons),
        (*_moved(trial), *_halfway(trial), *trial.noted, *trial.unfilled),
        trial.elapsed_ms,
    )


def _verdict(trial: Trial) -> tuple[Verdict, list[str]]:
    if reasons := list(_broken(trial)):
        return Verdict.BROKEN, reasons
    if trial.rows_failure is not None:
        return Verdict.FAILS_ON_ROWS, [_failed(trial.rows_failure, "on existing rows")]
    if trial.untried is not None:  # nobody knows
        return Verdict.FAILS_ON_ROWS, [f"not tried on tables with rows: {trial.untried}"]
    if not trial.migration.reversible:
        declared = trial.migration.traits.irreversible
        return Verdict.IRREVERSIBLE, [
            "declared irreversible" if declared else "it has no down(), which is not declared"
        ]
    if trial.losses:
        return Verdict.LOSSY, [f"lossy: {loss}" for loss in trial.losses]
    return Verdict.PROVED, []


def _broken(trial: Trial) -> Iterator[str]:
    """Everything that up, down and up again should have been, and was not."""
    if trial.failure is not None:
        yield _failed(trial.failure)
    if trial.up is not None and trial.twice is not None:
        yield from _told(
            diff(trial.up, trial.twice), "up() twice, though it is declared idempotent,", _CHANGED
        )
    if trial.before is not None and trial.down is not None:
        yield from _told(diff(trial.before, trial.down), "down()", _LEFT)
    yield from (f"down() leaves behind {rows}" for rows in trial.left)
    if trial.up is not None and trial.again is not None:
        yield from _told(diff(trial.up, trial.again), "up() again", _CHANGED)


def _failed(failure: Failure, when: str = "") -> str:
    fault = failure.fault
    where = f" ({fault.place})" if fault.place is not None else ""
    method, *which = failure.part.split()
    return f"{' '.join([f'{method}()', *which, 'fails', *when.split()])}: {fault.message}{where}"


_LEFT = {Added: "leaves behind", Removed: "does not bring back"}
_CHANGED = {Added: "makes besides", Removed: "leaves out"}


def _moved(trial: Trial) -> Iterator[str]:
    """Columns that stand in another order on the way back, as those do that went and came: nothing else can be done."""
    if trial.before is not None and trial.down is not None:
        found = diff(trial.before, trial.down)
        only = Diff(tuple(change for change in found.changes if only_order(change)))
        yield from (f"after down(), {sentence}" for sentence in sentences(tell(only)))


def _halfway(trial: Trial) -> Iterator[str]:
    """What an up() that fails leaves, where changes of the schema are not undone with it."""
    if trial.before is not None and trial.halfway is not None:
        for sentence in sentences(tell(diff(trial.before, trial.halfway))):
            yield f"what up() did before it failed stands: {sentence}"


def _told(found: Diff, who: str, words: dict[type[object], str]) -> Iterator[str]:
    """Each difference in a sentence, with the verb that fits what came, what went, and what is other than it was."""
    rest = without_order(found)
    kinds = {change.key: type(change) for change in rest.changes}
    for line in tell(rest):
        verb = words.get(kinds.get(line.key, object), "changes")
        yield f"{who} {verb} {sentences([line])[0]}"

"""What is said of a step that was cut off: how far it came, as the journal and the catalog tell, and who decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ContradictionError
from stepwell.core.evidence import Verdict
from stepwell.core.history import command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.history import Attempt, Entry
    from stepwell.core.plan.values import Step

_TOLD = {
    Verdict.RAN: "was cut off, but it ran, as the database tells ({why}): it is not run again",
    Verdict.NOT_RUN: "was cut off and did not run, as the database tells ({why}): it is run now",
    Verdict.REPEATABLE: "was cut off and may have run: it is run again ({why})",
}


def in_doubt(entry: Entry, attempt: Attempt | None) -> ContradictionError:
    """A step outside a transaction of which nobody knows how far it came."""
    cut = attempt.cut_off if attempt is not None else None
    statement = f"statement {cut.statement}" if cut is not None else "the last statement"
    judgement = attempt.judgement if attempt is not None else None
    why = f": {judgement.why}" if judgement is not None else ""
    return ContradictionError(
        f"in doubt: nobody can tell whether {statement} of {entry.title} ran{why}",
        place=entry.migration.place if entry.migration is not None else None,
        hint=ways_out(entry),
    )


def ways_out(entry: Entry) -> str:
    """The commands by which a person decides."""
    version = entry.version
    return (
        f"see 'stepwell log' and look at the database: {command('repair --done', version)} says that it ran, "
        f"{command('repair --not-done', version)} that it did not; "
        f"or {command('mark', version)} (all of it is there), {command('unmark', version)} (none of it is there)"
    )


def resumed(steps: Sequence[Step]) -> Iterable[str]:
    """What people should know beforehand of the statements at which steps were cut off."""
    for step in steps:
        attempt = step.attempt
        if attempt is None or attempt.cut_off is None or attempt.judgement is None:
            continue
        verdict, why = attempt.judgement
        told = _TOLD[verdict].format(why=why)
        yield f"statement {attempt.cut_off.statement} of {step.version} {step.migration.name} {told}"

"""What must not run the way it is: what ends the transaction, what refuses one, or what was begun without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import MigrationFileError, together
from stepwell.core.migration import Language
from stepwell.core.plan.words import begun_without_transaction
from stepwell.core.sql.refusals import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.plan.values import Facts, Step


def refuse_wrong_blocks(steps: Sequence[Step], facts: Facts, *, transactional_ddl: bool) -> None:
    """Raise `MigrationFileError` or `ContradictionError` before anything runs."""
    if forbidden := [
        MigrationFileError(reason, place=step.migration.place._replace(line=line), hint=MISSING)
        for step in steps
        for reason, line in facts(step.migration, step.direction).forbidden
    ]:
        raise together(forbidden)
    if not transactional_ddl:
        return
    inside = [step for step in steps if step.migration.transactional(step.direction)]
    problems = [
        _wrong_block(step, reason, line)
        for step in inside
        for reason, line in facts(step.migration, step.direction).refuses_transaction
    ]
    if problems:
        raise together(problems)
    for step in inside:
        if step.attempt is not None and step.attempt.done:
            raise begun_without_transaction(step, len(step.attempt.done))


def _wrong_block(step: Step, reason: str, line: int) -> MigrationFileError:
    source = step.migration.source
    add = (
        f"write '-- migrate:{step.direction} transaction:false'"
        if source.language is Language.SQL
        else "add 'transactional = False' to the class"
    )
    return MigrationFileError(
        f"{reason}, but {step.version} {step.migration.name} runs in one",
        place=step.migration.place._replace(line=line),
        hint=f"{add}; a step without transaction is best alone in its file",
    )

"""What can be told of a step's statements before it runs: what they create, and what they say of transactions.

SQL files tell everything; of Python, the literal statements in the method. The rest is found out when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.migration import SqlBody
from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.core.sql.refusals import Savepoints, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stepwell.core.migration import Direction, Migration
    from stepwell.core.sql.kinds import CreatedObject, StatementFacts
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

Found = tuple["Statement", "StatementFacts"]


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a step: lines are lines of its file.

    `refuses_transaction` are statements that can't be in a transaction, `forbidden` those that no migration may hold:
    for each the reason, and its line.
    """

    creates: tuple[CreatedObject, ...] = ()
    adds_enum_value: bool = False
    refuses_transaction: tuple[tuple[str, int], ...] = ()
    forbidden: tuple[tuple[str, int], ...] = ()


def facts_of(migration: Migration, direction: Direction, rules: LexRules) -> StepFacts:
    """Read what the statements of one direction tell. Takes the lexical rules of the engine."""
    found = [(statement, classify(statement, rules)) for statement in migration.statements(direction)]
    return StepFacts(
        creates=tuple(created for _, facts in found for created in facts.creates),
        adds_enum_value=any(facts.adds_enum_value for _, facts in found),
        refuses_transaction=tuple(
            (facts.refuses_transaction, statement.line)
            for statement, facts in found
            if facts.refuses_transaction
        ),
        forbidden=tuple(_forbidden(found, whole=isinstance(migration.body, SqlBody))),
    )


def _forbidden(found: Sequence[Found], *, whole: bool) -> Iterable[tuple[str, int]]:
    """What would be refused when it is sent. `whole`: these are all statements, in the order in which they run.

    The text of a Python migration does not tell which savepoints are open: that is found out when it runs.
    """
    savepoints = Savepoints()
    for statement, facts in found:
        if not whole and facts.kind is StatementKind.SAVEPOINT:
            continue
        if why := refuse(facts, savepoints):
            yield why, statement.line
        savepoints.follow(facts)

"""What can be told of a step's statements before it runs: what they create, and what they say of transactions.

SQL files tell everything; of Python, the literal statements in the method. The rest is found out when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.core.sql.kinds import classify

if TYPE_CHECKING:
    from stepwell.core.migration import Direction, Migration
    from stepwell.core.sql.kinds import CreatedObject
    from stepwell.core.sql.rules import LexRules


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a step: lines are lines of its file."""

    creates: tuple[CreatedObject, ...] = ()
    adds_enum_value: bool = False
    refuses_transaction: tuple[tuple[str, int], ...] = ()


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
    )

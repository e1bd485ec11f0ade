"""What can be told of a step's statements before it runs: what they create, and what they say of transactions.

SQL files tell everything; of Python, the literal statements in the method. The rest is found out when it runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stepwell.core.files.mixed import literal_statements
from stepwell.core.migration import Direction, Migration, PythonBody, SqlBody
from stepwell.core.sql.kinds import CreatedObject, classify
from stepwell.core.sql.rules import LexRules
from stepwell.core.sql.split import Statement, split


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a step: lines are lines of its file."""

    creates: tuple[CreatedObject, ...] = ()
    adds_enum_value: bool = False
    refuses_transaction: tuple[tuple[str, int], ...] = ()


def facts_of(migration: Migration, direction: Direction, rules: LexRules) -> StepFacts:
    """Read what the statements of one direction tell. Takes the lexical rules of the engine."""
    found = [
        (statement, classify(statement, rules)) for statement in statements_of(migration, direction, rules)
    ]
    return StepFacts(
        creates=tuple(created for _, facts in found for created in facts.creates),
        adds_enum_value=any(facts.adds_enum_value for _, facts in found),
        refuses_transaction=tuple(
            (facts.refuses_transaction, statement.line)
            for statement, facts in found
            if facts.refuses_transaction
        ),
    )


def statements_of(migration: Migration, direction: Direction, rules: LexRules) -> Iterable[Statement]:
    """The statements of one direction that can be read from the file, with their lines."""
    body = migration.body
    if isinstance(body, SqlBody):
        section = body.up if direction is Direction.UP else body.down
        return split(section.text, rules, section.first_line) if section is not None else ()
    if isinstance(body, PythonBody):
        return literal_statements(migration.source, direction, rules)
    return ()

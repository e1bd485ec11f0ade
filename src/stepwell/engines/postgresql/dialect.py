"""What is text and policy about PostgreSQL: abilities, parameter style, and advice for what its errors mean here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.abilities import Abilities
from stepwell.core.sql.style import ParameterStyle
from stepwell.ports import Dialect

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules

_SPLIT = "one transaction can't hold all of it: run with --atomic migration"

HINTS = {
    "55P04": "a new enum value can be used only after a commit: put the use into a migration of its own, or run with "
    "--atomic migration; in the migration that adds it, 'ends_segment = True' says so",
    "53200": f"{_SPLIT}, or raise max_locks_per_transaction on the server",
    "55006": f"{_SPLIT}, or put the change of data and the change of the table into two migrations",
    "25001": "this command can't run in a transaction: set 'transactional = False' on the class, or write "
    "'-- migrate:up transaction:false'",
    "2D000": "a migration must not commit or abort, not even in a procedure or a DO block; without a transaction "
    "('transactional = False') it may",
    "55P03": "somebody else holds a lock on that table: try again when it is quiet, or raise --lock-timeout",
    "40P01": "a deadlock with somebody else's transaction: try again when it is quiet",
    "57014": "the statement was stopped: see --statement-timeout",
    "42501": "the role lacks a right: grant it, make the role owner of the object, or use --role",
    "42P07": "it exists already: if the database has it from an older tool, see 'stepwell mark'",
    "42P18": "PostgreSQL can't tell the type of a parameter: write a cast, such as CAST(:name AS text); statements "
    "that define something (CREATE, ALTER, ...) take no parameters",
    "25P02": "an error before this one was caught inside the migration; put the statement that may fail into "
    "'async with database.transaction():'",
}


def _rules() -> LexRules:
    from stepwell.engines.postgresql.lexical import POSTGRESQL

    return POSTGRESQL


DIALECT = Dialect(
    name="postgresql",
    load_rules=_rules,
    abilities=Abilities(
        transactional_ddl=True,
        session_lock=True,
        pipeline=True,
        schemas=True,
        roles=True,
        timeouts=True,
        failure_poisons=True,
        snapshots=True,
        copies=True,
        parallel=True,
    ),
    parameters=ParameterStyle.NUMERIC,
    hints=HINTS,
)

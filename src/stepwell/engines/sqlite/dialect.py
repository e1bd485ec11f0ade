"""What is text and policy about SQLite: abilities, parameter style, and advice for what its errors mean here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.abilities import Abilities
from stepwell.core.sql.style import ParameterStyle
from stepwell.ports import Dialect

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules

HINTS = {
    "SQLITE_BUSY": "another process writes into the database: try again when it has finished",
    "SQLITE_LOCKED": "another statement of this migration still reads the table",
    "SQLITE_READONLY": "the file, or its folder, may not be written by this user",
    "SQLITE_FULL": "the disk is full",
}


def _rules() -> LexRules:
    from stepwell.engines.sqlite.lexical import SQLITE

    return SQLITE


DIALECT = Dialect(
    name="sqlite",
    load_rules=_rules,
    abilities=Abilities(transactional_ddl=True, session_lock=True, snapshots=True, copies=True),
    parameters=ParameterStyle.NAMED,
    hints=HINTS,
)

"""What is text and policy about SQLite: abilities, parameter style, and advice for what its errors mean here."""

from __future__ import annotations

from stepwell.core.abilities import Abilities
from stepwell.core.sql.style import ParameterStyle
from stepwell.engines.sqlite.lexical import SQLITE
from stepwell.ports import Dialect

HINTS = {
    "SQLITE_BUSY": "another process writes into the database: try again when it has finished",
    "SQLITE_LOCKED": "another statement of this migration still reads the table",
    "SQLITE_READONLY": "the file, or its folder, may not be written by this user",
    "SQLITE_FULL": "the disk is full",
}

DIALECT = Dialect(
    name="sqlite",
    rules=SQLITE,
    abilities=Abilities(transactional_ddl=True, session_lock=True),
    parameters=ParameterStyle.NAMED,
    hints=HINTS,
)

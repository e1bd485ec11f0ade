"""Tells from the text of one statement what kind it is and what it would do. It proves no syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from stepwell.core.sql.calls import calls_unknown
from stepwell.core.sql.created import CreatedObject, created_objects
from stepwell.core.sql.objects import object_words
from stepwell.core.sql.reader import Reader
from stepwell.core.sql.reads import copy_direction, is_read_only, main_verb, modifies_rows

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules
    from stepwell.core.sql.statement import Statement

__all__ = ["CreatedObject", "StatementFacts", "StatementKind", "classify"]


class StatementKind(Enum):
    """What a statement is about."""

    SCHEMA = "schema"
    DATA = "data"
    QUERY = "query"
    TRANSACTION = "transaction"
    SAVEPOINT = "savepoint"
    SETTING = "setting"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What the text of a statement tells.

    `verb` is the command in upper case, with the kind of object where it has one (`CREATE INDEX`).
    `refuses_transaction` is the reason why it can't be in a transaction, or None. `savepoint` is the name
    that a savepoint command gives. `read_only` is true only where the statement can be seen to change
    nothing.
    """

    verb: str
    kind: StatementKind
    refuses_transaction: str | None = None
    adds_enum_value: bool = False
    creates: tuple[CreatedObject, ...] = ()
    read_only: bool = False
    calls_unknown: bool = False
    savepoint: str | None = None

    @property
    def harmless(self) -> bool:
        """Whether it can be seen to change nothing, whoever may have made the functions that it calls."""
        return self.read_only and not self.calls_unknown

    @property
    def may_write_rows(self) -> bool:
        """Whether it may change rows, which constraints of the author may have to be checked for."""
        return not self.harmless and self.kind not in {StatementKind.SCHEMA, StatementKind.SETTING}


_KINDS = {
    StatementKind.SCHEMA: "CREATE DROP ALTER COMMENT GRANT REVOKE RENAME SECURITY REASSIGN IMPORT",
    StatementKind.DATA: "INSERT UPDATE DELETE MERGE REPLACE TRUNCATE LOAD",
    StatementKind.QUERY: "SELECT VALUES TABLE SHOW EXPLAIN DESCRIBE DESC",
    StatementKind.TRANSACTION: "BEGIN COMMIT END ROLLBACK ABORT XA",
    StatementKind.SAVEPOINT: "SAVEPOINT RELEASE",
    StatementKind.SETTING: "SET RESET DISCARD USE PRAGMA",
}
_KIND_OF_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
# Where the first word alone tells too little.
_KIND_OF_VERB = {
    "START TRANSACTION": StatementKind.TRANSACTION,
    "PREPARE TRANSACTION": StatementKind.TRANSACTION,
    "ROLLBACK TO": StatementKind.SAVEPOINT,
    "ALTER SYSTEM": StatementKind.SETTING,
    "SELECT INTO": StatementKind.SCHEMA,
    "COPY FROM": StatementKind.DATA,
    "BEGIN NOT": StatementKind.OTHER,  # a block of statements, not a transaction
}
_SECOND_WORDS = frozenset(
    {
        ("START", "TRANSACTION"),
        ("PREPARE", "TRANSACTION"),
        ("COMMIT", "PREPARED"),
        ("ROLLBACK", "PREPARED"),
        ("BEGIN", "NOT"),
        ("DISCARD", "ALL"),
        ("REASSIGN", "OWNED"),
    }
)
_NOISE = frozenset({"WORK", "TRANSACTION", "SAVEPOINT"})


def classify(statement: Statement | str, rules: LexRules) -> StatementFacts:
    """Say what kind of statement this is. Takes one statement; of several in one text, the first decides."""
    return _classify(statement if isinstance(statement, str) else statement.text, rules)


# A memo of a pure function, not state: a statement is judged when its file is read, planned and run.
@lru_cache(maxsize=4096)
def _classify(text: str, rules: LexRules) -> StatementFacts:
    reader = Reader(text, rules)
    start = _start(reader)
    verb = _verb(reader, start)
    read_only = is_read_only(reader, start)
    kind = StatementKind.QUERY if read_only else _kind(reader, start, verb)
    return StatementFacts(
        verb=verb,
        kind=kind,
        refuses_transaction=_refusal(reader, verb),
        adds_enum_value=_adds_enum_value(reader, verb),
        creates=created_objects(reader, verb) if kind is StatementKind.SCHEMA else (),
        read_only=read_only,
        calls_unknown=read_only and calls_unknown(reader),
        savepoint=_savepoint(reader) if kind is StatementKind.SAVEPOINT else None,
    )


def _start(reader: Reader) -> int:
    """Where the first word stands: a SELECT may be in parentheses."""
    index = 0
    while reader.sign(index) == "(":
        index += 1
    return index


def _verb(reader: Reader, start: int) -> str:
    first, second = reader.word(start), reader.word(start + 1)
    if first in ("CREATE", "DROP", "ALTER"):
        words = object_words(reader)
        return first if words is None else f"{first} {words.text}"
    if (first, second) in _SECOND_WORDS:
        return f"{first} {second}"
    if first == "ROLLBACK" and "TO" in (second, reader.word(start + 2)):
        return "ROLLBACK TO"
    if first == "COPY":
        return f"COPY {copy_direction(reader)}".rstrip()
    return main_verb(reader, start)


def _kind(reader: Reader, start: int, verb: str) -> StatementKind:
    kind = _KIND_OF_VERB.get(verb) or _KIND_OF_WORD.get(verb.partition(" ")[0], StatementKind.OTHER)
    if kind is StatementKind.QUERY and reader.word(start) == "WITH" and modifies_rows(reader):
        return StatementKind.DATA
    return kind


def _refusal(reader: Reader, verb: str) -> str | None:
    command = reader.rules.commands.outside_only.get(verb)
    if command is None or (command.pattern and not re.match(command.pattern, reader.sentence())):
        return None
    return command.reason


def _adds_enum_value(reader: Reader, verb: str) -> bool:
    pattern = reader.rules.commands.adds_enum_value
    return verb == "ALTER TYPE" and pattern is not None and re.match(pattern, reader.sentence()) is not None


def _savepoint(reader: Reader) -> str | None:
    """The name in `SAVEPOINT a`, `RELEASE [SAVEPOINT] a`, `ROLLBACK [WORK] TO [SAVEPOINT] a`."""
    index = 1
    while reader.word(index) in _NOISE | {"TO"} and reader.name(index + 1) is not None:
        index += 1
    return reader.name(index)

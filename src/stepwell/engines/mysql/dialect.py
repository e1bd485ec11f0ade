"""What is text and policy about MySQL and MariaDB: abilities, parameters, advice for what their errors mean here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.abilities import Abilities
from stepwell.core.sql.style import ParameterStyle
from stepwell.ports import Dialect

if TYPE_CHECKING:
    from stepwell.core.sql.rules import LexRules

_EXISTS = "it exists already: if the database has it from an older tool, see 'stepwell mark'"
_QUIET = "somebody else holds a lock on that table: try again when it is quiet, or raise --lock-timeout"
_RIGHT = "the user lacks a right: grant it"

# Keyed by the number of the error, which is what people of these servers look for.
HINTS = {
    "1005": "a foreign key that does not fit is the usual reason: SHOW ENGINE INNODB STATUS tells more",
    "1044": _RIGHT,
    "1047": "this node of a cluster takes no statements: it is joining, or cut off from the others; use another node",
    "1050": _EXISTS,
    "1061": _EXISTS,
    "1064": "the server can't read this SQL: is it meant for the other of MySQL and MariaDB, or another version?",
    "1067": "a default that sql_mode forbids, such as a date of zeros",
    "1100": "a statement before it took LOCK TABLES",
    "1142": _RIGHT,
    "1143": _RIGHT,
    "1205": _QUIET,
    "1213": "a deadlock with somebody else's transaction: try again when it is quiet",
    "1227": _RIGHT,
    "1290": "the server is read-only, or an option of it forbids the statement",
    "1317": "the statement was stopped",
    "1370": _RIGHT,
    "1419": "with the binary log on, triggers and functions need log_bin_trust_function_creators, or the right SUPER",
    "1969": "the statement was stopped: see --statement-timeout",
    "3024": "the statement was stopped: see --statement-timeout",
    "3819": "rows that are there already break the check: repair them in a migration before this one",
    "4025": "rows that are there already break the check: repair them in a migration before this one",
}

_ABILITIES = Abilities(transactional_ddl=False, session_lock=True, timeouts=True, snapshots=True)


def _mysql() -> LexRules:
    from stepwell.engines.mysql.lexical import MYSQL

    return MYSQL


def _mariadb() -> LexRules:
    from stepwell.engines.mysql.lexical import MARIADB

    return MARIADB


MYSQL_DIALECT = Dialect("mysql", _mysql, _ABILITIES, ParameterStyle.FORMAT, HINTS)
MARIADB_DIALECT = Dialect("mariadb", _mariadb, _ABILITIES, ParameterStyle.FORMAT, HINTS)

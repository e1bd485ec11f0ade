"""What a session is set to: so that our rules read SQL as the server does, times are UTC, and nothing waits for ever.

Pure: it makes text of what the server said; the connection sends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.migration import Traits
    from stepwell.core.settings import Settings

# These change what a quote or a word means, so that statements could not be told apart; the rest of sql_mode stays.
MISREAD = frozenset(
    {"ANSI", "ANSI_QUOTES", "DB2", "MAXDB", "MSSQL", "NO_BACKSLASH_ESCAPES", "ORACLE", "POSTGRESQL"}
)
UNLIMITED = 31_536_000  # seconds: a year, the most that the server takes
UTC = "+00:00"

# What a migration may have left behind is set back to this after each step.
VARIABLES = (
    "time_zone",
    "sql_mode",
    "foreign_key_checks",
    "unique_checks",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "collation_connection",
)
SELECT_VARIABLES = f"SELECT DATABASE(), {', '.join(f'@@SESSION.{name}' for name in VARIABLES)}"

Value = str | int | float | None


class Timeouts(NamedTuple):
    """In seconds, 0 is no limit: for a lock on a table or row, for a statement, and between two statements."""

    lock: float
    statement: float
    idle: float


def timeouts_of(settings: Settings, traits: Traits | None = None) -> Timeouts:
    """Those of a migration, where it has its own, else those of the settings."""

    def own(name: str) -> float:
        given = getattr(traits, name, None)
        return float(getattr(settings, name) if given is None else given)

    return Timeouts(own("lock_timeout"), own("statement_timeout"), own("idle_timeout"))


def readable_mode(sql_mode: str) -> tuple[str, tuple[str, ...]]:
    """The same mode without what would be misread, and what that was."""
    modes = [mode for mode in sql_mode.split(",") if mode]
    dropped = tuple(mode for mode in modes if mode.upper() in MISREAD)
    return ",".join(mode for mode in modes if mode not in dropped), dropped


def set_timeouts(timeouts: Timeouts, *, is_mariadb: bool) -> str:
    """The statement that sets them for the session."""
    wanted: dict[str, str | int] = {
        "lock_wait_timeout": _whole(timeouts.lock),
        "innodb_lock_wait_timeout": _whole(timeouts.lock),
        "wait_timeout": _whole(timeouts.idle),
    }
    if is_mariadb:
        wanted["max_statement_time"] = f"{timeouts.statement:.6f}"
    else:  # for SELECT only: MySQL has no other
        wanted["max_execution_time"] = round(timeouts.statement * 1000)
    return "SET " + ", ".join(f"SESSION {name} = {value}" for name, value in wanted.items())


def see_other_nodes(*, galera: bool) -> str:
    """The statement after which reads see what was committed on any node before."""
    return f"SET SESSION {_AWAITS[galera][0]} = {_AWAITS[galera][1]}"


def see_what_one_did(*, galera: bool) -> str:
    """The statement after which reads are again as whoever runs the server has it."""
    return f"SET SESSION {_AWAITS[galera][0]} = DEFAULT"


_AWAITS = {True: ("wsrep_sync_wait", "1"), False: ("group_replication_consistency", "'BEFORE'")}


def restore(former: Sequence[Value], now: Sequence[Value]) -> list[str]:
    """The statements that set back what differs; both as `SELECT_VARIABLES` gives them."""
    differing = [
        (name, value)
        for name, value, other in zip(VARIABLES, former[1:], now[1:], strict=True)
        if value != other
    ]
    statements = []
    if former[0] != now[0]:
        statements.append("USE `" + str(former[0]).replace("`", "``") + "`")
    if differing:
        told = ", ".join(f"SESSION {name} = {_literal(value)}" for name, value in differing)
        statements.append(f"SET {told}")
    return statements


def _whole(seconds: float) -> int:
    """Whole seconds, at least one, as every server takes them."""
    return max(1, round(seconds)) if seconds else UNLIMITED


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + value.replace("'", "''") + "'"

"""What the server says of itself and of the tool's tables, and whether these can be trusted. Pure: rows are given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import ConnectionFailedError, HistoryTableError, Refusal
from stepwell.core.history import TableShape
from stepwell.core.tables import LOG_COLUMNS, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = tuple[Any, ...]

ABOUT = "SELECT VERSION(), DATABASE(), CURRENT_USER(), @@GLOBAL.lower_case_table_names, @@SESSION.sql_mode"
SWITCHES = (
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on',"
    " 'group_replication_single_primary_mode')"
)
_OF_ONE = """
SELECT 'table', table_name, table_type, engine FROM information_schema.tables
WHERE table_schema = :database AND table_name = :{name}
UNION ALL SELECT 'column', table_name, column_name, NULL FROM information_schema.columns
WHERE table_schema = :database AND table_name = :{name}
UNION ALL SELECT 'trigger', event_object_table, trigger_name, NULL FROM information_schema.triggers
WHERE event_object_schema = :database AND event_object_table = :{name}
"""
# One name in each condition: of several, the server would look at every table. Some servers compare names here without
# regard to case, whatever they do elsewhere: `described` compares them again.
DESCRIBE = "UNION ALL".join(_OF_ONE.format(name=name) for name in ("table", "log"))
OLDEST = {"mariadb": (10, 6), "mysql": (8, 0)}
_OFF = frozenset({"OFF", "0", ""})


@dataclass(frozen=True, slots=True)
class Server:
    """The server and the session, as they said at the start."""

    version: str
    database: str
    user: str
    folds_case: bool
    sql_mode: str
    switches: Mapping[str, str]

    @property
    def is_mariadb(self) -> bool:
        """Which of the two it really is, whatever the URL says."""
        return "mariadb" in self.version.lower()

    @property
    def name(self) -> str:
        """The name of the engine."""
        return "mariadb" if self.is_mariadb else "mysql"

    def on(self, switch: str) -> bool:
        """Whether a switch is there and on. `read_only` of newer servers has words for how much of it is on."""
        return self.switches.get(switch, "OFF").upper() not in _OFF


def server_of(about: Row, switches: Sequence[Row], shown: str) -> Server:
    """Put it together. Raises `ConnectionFailedError` for a server that is too old, or a session without database."""
    version, database, user, case, sql_mode = about
    if database is None:
        raise ConnectionFailedError(f"{shown}: the connection has no database", refusal=Refusal.NO_DATABASE)
    named = {str(name).lower(): str(value) for name, value in switches}
    server = Server(str(version), str(database), str(user), int(case) != 0, str(sql_mode), named)
    oldest = OLDEST[server.name]
    if _numbers(server.version) < oldest:
        raise ConnectionFailedError(
            f"{shown}: {server.name} {server.version} is older than {'.'.join(map(str, oldest))}",
            refusal=Refusal.OTHER,
            hint="older servers can be left with half a statement after a crash",
        )
    return server


def _numbers(version: str) -> tuple[int, ...]:
    # Some servers put this before their version, for replicas of long ago.
    found = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def refuse_cluster(server: Server, shown: str) -> None:
    """Where several nodes write, a lock of one node keeps nobody out. Raises `ConnectionFailedError`."""
    if server.on("wsrep_on"):
        kind = "a Galera cluster (wsrep_on)"
    elif server.switches.get("group_replication_single_primary_mode", "ON").upper() == "OFF":
        kind = "a group with several primaries (group_replication_single_primary_mode)"
    else:
        return
    raise ConnectionFailedError(
        f"{shown}: this server is a node of {kind}, where locks do not reach other nodes",
        refusal=Refusal.OTHER,
        hint="stepwell does not migrate such clusters yet; nothing was changed",
    )


def refuse_read_only(server: Server, shown: str) -> None:
    """A server that is set to read-only is a replica, or has its reason. Raises `ConnectionFailedError`."""
    found = next(
        (each for each in ("super_read_only", "innodb_read_only", "read_only") if server.on(each)), None
    )
    if found is not None:
        raise ConnectionFailedError(
            f"{shown}: the server is read-only: {found} is on",
            refusal=Refusal.READ_ONLY,
            hint="use the URL of the primary",
        )


@dataclass(frozen=True, slots=True)
class Description:
    """The tool's two tables: what shape the history has, and whether the log is there."""

    shape: TableShape
    log_exists: bool


def described(rows: Sequence[Row], table: str, *, folds_case: bool) -> Description:
    """Judge what `DESCRIBE` gave. Raises `HistoryTableError` for a table that we can't trust, or that isn't ours."""
    return Description(
        _shape(rows, table, folds_case=folds_case), _has_log(rows, f"{table}_log", folds_case=folds_case)
    )


def _shape(rows: Sequence[Row], table: str, *, folds_case: bool) -> TableShape:
    columns = _trusted(rows, table, folds_case=folds_case)
    if columns is None:
        return TableShape.ABSENT
    found = shape_of(columns)
    if found is None:
        raise _not_ours(table, "it has other columns: another tool's table of that name?")
    return found


def _has_log(rows: Sequence[Row], log: str, *, folds_case: bool) -> bool:
    columns = _trusted(rows, log, folds_case=folds_case)
    if columns is not None and columns != frozenset(LOG_COLUMNS):
        raise _not_ours(log, "it has other columns than stepwell's log")
    return columns is not None


def _trusted(rows: Sequence[Row], table: str, *, folds_case: bool) -> frozenset[str] | None:
    """The columns of a table that is there and plain; None where it is not there."""
    own = [row for row in rows if _same(str(row[1]), table, folds_case=folds_case)]
    for kind, _, name, engine in own:
        if kind == "trigger":
            raise _not_ours(
                table, f"it has a trigger ({name}), which runs with the rights of whoever made it"
            )
        if kind == "table" and name != "BASE TABLE":
            raise _not_ours(table, f"it is no plain table ({str(name).lower()})")
        if kind == "table" and engine != "InnoDB":
            raise _not_ours(table, f"its engine is {engine}, which keeps no record together with its log")
    if not any(row[0] == "table" for row in own):
        return None
    return frozenset(str(row[2]) for row in own if row[0] == "column")


def _same(found: str, wanted: str, *, folds_case: bool) -> bool:
    return found.casefold() == wanted.casefold() if folds_case else found == wanted


def _not_ours(table: str, why: str) -> HistoryTableError:
    return HistoryTableError(
        f"{table} can't be used as stepwell's table: {why}",
        hint="look at it; if it belongs to something else, choose another name with the setting 'table'",
    )

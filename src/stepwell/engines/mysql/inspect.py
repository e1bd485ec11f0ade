"""What the server says of itself and of the tool's tables, and whether these can be trusted. Pure: rows are given."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stepwell.core.errors import ConnectionFailedError, HistoryTableError, Refusal
from stepwell.core.history import TableShape
from stepwell.core.tables import LOG_COLUMNS, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Row = tuple[Any, ...]

ABOUT = "SELECT VERSION(), DATABASE(), CURRENT_USER(), @@GLOBAL.lower_case_table_names, @@SESSION.sql_mode"
SWITCHES = (
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on',"
    " 'wsrep_osu_method', 'group_replication_single_primary_mode')"
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
DESCRIBE_ONE = _OF_ONE.format(name="table")
OLDEST = {"mariadb": (10, 6), "mysql": (8, 0)}
LOCK_COLUMNS = frozenset({"name", "epoch", "owner", "who", "until"})
# Some servers put 5.5.5 before their version, for replicas of long ago.
_NUMBER = re.compile(r"(?:5\.5\.5-)?(\d+\.\d+(?:\.\d+)?)")
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
    def number(self) -> str:
        """Its version without what its packagers have added."""
        found = _NUMBER.match(self.version)
        return found[1] if found else self.version

    @property
    def name(self) -> str:
        """The name of the engine."""
        return "mariadb" if self.is_mariadb else "mysql"

    @property
    def cluster(self) -> str | None:
        """What it is a node of, in words, where other nodes write too; else None."""
        if self.on("wsrep_on"):
            return "a Galera cluster"
        if self.switches.get("group_replication_single_primary_mode", "ON").upper() in _OFF:
            return "a group with several primaries"
        return None

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
    found = _NUMBER.match(version)
    return tuple(map(int, found[1].split(".")[:2])) if found else (0, 0)


def refuse_lone_changes(server: Server, shown: str) -> None:
    """A node that keeps changes of the schema for itself would differ from others. Raises `ConnectionFailedError`."""
    if server.cluster is not None and server.switches.get("wsrep_osu_method", "TOI").upper() != "TOI":
        raise ConnectionFailedError(
            f"{shown}: this node keeps changes of the schema for itself (wsrep_OSU_method)",
            refusal=Refusal.OTHER,
            hint="SET GLOBAL wsrep_OSU_method = 'TOI'",
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


def own_tables(rows: Sequence[Row], table: str, *, folds_case: bool) -> frozenset[str]:
    """Which of the tool's tables are there and its own, by what `DESCRIBE` gave, also of the lock's."""
    judges: dict[str, Callable[[str], bool]] = {
        table: lambda name: _shape(rows, name, folds_case=folds_case) is not TableShape.ABSENT,
        f"{table}_log": lambda name: _has_log(rows, name, folds_case=folds_case),
        f"{table}_lock": lambda name: trusted_lock(rows, name),
    }
    own: set[str] = set()
    for name, is_there in judges.items():
        with suppress(HistoryTableError):
            if is_there(name):
                own |= {str(row[1]) for row in rows if _same(str(row[1]), name, folds_case=folds_case)}
    return frozenset(own)


def trusted_lock(rows: Sequence[Row], table: str) -> bool:
    """Whether the table of the lock of a cluster is there. Raises `HistoryTableError` for one that isn't ours."""
    columns = _trusted(rows, table, folds_case=True)
    if columns is not None and columns != LOCK_COLUMNS:
        raise _not_ours(table, "it has other columns than stepwell's lock")
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

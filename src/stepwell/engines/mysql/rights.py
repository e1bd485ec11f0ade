"""What a user must be allowed, asked of the server before the first statement: it checks rights without acting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.errors import ConnectionFailedError, Refusal
from stepwell.core.history import TableShape
from stepwell.engines.mysql import tables
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from stepwell.core.history import History
    from stepwell.engines.mysql.target import Target

DENIED = frozenset({"1044", "1142", "1143", "1227"})


async def check_rights(target: Target, history: History) -> None:
    """Raises `ConnectionFailedError` naming the first right that is missing."""
    for right, probe in _probes(target, history):
        try:
            await target.channel.execute(probe)
        except EngineError as error:
            if error.fault.sqlstate in DENIED:
                raise missing(target, right, error) from error


def missing(target: Target, right: str, error: EngineError) -> ConnectionFailedError:
    """The error for a right that the server has just said is missing."""
    return ConnectionFailedError(
        f"{target.shown}: missing rights: {target.server.user} lacks {right} ({error.fault.message})",
        refusal=Refusal.RIGHTS,
        hint=f"GRANT {right} TO {target.server.user}",
    )


def _probes(target: Target, history: History) -> list[tuple[str, str]]:
    """Rights by name, each with a statement that needs it and changes nothing: EXPLAIN and PREPARE check rights."""
    names = target.names
    probes = []
    everywhere = f"ON {tables.quote(target.server.database)}.*"
    if history.shape is TableShape.ABSENT or not history.log_exists:
        probes.append((f"CREATE {everywhere}", _prepared(f"CREATE TABLE {names.log} (id INTEGER)")))
    if history.shape is TableShape.SEVEN:
        probes.append((f"ALTER {everywhere}", _prepared(f"ALTER TABLE {names.history} COMMENT 'x'")))
    if history.shape is not TableShape.ABSENT:
        probes += [
            (
                f"INSERT ON {names.history}",
                f"EXPLAIN INSERT INTO {names.history} (version, name) VALUES ('', '')",
            ),
            (f"UPDATE ON {names.history}", f"EXPLAIN UPDATE {names.history} SET name = '' WHERE id = 0"),
            (f"DELETE ON {names.history}", f"EXPLAIN DELETE FROM {names.history} WHERE id = 0"),
        ]
    if history.log_exists:
        probes.append(
            (f"INSERT ON {names.log}", f"EXPLAIN INSERT INTO {names.log} (batch) VALUES ('')"),
        )
    return probes


def _prepared(statement: str) -> str:
    text = statement.replace("\\", "\\\\").replace("'", "''")
    return f"PREPARE stepwell_probe FROM '{text}'"

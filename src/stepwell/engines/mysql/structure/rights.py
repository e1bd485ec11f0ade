"""Grants on what is in a database, and whether its user can see all that is there.

Rights on the whole database are left out: whoever runs the server gives them with the database, and no migration does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stepwell.engines.mysql.rights import DENIED
from stepwell.engines.mysql.structure.pieces import named
from stepwell.ports import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stepwell.engines.mysql.channel import Channel, Row

_ON_TABLES = """SELECT user, host, table_name, '', CAST(table_priv AS CHAR) FROM mysql.tables_priv
WHERE db = :database AND table_priv <> ''"""
_ON_COLUMNS = """SELECT user, host, table_name, column_name, CAST(column_priv AS CHAR) FROM mysql.columns_priv
WHERE db = :database AND column_priv <> ''"""
_ON_ROUTINES = """SELECT user, host, LOWER(routine_type), routine_name, CAST(proc_priv AS CHAR) FROM mysql.procs_priv
WHERE db = :database AND proc_priv <> ''"""
# Without each of these, something of a database is not shown, and nobody says so.
_TO_SEE_ALL = frozenset({"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"})
_GRANT = re.compile(r"GRANT (.+?) ON (?:`((?:[^`]|``)*)`|\*)\.\* TO ", re.DOTALL)


async def guarded(channel: Channel, database: str, own: Collection[str]) -> dict[str, Any] | None:
    """What only some users may read: the grants, by who has them and on what; None where this user may not.

    `own` are tables whose grants are left out. None also where the user may not see all that is there.
    """
    if not sees_all([str(row[0]) for row in await channel.rows("SHOW GRANTS")], database):
        return None
    values = {"database": database}
    try:
        on_tables = [
            *(await channel.rows(_ON_TABLES, values)),
            *(await channel.rows(_ON_COLUMNS, values)),
        ]
        on_routines = await channel.rows(_ON_ROUTINES, values)
    except EngineError as error:
        if error.fault.sqlstate in DENIED:
            return None
        raise
    granted = _granted([row for row in on_tables if row[2] not in own], on_routines)
    return {"grants": granted} if granted else {}


def _granted(on_tables: Iterable[Row], on_routines: Iterable[Row]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for user, host, table, column, rights in on_tables:
        on = named(table) + (f" ({named(column)})" if column else "")
        found[f"{_account(user, host)} on {on}"] |= _words(rights)
    for user, host, kind, name, rights in on_routines:
        found[f"{_account(user, host)} on {kind} {named(name)}"] |= _words(rights)
    return {who: sorted(rights) for who, rights in sorted(found.items())}


def _account(user: str, host: str) -> str:
    return f"{user}@{host}" if host else user  # a role of MariaDB has no host


def _words(rights: str) -> set[str]:
    return {each.upper() for each in str(rights).split(",")}


def sees_all(grants: Iterable[str], database: str) -> bool:
    """Whether by these grants nothing of the database is hidden."""
    held: set[str] = set()
    for text in grants:
        match = _GRANT.match(text)
        if match is not None and (match[2] is None or _matches(match[2].replace("``", "`"), database)):
            held |= {each.strip() for each in match[1].split(",")}
    return "ALL PRIVILEGES" in held or held >= _TO_SEE_ALL


def _matches(pattern: str, database: str) -> bool:
    """Whether a name of a database fits a pattern as grants have it: `%`, `_`, and a backslash before them."""
    parts = re.findall(r"\\?.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, database, re.DOTALL) is not None

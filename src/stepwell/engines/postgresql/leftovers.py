"""What a migration may leave behind in its session, found by comparing the session before and after. Text and values.

Settings, roles, temporary tables, locks, cursors, prepared statements and channels outlive the step that made them, and
some outlive the transaction: the next migration, or behind a pooler the next program, would run with them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.sql.kinds import StatementKind, classify
from stepwell.engines.postgresql.bounds import CHECK_INTERVAL, KEEPALIVES
from stepwell.engines.postgresql.lexical import POSTGRESQL
from stepwell.engines.postgresql.tables import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# The limits that every session gets, and what a transaction has of its own.
OURS = frozenset(
    {
        *(
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "transaction_isolation",
        ),
        *KEEPALIVES,
        CHECK_INTERVAL[0],
    }
)

SESSION = """
SELECT current_user::text, session_user::text,
  (SELECT coalesce(pg_catalog.json_object_agg(s.name, s.setting), '{}'::json)
   FROM pg_catalog.pg_settings s WHERE s.source = 'session'::text)::text,
  ARRAY(SELECT c.relname::text FROM pg_catalog.pg_class c
        WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relkind = ANY ('{r,v,S}'::"char"[]) ORDER BY 1),
  ARRAY(SELECT pg_catalog.concat_ws(':'::text, l.classid, l.objid, l.objsubid)
        FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'advisory'::text AND l.pid = pg_catalog.pg_backend_pid() ORDER BY 1),
  ARRAY(SELECT c.name::text FROM pg_catalog.pg_cursors c WHERE c.is_holdable AND c.name <> ''::text ORDER BY 1),
  ARRAY(SELECT p.name::text FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql ORDER BY 1),
  ARRAY(SELECT pg_catalog.pg_listening_channels() ORDER BY 1)"""

_SET_LOCAL = re.compile(r'\s*SET\s+LOCAL\s+(?:(TIME\s+ZONE)|"?([\w.]+)"?)', re.IGNORECASE)
# What of a session may change without a trace in its text: these kinds of statements have to be followed by a look.
_WATCHED = frozenset({StatementKind.SETTING, StatementKind.OTHER})


class Session(NamedTuple):
    """The state of a session: who it is, what was set in it, and the names of what it holds."""

    user: str
    login: str
    settings: Mapping[str, str]
    temporary: tuple[str, ...]
    locks: tuple[str, ...]
    cursors: tuple[str, ...]
    prepared: tuple[str, ...]
    channels: tuple[str, ...]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Session:
        """Read the row of `SESSION`."""
        import json

        user, login, settings, *held = row
        return cls(user, login, json.loads(settings), *(tuple(names) for names in held))


class Leftovers(NamedTuple):
    """What a step left behind, in words; the locks among it, by their keys; what undoes the rest."""

    words: tuple[str, ...]
    locks: tuple[str, ...]
    undo: tuple[str, ...]
    restore: tuple[str, ...]


def may_leave_something(sql: str) -> bool:
    """Whether a statement may change its session, as far as its text tells."""
    facts = classify(sql, POSTGRESQL)
    acts = facts.kind is StatementKind.QUERY and not facts.read_only
    return acts or facts.kind in _WATCHED or any(created.temporary for created in facts.creates)


def set_locally(sql: str) -> str | None:
    """The setting that a `SET LOCAL` sets, in lower case; None for every other statement."""
    match = _SET_LOCAL.match(sql)
    if match is None:
        return None
    return "timezone" if match[1] else match[2].lower()


def compare(before: Session, after: Session, local: Collection[str]) -> Leftovers:
    """Say what is other than before. What was set for the transaction only, in `local`, is to be restored, not told."""
    words: list[str] = []
    undo: list[str] = []
    restore: list[str] = []
    if after.login != before.login:
        words.append(f"the session authorization {after.login}")
        undo.append("RESET SESSION AUTHORIZATION")
    if after.user != before.user:
        reset = f"SET ROLE {quote(before.user)}" if before.user != before.login else "RESET ROLE"
        if "role" in local:
            restore.append(reset)
        else:
            words.append(f"the role {after.user}")
            undo.append(reset)
    for name in sorted(_changed(before.settings, after.settings)):
        if name.lower() in local:
            restore.append(_back(name, before.settings))
        else:
            words.append(f"the setting {name} = {after.settings.get(name, 'its default')!r}")
            undo.append(_back(name, before.settings))
    for what, gone, old, new in (
        ("the temporary table", "DROP TABLE IF EXISTS pg_temp.{}", before.temporary, after.temporary),
        ("the cursor", "CLOSE {}", before.cursors, after.cursors),
        ("the prepared statement", "DEALLOCATE {}", before.prepared, after.prepared),
        ("the listening on", "UNLISTEN {}", before.channels, after.channels),
    ):
        for name in _new(old, new):
            words.append(f"{what} {name}")
            undo.append(gone.format(quote(name)))
    return Leftovers(tuple(words), tuple(_new(before.locks, after.locks)), tuple(undo), tuple(restore))


def unlock(key: str) -> str:
    """The statement that gives an advisory lock of the session back; it tells whether there was one."""
    high, low, kind = (int(part) for part in key.split(":"))
    if kind != 1:
        return f"SELECT pg_catalog.pg_advisory_unlock({_signed(high, 32)}, {_signed(low, 32)})"
    return f"SELECT pg_catalog.pg_advisory_unlock({_signed(high << 32 | low, 64)}::bigint)"


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[str]:
    return (name for name in {*before, *after} - OURS if before.get(name) != after.get(name))


def _back(name: str, before: Mapping[str, str]) -> str:
    if name not in before:
        return f"RESET {quote(name)}" if "." not in name else f"RESET {name}"
    value = before[name].replace("'", "''")
    return f"SELECT pg_catalog.set_config('{name}', '{value}', false)"


def _new(before: Collection[str], after: Iterable[str]) -> list[str]:
    return [name for name in after if name not in before]

"""What a step must not do unnoticed: break a foreign key, lose an index or a trigger with a table that is built anew.

Foreign keys are not enforced while migrations run, since to drop a table deletes the rows that refer to its own where
they are, and no transaction can switch that off. Instead they are checked before each record, against how it was before
the step: what was broken long before is not its fault. See ADR 0023.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.core.errors import Fault
from stepwell.core.migration import Direction
from stepwell.engines.sqlite.plain import execute
from stepwell.ports import EngineError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from stepwell.core.plan import Step
    from stepwell.engines.sqlite.channel import Channel
    from stepwell.ports import BoundStatement, Origin

NOT_ENFORCED = "PRAGMA foreign_keys = OFF"
# What a step may set for itself, and the next one must not inherit.
SETTINGS = ("legacy_alter_table", "ignore_check_constraints", "recursive_triggers", "writable_schema")
MANY = 3  # how many names a message tells

_OBJECTS = "SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE type = 'table' OR sql IS NOT NULL"
_REFERENCES = """
SELECT m.name, f."table", f."table" COLLATE NOCASE IN (SELECT name FROM sqlite_master WHERE type = 'table')
FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"""
_DROP = re.compile(
    r"\bDROP\s+(INDEX|TRIGGER)\s+(?:IF\s+EXISTS\s+)?(?:[\w\"'`\[\]]+\s*\.\s*)?(.+)", re.IGNORECASE
)
_MOVES = re.compile(r"\b(?:RENAME|REFERENCES)\b", re.IGNORECASE)
_HINT = (
    "foreign keys are not enforced while a migration runs, so nothing cascades, but they must hold at its end: "
    "delete or change the rows that refer to it too"
)

Violation = tuple[Any, ...]  # table, rowid, the table that it refers to, the number of the key


class Before(NamedTuple):
    """How the database was before the first statement of a step that may break something.

    `objects` has, by type and name, the table of each and the page where that begins.
    """

    objects: Mapping[tuple[str, str], tuple[str, int]]
    dangling: frozenset[tuple[str, str]]
    violations: Counter[Violation]


class Watch:
    """Sees the statements of one step, says at its end what they broke, and sets back what they set.

    Takes a channel and the step; one that is resumed is held to what it left behind the first time as well.
    """

    def __init__(self, channel: Channel, step: Step) -> None:
        self._channel, self._step = channel, step
        self._resumed = step.attempt is not None and bool(step.attempt.done)
        self._before: Before | None = None
        self._dropped: set[str] = set()
        self._sees_all = True
        self._settings: dict[str, Any] = {}

    async def before(self, statement: BoundStatement) -> None:
        """A statement is about to be sent."""
        from stepwell.core.sql.kinds import classify  # most runs have nothing to do, and read no SQL
        from stepwell.engines.sqlite.lexical import SQLITE

        facts = classify(statement.sql, SQLITE)
        if facts.verb == "PRAGMA":
            await self._remember()
        if found := _DROP.search(statement.sql):
            self._dropped.add(found[2].strip("\"'`[] \n\t;").lower())
        moves = facts.verb == "ALTER TABLE" and _MOVES.search(statement.sql)
        if facts.may_write_rows or facts.verb == "DROP TABLE" or moves:
            await self._look()

    async def before_lending(self) -> None:
        """The driver's own connection is about to be lent: what is done with it is not seen."""
        self._sees_all = False
        await self._remember()
        await self._look()

    async def _remember(self) -> None:
        self._settings = self._settings or await self._set_now()

    async def _set_now(self) -> dict[str, Any]:
        found = {name: (await self._channel.rows(f"PRAGMA {name}"))[1] for name in SETTINGS}
        return {name: rows[0][0] for name, rows in found.items() if rows}

    async def set_back(self) -> None:
        """Set back what the step has set."""
        if self._settings:
            for name, value in (await self._set_now()).items():
                if value != self._settings[name]:
                    await self._channel.execute(f"PRAGMA {name} = {self._settings[name]}")

    async def _look(self) -> None:
        if self._before is None:
            self._before = await self._state()
            if self._resumed:
                self._before = self._before._replace(violations=Counter())

    async def _state(self) -> Before:
        _, objects = await self._channel.rows(_OBJECTS)
        _, references = await self._channel.rows(_REFERENCES)
        return Before(
            {(kind, name): (table, page) for kind, name, table, page in objects},
            frozenset((child, parent) for child, parent, there in references if not there),
            await violations(self._channel) if references else Counter(),
        )

    async def check(self) -> None:
        """Raises `EngineError` for what the step broke."""
        if self._resumed:
            await self._look()  # also where nothing was left to send
        if self._before is None:
            return
        before, now = self._before, await self._state()
        origin = _origin(self._step)
        if broken := _new_violations(before, now):
            raise violation(broken, origin)
        tables = {name for kind, name in before.objects if kind == "table"}
        for child, parent in sorted(now.dangling - before.dangling):
            if child in tables:
                raise _dangling(child, parent, origin)
        if self._step.direction is Direction.UP and self._sees_all:
            gone = [each for each in _lost(before, now) if each[1].lower() not in self._dropped]
            if gone:
                raise _rebuilt_without(gone, before, origin)


def enforced(connection: sqlite3.Connection) -> bool:
    """Whether it enforces foreign keys."""
    return execute(connection, "PRAGMA foreign_keys").fetchall() == [(1,)]


async def violations(channel: Channel) -> Counter[Violation]:
    """Every row whose foreign key does not hold."""
    return Counter((await channel.rows("PRAGMA foreign_key_check"))[1])


def violation(broken: Iterable[Violation], origin: Origin, shown: str | None = None) -> EngineError:
    """What is told of rows whose foreign key does not hold; the first one by name."""
    (table, row, parent, _), *others = sorted(broken, key=lambda each: (each[0], each[1] or 0))
    which = f"row {row} of {table}" if row is not None else f"a row of {table}"
    more = f", and {len(others)} more" if others else ""
    return _told(
        f"a foreign key does not hold: {which} refers to a row of {parent} that is missing{more}",
        origin,
        hint=_HINT,
        shown=shown,
    )


def _new_violations(before: Before, now: Before) -> Counter[Violation]:
    """Those that the step made. The rows of a table that was built anew may have other numbers: there they count."""
    new = now.violations - before.violations
    for table, parent in {(each[0], each[2]) for each in new}:
        if before.objects.get(("table", table)) != now.objects.get(("table", table)) and (
            _count(now, table, parent) <= _count(before, table, parent)
        ):
            new = Counter({each: n for each, n in new.items() if (each[0], each[2]) != (table, parent)})
    return new


def _count(state: Before, table: str, parent: str) -> int:
    return sum(n for each, n in state.violations.items() if (each[0], each[2]) == (table, parent))


def _lost(before: Before, now: Before) -> list[tuple[str, str]]:
    """The indexes and triggers that are gone though their table is there."""
    return [
        (kind, name)
        for (kind, name), (table, _) in before.objects.items()
        if kind in ("index", "trigger")
        and (kind, name) not in now.objects
        and {("table", table), ("view", table)} & now.objects.keys()
    ]


def _dangling(child: str, parent: str, origin: Origin) -> EngineError:
    return _told(
        f"a foreign key of {child} refers to the table {parent}, which is not there any more",
        origin,
        hint="build a table anew under another name, copy its rows, drop the old one, and rename the new one last: "
        "to rename the old one takes the keys of other tables with it",
    )


def _rebuilt_without(gone: list[tuple[str, str]], before: Before, origin: Origin) -> EngineError:
    kind, name = gone[0]
    table = before.objects[kind, name][0]
    named = ", ".join(f"{kind} {name}" for kind, name in gone[:MANY])
    more = f" and {len(gone) - MANY} more" if len(gone) > MANY else ""
    return _told(
        f"{table} was built anew without what belonged to it: {named}{more} went with the old table",
        origin,
        code="lost_with_table",
        hint=f"create it again at the end; if it is to go, say so before: DROP {kind.upper()} {name}",
    )


def _origin(step: Step) -> Origin:
    from stepwell.ports import Origin

    return Origin(step.version.text, step.migration.place)


def _told(
    message: str, origin: Origin, *, hint: str, code: str = "foreign_key", shown: str | None = None
) -> EngineError:
    return EngineError(
        Fault(
            message,
            code=code,
            version=origin.version,
            place=origin.place,
            statement=shown,
            sqlstate="SQLITE_CONSTRAINT_FOREIGNKEY" if code == "foreign_key" else None,
            hint=hint,
        )
    )

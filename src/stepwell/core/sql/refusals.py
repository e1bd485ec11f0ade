"""Which statements are refused unsent: those that would end the transaction, or a savepoint not the author's.

It judges one statement after the other; what a file holds is told before it runs, the rest when it is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.core.sql.kinds import StatementKind

if TYPE_CHECKING:
    from stepwell.core.sql.kinds import StatementFacts

MISSING = (
    "stepwell opens and ends the transaction; for a part that may fail on its own write 'async with "
    "database.transaction():', for a step without transaction 'transactional = False'"
)


class Savepoints:
    """The savepoints that are open, in order: those of `database.transaction()` and those of the author's own SQL."""

    def __init__(self) -> None:
        self._open: list[tuple[str, bool]] = []
        self._tasks: dict[str, object] = {}

    def enter(self, name: str, task: object = None) -> None:
        """`database.transaction()` opens one, in this task."""
        self._open.append((name, False))
        self._tasks[name] = task

    def of_another_task(self, task: object) -> bool:
        """Whether the innermost `database.transaction()` was opened by another task: savepoints can't overlap."""
        return any(self._tasks.get(name) is not task for name, own in self._open if not own)

    def leave(self, name: str) -> None:
        """`database.transaction()` ends; whatever the author opened inside ends with it."""
        while self._open and self._open.pop() != (name, False):
            pass

    def follow(self, facts: StatementFacts) -> None:
        """A savepoint command of the author's was let through."""
        if facts.kind is not StatementKind.SAVEPOINT or facts.savepoint is None:
            return
        if facts.verb == "SAVEPOINT":
            self._open.append((facts.savepoint, True))
            return
        index = self._own(facts.savepoint)
        if index is not None:
            keep = index + 1 if facts.verb == "ROLLBACK TO" else index
            del self._open[keep:]

    def may_end(self, name: str) -> bool:
        """Whether this savepoint is the author's, opened inside the innermost `database.transaction()`."""
        return self._own(name) is not None

    def _own(self, name: str) -> int | None:
        for index in range(len(self._open) - 1, -1, -1):
            found, own = self._open[index]
            if not own:
                return None
            if found == name:
                return index
        return None


def refuse(facts: StatementFacts, savepoints: Savepoints) -> str | None:
    """Why a statement must not be sent, or None."""
    if facts.kind is StatementKind.TRANSACTION:
        return f"{facts.verb} is refused: a migration must not begin, end or prepare a transaction itself"
    if facts.kind is StatementKind.SAVEPOINT and facts.verb != "SAVEPOINT":
        name = facts.savepoint or ""
        if not savepoints.may_end(name):
            return f"{facts.verb} {name} is refused: it is not a savepoint of this migration"
    return None

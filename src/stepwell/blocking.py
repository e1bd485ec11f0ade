"""The same verbs for programs that do not await: a thin facade over `stepwell.project`, with no decision of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell import project, shortest
from stepwell.core.errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Coroutine, Sequence

    from stepwell.core.answers import (
        BaselineReport,
        CheckReport,
        CorrectionReport,
        DiffReport,
        LockReport,
        LogReport,
        RepairReport,
        StatusReport,
    )
    from stepwell.core.book import Book
    from stepwell.core.migration import Direction
    from stepwell.core.proof import VerifyReport
    from stepwell.core.report import RunReport
    from stepwell.core.schema.snapshot import Snapshot

T = TypeVar("T")


def _run(verb: Coroutine[Any, Any, T]) -> T:
    """Run a verb to its end. Raises `UsageError` inside a running event loop, where it would block it for ever."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(verb)
    verb.close()
    raise UsageError(
        "a blocking call of stepwell inside a running event loop",
        hint="await the method of stepwell.Project instead",
    )


class Project:
    """As `stepwell.Project`, whose arguments it takes; each verb returns when it is done."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.project = project.Project(*arguments, **settings)

    def status(self, *, drift: bool = False) -> StatusReport:
        """Every migration and its state."""
        return _run(self.project.status(drift=drift))

    def migrate(self, **wish: Any) -> RunReport:
        """Apply what is pending."""
        return _run(self.project.migrate(**wish))

    def rollback(self, **wish: Any) -> RunReport:
        """Revert migrations."""
        return _run(self.project.rollback(**wish))

    def preview(self, direction: Direction, **wish: Any) -> RunReport:
        """The plan alone."""
        return _run(self.project.preview(direction, **wish))

    def check(self, *, files_only: bool = False) -> CheckReport:
        """What is wrong with the files and the history."""
        return _run(self.project.check(files_only=files_only))

    def log(self, **choice: Any) -> LogReport:
        """What was done."""
        return _run(self.project.log(**choice))

    def mark(self, version: str, *, dry_run: bool = False) -> CorrectionReport:
        """Record a migration as applied without running it."""
        return _run(self.project.mark(version, dry_run=dry_run))

    def unmark(self, version: str, *, dry_run: bool = False) -> CorrectionReport:
        """Remove a record without running anything."""
        return _run(self.project.unmark(version, dry_run=dry_run))

    def repair(
        self, *, done: Sequence[str] = (), not_done: Sequence[str] = (), dry_run: bool = False
    ) -> RepairReport:
        """Settle whether statements ran that were cut off."""
        return _run(self.project.repair(done=done, not_done=not_done, dry_run=dry_run))

    def verify(self, versions: Sequence[str] = (), **choice: Any) -> VerifyReport:
        """Prove that migrations go up, down and up again."""
        return _run(self.project.verify(versions, **choice))

    def baseline(self, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
        """Record migrations as applied without running them."""
        return _run(self.project.baseline(to=to, dry_run=dry_run))

    def drift(self) -> DiffReport:
        """What in the live database is other than its applied migrations give."""
        return _run(self.project.drift())

    def docs(self, *, verify: bool = True) -> Book:
        """The migrations, and the structure that they give, as a book."""
        return _run(self.project.docs(verify=verify))

    def unlock(self, *, force: bool = False) -> LockReport:
        """Who holds the lock."""
        return _run(self.project.unlock(force=force))

    def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure of the database as a value."""
        return _run(self.project.snapshot(own_tables=own_tables))

    def diff(
        self, before: Snapshot | str | os.PathLike[str], after: Snapshot | str | os.PathLike[str]
    ) -> DiffReport:
        """What is different between two snapshots."""
        return _run(self.project.diff(before, after))


def migrate(url: str | None = None, **arguments: Any) -> RunReport:
    """Apply what is pending; arguments as of `stepwell.migrate`."""
    return _run(shortest.migrate(url, **arguments))


def rollback(url: str | None = None, **arguments: Any) -> RunReport:
    """Revert migrations; arguments as of `stepwell.rollback`."""
    return _run(shortest.rollback(url, **arguments))


def status(url: str | None = None, **arguments: Any) -> StatusReport:
    """Every migration and its state; arguments as of `stepwell.status`."""
    return _run(shortest.status(url, **arguments))

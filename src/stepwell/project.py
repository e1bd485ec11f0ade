"""The one place that joins adapters: settings become a `Project`, whose verbs are the library face of stepwell.

No global state: any number of projects, and of databases, in one process at once, also inside a running event loop.
Logs to the logger `stepwell`, adds no handlers, and never touches the configuration of logging.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell import __version__
from stepwell.app.arguments import callable_of, check_arguments, direction_of, seconds_of
from stepwell.core.errors import UsageError
from stepwell.core.events import Event, StatementSent
from stepwell.core.settings import settings_of
from stepwell.core.url import parse_url
from stepwell.joining import Joiner, Listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stepwell.app.databases import Make
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
    from stepwell.ports import Dialect
    from stepwell.settings import LoadedSettings

logger = logging.getLogger("stepwell")


class Project:
    """Migrations and the database that they are for.

    Takes the URL of the database, or `connect`, a callable that gives a connection of the driver (or an awaitable of
    one), whose owner the caller stays; the folders of the migrations (or `package:` names); the folder that relative
    paths start from (default: the current one); every other setting by its name; `events`, a function that hears of
    progress; `wait`, for how long a server that does not answer yet is waited for (seconds, or text such as `5min`).

    Raises `UsageError` for an argument that can't be right.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        migrations: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ("db/migrations",),
        root: str | os.PathLike[str] | None = None,
        connect: Callable[[], Any] | None = None,
        engine: str = "postgresql",
        events: Listener | None = None,
        wait: float | str | None = None,
        **settings: Any,
    ) -> None:
        check_arguments({"engine": engine})
        self.settings = settings_of({"url": url, "migrations": _places(migrations), **settings})
        self.root = _root(root)
        self._connect = callable_of("connect", connect)
        self._engine_name = engine
        self._events = callable_of("events", events)
        self._deaf = False
        self._wait = seconds_of("wait", wait)

    @classmethod
    def load(
        cls, loaded: LoadedSettings, *, events: Listener | None = None, wait: float | None = None
    ) -> Project:
        """Make a project out of settings that were read from flags, environment and configuration."""
        project = cls(root=loaded.root, events=events, wait=wait)
        project.settings = loaded.settings
        return project

    @property
    def shown_url(self) -> str | None:
        """The URL of the database without its password; None where none is named."""
        return parse_url(self.settings.url).shown if self.settings.url else None

    @property
    def dialect(self) -> Dialect:
        """Text and policy of its engine: its name, and what it can do. No database is asked."""
        return self._joiner().context().dialect

    # --- verbs ---

    async def status(self, *, drift: bool = False) -> StatusReport:
        """Every migration and its state; with `drift` also whether the structure is as the last run left it."""
        from stepwell.app.status import status

        check_arguments({"drift": drift})
        return await status(self._joiner().context(), drift=drift)

    async def migrate(
        self,
        *,
        target: str | None = None,
        only_needed: bool = False,
        dry_run: bool = False,
        strict: bool = False,
        allow_changed: bool = False,
        allow_missing: bool = False,
    ) -> RunReport:
        """Apply what is pending, up to and including `target`.

        Raises a `StepwellError` where something fails; its `report` then says what became of every step.
        """
        from stepwell.app.migrate import migrate
        from stepwell.sources.root import root_on_path

        check_arguments({"target": target, "only_needed": only_needed, "dry_run": dry_run, "strict": strict})
        check_arguments({"allow_changed": allow_changed, "allow_missing": allow_missing})
        with root_on_path(self.root):
            return await migrate(
                self._joiner().context(),
                target=target,
                only_needed=only_needed,
                dry_run=dry_run,
                strict=strict,
                allow_changed=allow_changed,
                allow_missing=allow_missing,
            )

    async def rollback(
        self,
        *,
        target: str | None = None,
        steps: int | None = None,
        batch: str | None = None,
        dry_run: bool = False,
        strict: bool = False,
        allow_changed: bool = False,
        allow_missing: bool = False,
    ) -> RunReport:
        """Revert what stands after `target`, or the last `steps` (default: one), or what a `batch` has applied.

        `batch` is its id, or `last` for the last one of which anything stands. Raises as `migrate` does.
        """
        from stepwell.app.rollback import rollback
        from stepwell.sources.root import root_on_path

        wish: dict[str, Any] = {"target": target, "steps": steps, "batch": batch, "dry_run": dry_run}
        wish |= {"strict": strict, "allow_changed": allow_changed, "allow_missing": allow_missing}
        check_arguments(wish)
        with root_on_path(self.root):
            return await rollback(self._joiner().context(), **wish)

    async def preview(
        self,
        direction: Direction,
        *,
        target: str | None = None,
        steps: int | None = None,
        batch: str | None = None,
        only_needed: bool = False,
    ) -> RunReport:
        """The plan alone: no code of a migration runs."""
        from stepwell.app.rollback import preview

        wish: dict[str, Any] = {"target": target, "steps": steps, "batch": batch, "only_needed": only_needed}
        check_arguments(wish)
        return await preview(self._joiner().context(), direction_of(direction), **wish)

    async def check(self, *, files_only: bool = False) -> CheckReport:
        """What is wrong with the files and, where a database is named, with its history, unless `files_only`."""
        from stepwell.app.check import check

        check_arguments({"files_only": files_only})
        named = self.settings.url is not None or self._connect is not None
        return await check(self._joiner().context(), with_database=named and not files_only)

    async def log(self, *, limit: int | None = 50, batch: str | None = None) -> LogReport:
        """What was done, newest last."""
        from stepwell.app.log import log

        check_arguments({"limit": limit, "batch": batch})
        return await log(self._joiner().context(), limit=limit, batch=batch)

    async def mark(self, version: str, *, dry_run: bool = False) -> CorrectionReport:
        """Record a migration as applied without running it."""
        from stepwell.app.correct import mark

        check_arguments({"version": version, "dry_run": dry_run})
        return await mark(self._joiner().context(), version, dry_run=dry_run)

    async def unmark(self, version: str, *, dry_run: bool = False) -> CorrectionReport:
        """Remove a record without running anything."""
        from stepwell.app.correct import unmark

        check_arguments({"version": version, "dry_run": dry_run})
        return await unmark(self._joiner().context(), version, dry_run=dry_run)

    async def repair(
        self, *, done: Sequence[str] = (), not_done: Sequence[str] = (), dry_run: bool = False
    ) -> RepairReport:
        """Settle whether statements ran that were cut off; of the versions given, as is said."""
        from stepwell.app.repair import repair

        check_arguments({"done": done, "not_done": not_done, "dry_run": dry_run})
        return await repair(self._joiner().context(), done=done, not_done=not_done, dry_run=dry_run)

    async def verify(
        self,
        versions: Sequence[str] = (),
        *,
        strict: bool = False,
        rows: bool = True,
        data: str | None = None,
        jobs: int | None = None,
        changed: bool = False,
        since: str | None = None,
        cache: bool = True,
    ) -> VerifyReport:
        """Prove on scratch databases that migrations, or those given, go up, down and up again.

        `data` is SQL that gives tables rows besides those that are made, before the first migration that is tried.
        `jobs` is how many workers try some each; by default as many as pay. `changed`: only what has changed since the
        main branch, and what stands behind it; `since` names another branch or commit. With `cache`, good verdicts are
        kept in the folder `.stepwell` of the root, and are not found anew.
        """
        from stepwell.app.verify import verify
        from stepwell.sources.root import root_on_path

        how: dict[str, Any] = {"strict": strict, "rows": rows, "data": data, "jobs": jobs}
        check_arguments({"versions": versions, "changed": changed, "since": since, "cache": cache, **how})
        joiner = self._joiner()
        if changed or since is not None:
            if versions or (changed and since is not None):
                raise UsageError("give the versions, or what has changed since when: one of them")
            how["changes"] = joiner.changes(since)
        if cache:
            how["folder"] = joiner.folder()
        with root_on_path(self.root):
            return await verify(joiner.context(), versions, **how)

    async def baseline(self, *, to: str | None = None, dry_run: bool = False) -> BaselineReport:
        """Record migrations as applied without running them: up to `to`, or as far as everything is there."""
        from stepwell.app.baseline import baseline
        from stepwell.sources.root import root_on_path

        check_arguments({"to": to, "dry_run": dry_run})
        with root_on_path(self.root):
            return await baseline(self._joiner().context(), to=to, dry_run=dry_run)

    async def drift(self) -> DiffReport:
        """What in the live database is other than its applied migrations give."""
        from stepwell.app.drift import drift
        from stepwell.sources.root import root_on_path

        with root_on_path(self.root):
            return await drift(self._joiner().context())

    async def docs(self, *, verify: bool = True) -> Book:
        """The migrations, and the structure that they give, as a book; with `verify` each is tried besides."""
        from stepwell.app.docs import docs
        from stepwell.sources.root import root_on_path

        check_arguments({"verify": verify})
        with root_on_path(self.root):
            joiner = self._joiner()
            return await docs(joiner.context(), verdicts=verify, folder=joiner.folder() if verify else None)

    async def unlock(self, *, force: bool = False) -> LockReport:
        """Who holds the lock; with `force`, that holder is ended."""
        from stepwell.app.unlock import unlock

        check_arguments({"force": force})
        return await unlock(self._joiner().context(), force=force)

    async def snapshot(self, *, own_tables: bool = False) -> Snapshot:
        """The structure of the database as a value; of stepwell's own tables only with `own_tables`."""
        from stepwell.app.snapshot import snapshot

        check_arguments({"own_tables": own_tables})
        return await snapshot(self._joiner().context(), own_tables=own_tables)

    async def diff(
        self, before: Snapshot | str | os.PathLike[str], after: Snapshot | str | os.PathLike[str]
    ) -> DiffReport:
        """Compare two snapshots: each a value, the path of a file, or `live` for that of the database now."""
        from stepwell.app.snapshot import diff

        return await diff(self._joiner().context(), before, after)

    @asynccontextmanager
    async def databases(self, *, share: str | None = None) -> AsyncIterator[Make]:
        """What makes scratch databases for tests: `async with make() as database`, or `make("004")` for a version.

        Processes that give the same text as `share` share what can be shared; see `stepwell.testing` for shorter ways.
        """
        from stepwell.app.databases import databases
        from stepwell.sources.root import root_on_path

        check_arguments({"share": share})
        context = self._joiner().context()
        async with databases(
            context, share or context.new_batch().id, lambda: root_on_path(self.root)
        ) as make:
            yield make

    # --- telling ---

    def _joiner(self) -> Joiner:
        tool = f"stepwell {__version__}"
        return Joiner(
            self.settings, self.root, self._connect, self._engine_name, self._emit, tool, self._wait
        )

    def _emit(self, event: Event) -> None:
        level = logging.DEBUG if isinstance(event, StatementSent) else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "%s", event)
        if self._events is not None:
            self._tell(self._events, event)

    def _tell(self, listen: Listener, event: Event) -> None:
        """Call a listener. What it raises breaks no run; that it raises is logged once."""
        try:
            listen(event)
        except Exception:
            if not self._deaf:
                logger.exception("a listener of events failed, which stops nothing: %s", event)
            self._deaf = True


def _places(migrations: object) -> object:
    """Folders and packages as the table of settings takes them; one text is one of them, also with a comma in it."""
    given = migrations if isinstance(migrations, list | tuple) else (migrations,)
    return tuple(os.fspath(each) if isinstance(each, os.PathLike) else each for each in given)


def _root(given: str | os.PathLike[str] | None) -> Path:
    if given is not None and not isinstance(given, str | os.PathLike):
        raise UsageError(f"the argument 'root' must be a folder, not {given!r}")
    return Path(given) if given is not None else Path.cwd()

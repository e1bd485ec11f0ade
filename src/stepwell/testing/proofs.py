"""What should be true of every project, as assertions: each raises `AssertionError` that says what is not, in full.

They raise as `Project.verify` where nothing can be said: wrong files, no place for a scratch database.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.core.answers import DiffReport, Side
from stepwell.core.migration import BASE
from stepwell.core.schema.diff import diff, without_order
from stepwell.render.diff import diff_text
from stepwell.render.verify import proofs_text
from stepwell.render.view import View
from stepwell.testing.databases import migrated_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.core.migration import Finding
    from stepwell.core.proof import VerifyReport
    from stepwell.core.schema.snapshot import Snapshot
    from stepwell.project import Project

Create = Callable[[str], object]
_PLAIN = View()


async def assert_verified(
    project: Project,
    versions: Sequence[str] = (),
    *,
    strict: bool = False,
    rows: bool = True,
    data: str | None = None,
    jobs: int | None = None,
    cache: bool = True,
) -> VerifyReport:
    """Every migration, or those given, goes up, down and up again: see `Project.verify`, whose report it gives."""
    report = await project.verify(versions, strict=strict, rows=rows, data=data, jobs=jobs, cache=cache)
    if not report.ok:
        bad = tuple(proof for proof in report.proofs if report.is_bad(proof))
        raise AssertionError(proofs_text(replace(report, proofs=bad), _PLAIN))
    return report


async def assert_clean(project: Project) -> None:
    """The files have no finding of `check`. No database is asked."""
    findings = (await project.check(files_only=True)).findings
    if findings:
        raise AssertionError("\n".join(map(_told, findings)))


def _told(finding: Finding) -> str:
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.place}: {finding.message}{hint} [{finding.code}]"


async def assert_one_head(project: Project) -> None:
    """There is one migration at most on which no other depends. No database is asked."""
    heads = (await project.check(files_only=True)).heads
    if len(heads) > 1:
        names = ", ".join(map(str, heads))
        raise AssertionError(
            f"there are {len(heads)} migrations on which no other depends: {names}; "
            f"let {heads[-1]} depend on what stands before it"
        )


async def assert_no_drift(project: Project) -> None:
    """A database that was migrated has what its migrations give when they are replayed, and nothing else."""
    async with migrated_database(project) as database:
        assert_equal(await database.drift())


async def assert_rolls_back(project: Project) -> None:
    """A rollback of all migrations leaves nothing. Raises `IrreversibleError` where one can't be reverted."""
    async with migrated_database(project, at=BASE) as database:
        before = await database.snapshot()
        await database.up(everything=True)
        await database.down(BASE)
        assert_equal(
            _compared(before, await database.snapshot(), "an empty database", "after rollback --target base")
        )


async def assert_models_match(project: Project, create: Create) -> None:
    """The tables that `create` makes are those of the migrations; the order of columns does not count.

    `create` is called with the URL of an empty database, and makes there what the application's models say; it may be a
    coroutine function.
    """
    async with migrated_database(project, at=BASE) as models:
        made = await asyncio.to_thread(create, models.url)
        if inspect.isawaitable(made):
            await made
        wanted = await models.snapshot()
    async with migrated_database(project) as migrated:
        report = _compared(
            await migrated.snapshot(), wanted, "what the migrations give", "what the models give"
        )
    assert_equal(replace(report, diff=without_order(report.diff)))


def _compared(before: Snapshot, after: Snapshot, name: str, other: str) -> DiffReport:
    sides = [
        Side(called, each.engine, each.server, each.fingerprint)
        for each, called in ((before, name), (after, other))
    ]
    return DiffReport(sides[0], sides[1], diff(before, after))


def assert_equal(report: DiffReport) -> None:
    """Nothing is different."""
    if not report.diff.equal:
        raise AssertionError(diff_text(report, _PLAIN))

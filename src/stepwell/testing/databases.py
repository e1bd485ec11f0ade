"""Databases with migrations applied, for programs that await."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.app.databases import Database
    from stepwell.project import Project


@asynccontextmanager
async def migrated_database(project: Project, *, at: str | None = None) -> AsyncIterator[Database]:
    """A scratch database with every migration applied, or with those up to the version `at` (`base`: none).

    It is made where `verify` makes its own, never in the database of the project, and dropped in the end. For many of
    them `Project.databases` is faster, since it migrates only once. Raises what `Project.migrate` raises, and
    `UsageError` where no scratch database can be made.
    """
    async with project.databases() as make, make(at) as database:
        yield database

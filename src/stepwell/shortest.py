"""The shortest way: one call, without a project of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.core.answers import StatusReport
    from stepwell.core.report import RunReport


async def migrate(
    url: str | None = None, *, project: Mapping[str, Any] | None = None, **wish: Any
) -> RunReport:
    """Apply what is pending. `project` holds arguments of `Project`, the rest those of `Project.migrate`."""
    return await Project(url, **(project or {})).migrate(**wish)


async def rollback(
    url: str | None = None, *, project: Mapping[str, Any] | None = None, **wish: Any
) -> RunReport:
    """Revert migrations. `project` holds arguments of `Project`, the rest those of `Project.rollback`."""
    return await Project(url, **(project or {})).rollback(**wish)


async def status(url: str | None = None, *, project: Mapping[str, Any] | None = None) -> StatusReport:
    """Every migration and its state. `project` holds arguments of `Project`."""
    return await Project(url, **(project or {})).status()

"""`migrate`: apply what is pending, in plan order, up to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.runs import run_wish
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.app.outcome import Course
    from stepwell.app.ready import Ready
    from stepwell.app.runs import Run, Taken
    from stepwell.core.report import RunReport


async def migrate(
    context: Context,
    *,
    target: str | None = None,
    only_needed: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    allow_changed: bool = False,
    allow_missing: bool = False,
) -> RunReport:
    """Apply what is pending; see `run_wish` for what comes of it."""
    wish = Wish(
        Direction.UP,
        target=target,
        only_needed=only_needed,
        atomic=context.settings.atomic,
        strict=strict,
        allow_changed=allow_changed,
        allow_missing=allow_missing,
    )
    return await run_wish(context, wish, dry_run=dry_run, adopt=_adopt)


async def _adopt(run: Run, ready: Ready, course: Course) -> Taken | None:
    if ready.history.records or ready.history.attempts:
        return None
    from stepwell.app.adopt import adopt  # only a first run gets here

    return await adopt(run, ready, course)

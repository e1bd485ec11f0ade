"""`rollback`: revert what stands after a target, or the last steps, in the reverse of application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.app.runs import run_wish
from stepwell.core.errors import UsageError
from stepwell.core.migration import Direction
from stepwell.core.wish import Wish

if TYPE_CHECKING:
    from stepwell.app.context import Context
    from stepwell.core.report import RunReport


async def rollback(
    context: Context,
    *,
    target: str | None = None,
    steps: int | None = None,
    dry_run: bool = False,
    strict: bool = False,
    allow_changed: bool = False,
    allow_missing: bool = False,
) -> RunReport:
    """Revert migrations; see `run_wish` for what comes of it. Raises `UsageError` for both a target and steps."""
    return await run_wish(
        context,
        _wish(
            context,
            target=target,
            steps=steps,
            strict=strict,
            allow_changed=allow_changed,
            allow_missing=allow_missing,
        ),
        dry_run=dry_run,
    )


async def preview(
    context: Context, direction: Direction, *, target: str | None, steps: int | None, only_needed: bool
) -> RunReport:
    """The plan alone: nothing of the author's code runs."""
    if direction is Direction.DOWN:
        return await run_wish(context, _wish(context, target=target, steps=steps), preview=True)
    wish = Wish(direction, target=target, only_needed=only_needed, atomic=context.settings.atomic)
    return await run_wish(context, wish, preview=True)


def _wish(context: Context, *, target: str | None, steps: int | None, **policy: bool) -> Wish:
    if target is not None and steps is not None:
        raise UsageError("--target and --steps exclude each other", hint="give one of them")
    if steps is not None and steps < 1:
        raise UsageError(f"--steps {steps}: at least one step has to be reverted")
    return Wish(Direction.DOWN, target=target, steps=steps, atomic=context.settings.atomic, **policy)

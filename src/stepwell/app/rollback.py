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
    batch: str | None = None,
    dry_run: bool = False,
    strict: bool = False,
    allow_changed: bool = False,
    allow_missing: bool = False,
) -> RunReport:
    """Revert migrations; see `run_wish` for what comes of it.

    `batch` is the id of a batch, or `last`. Raises `UsageError` for more than one of target, steps and batch.
    """
    return await run_wish(
        context,
        _wish(
            context,
            target=target,
            steps=steps,
            batch=batch,
            strict=strict,
            allow_changed=allow_changed,
            allow_missing=allow_missing,
        ),
        dry_run=dry_run,
    )


async def preview(
    context: Context,
    direction: Direction,
    *,
    target: str | None,
    steps: int | None,
    batch: str | None,
    only_needed: bool,
) -> RunReport:
    """The plan alone: nothing of the author's code runs."""
    if direction is Direction.DOWN:
        return await run_wish(context, _wish(context, target=target, steps=steps, batch=batch), preview=True)
    wish = Wish(direction, target=target, only_needed=only_needed, atomic=context.settings.atomic)
    return await run_wish(context, wish, preview=True)


def _wish(
    context: Context,
    *,
    target: str | None,
    steps: int | None,
    batch: str | None,
    strict: bool = False,
    allow_changed: bool = False,
    allow_missing: bool = False,
) -> Wish:
    how_far = {"--target": target, "--steps": steps, "--batch": batch}
    given = [option for option, value in how_far.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given[:2])} exclude each other", hint="give one of them")
    if steps is not None and steps < 1:
        raise UsageError(f"--steps {steps}: at least one step has to be reverted")
    return Wish(
        Direction.DOWN,
        target=target,
        steps=steps,
        batch=batch,
        atomic=context.settings.atomic,
        strict=strict,
        allow_changed=allow_changed,
        allow_missing=allow_missing,
    )
